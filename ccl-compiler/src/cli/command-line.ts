/** The words of a command line, checked against the command's table of options; and its help. */
import { parseArgs } from 'node:util'
import { nearest } from '../nearest.ts'
import { UsageError } from './exit.ts'

export type Option = {
  readonly name: string
  readonly short?: string
  /** What the value is; an option without one is a switch. */
  readonly value?: string
  readonly several?: true
  readonly about: string
}

export type Command = {
  readonly name: string
  readonly about: string
  /** One file, or one and more. */
  readonly takes: 'file' | 'files'
  readonly options: readonly Option[]
  readonly example: string
}

export type Given = {
  readonly files: readonly string[]
  /** The last value of an option, if it was given. */
  readonly value: (name: string) => string | undefined
  readonly values: (name: string) => readonly string[]
  readonly has: (name: string) => boolean
}

const HELP: Option = { name: 'help', short: 'h', about: 'show this' }

/** Throws a UsageError for what the command does not take; null if its help is asked for. */
export function readWords(command: Command, args: readonly string[]): Given | null {
  const options = [...command.options, HELP]
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      options.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
      ]),
    ),
  })
  const files: string[] = []
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value)
    if (token.kind !== 'option') continue
    const option = options.find(({ name }) => name === token.name)
    if (option === undefined) throw unknown('option', token.rawName, namesOf(options))
    if (option.value === undefined && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value`)
    }
    // the next option is no value; `-` is: it stands for stdin or stdout
    const isMissing = token.value === undefined || (!token.inlineValue && /^-./.test(token.value))
    if (option.value !== undefined && isMissing) {
      throw new UsageError(`${token.rawName} needs ${option.value}`)
    }
    const before = given.get(option.name) ?? []
    if (option.several !== true) before.length = 0
    given.set(option.name, [...before, token.value ?? ''])
  }
  if (given.has(HELP.name)) return null
  if (files.length === 0) throw new UsageError(`missing required argument '${command.takes}'`)
  if (command.takes === 'file' && files.length > 1) {
    throw new UsageError(`one file at a time, found ${files.length}`)
  }
  const values = (name: string) => given.get(name) ?? []
  return { files, values, value: (name) => values(name).at(-1), has: (name) => given.has(name) }
}

const namesOf = (options: readonly Option[]) => options.map(({ name }) => `--${name}`)

export function unknown(what: string, found: string, known: readonly string[]): UsageError {
  const near = nearest(found, known)
  const suggestion = near === undefined ? '' : ` (Did you mean ${near}?)`
  return new UsageError(`unknown ${what} '${found}'${suggestion}`)
}

/** `called` is how the person called it: `ccl` or `meshctl ccl`. */
export function commandHelp(called: string, { name, ...command }: Command): string {
  const argument = command.takes === 'file' ? '<file>' : '<files...>'
  const rows = [...command.options, HELP].map(({ name, short, value, about }) => {
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}`
    return [value === undefined ? flag : `${flag} <${value}>`, about] as const
  })
  return [
    `Usage: ${called} ${name} [options] ${argument}\n`,
    `${command.about}\n`,
    `Arguments:\n${columns([[argument, 'CCL text; - for stdin']])}`,
    `Options:\n${columns(rows)}`,
    `Example:\n  $ npx ${called} ${command.example}\n`,
  ].join('\n')
}

export function overview(called: string, commands: readonly Command[]): string {
  return [
    `Usage: ${called} <command> [options] <file>\n`,
    'Checks, compiles, tests and formats CCL, the policy language.\n',
    `Commands:\n${columns(commands.map(({ name, about }) => [name, about]))}`,
    `\`${called} <command> --help\` says more. Exit codes: 0 done or allow; 1 deny, a failed test,`,
    'advice; 2 a text that does not compile, or wrong usage.\n',
    `Example:\n  $ npx ${called} check job.ccl\n`,
  ].join('\n')
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}
