/**
 * `ccl`, also called `meshctl ccl`: which commands there are, and how each of them ends. Exit codes
 * are those of exit.ts.
 */
import type { Imports } from '../core/imports.ts'
import {
  type Command,
  commandHelp,
  type Given,
  overview,
  readWords,
  unknown,
} from './command-line.ts'
import { EXIT, type Exit, UsageError } from './exit.ts'
import { note, print } from './terminal.ts'

const JSON_OPTION = { name: 'json', about: 'print one JSON object' } as const
const UNIT_OPTION = {
  name: 'unit',
  short: 'u',
  value: 'name',
  about: 'the policy or selection, if there are several',
} as const

const VALUES_OPTION = {
  name: 'values',
  value: 'file',
  about: 'values for the parameters of a template, NAME: value',
} as const

type Runnable = Command & { readonly run: (given: Given) => Promise<Exit> }

/** What a command does is loaded when it is asked for: a check must not wait for a formatter. */
const COMMANDS: readonly Runnable[] = [
  {
    name: 'check',
    about: 'Says whether a CCL text compiles, and if not, where and why.',
    takes: 'file',
    options: [VALUES_OPTION, JSON_OPTION],
    example: 'check job.ccl',
    run: async ({ files: [file = '-'], has, value }) =>
      (await import('./check-file.ts')).checkFile(file, {
        json: has('json'),
        lint: false,
        values: value('values'),
      }),
  },
  {
    name: 'lint',
    about: 'Checks, and gives advice: rules without a reason, rules that no test sees.',
    takes: 'file',
    options: [JSON_OPTION],
    example: 'lint policy.ccl',
    run: async ({ files: [file = '-'], has }) =>
      (await import('./check-file.ts')).checkFile(file, {
        json: has('json'),
        lint: true,
        values: undefined,
      }),
  },
  {
    name: 'build',
    about: 'Compiles a CCL text to a WebAssembly module.',
    takes: 'file',
    options: [
      {
        name: 'output',
        short: 'o',
        value: 'file',
        about: 'where the module goes, - for stdout (default: FILE.wasm)',
      },
      UNIT_OPTION,
      VALUES_OPTION,
      JSON_OPTION,
    ],
    example: 'build job.ccl -o job.wasm',
    run: async ({ files: [file = '-'], has, value }) =>
      (await import('./build-file.ts')).buildFile(file, {
        output: value('output'),
        unit: value('unit'),
        values: value('values'),
        json: has('json'),
      }),
  },
  {
    name: 'fmt',
    about: 'Writes CCL texts in their one layout; - goes to stdout.',
    takes: 'files',
    options: [
      { name: 'check', about: 'write nothing; exit code 1 if a text would change' },
      {
        name: 'repair',
        about: 'mend typographic quotes, dashes, spaces and decimal commas first',
      },
      JSON_OPTION,
    ],
    example: 'fmt policy.ccl',
    run: async ({ files, has }) =>
      (await import('./format-files.ts')).formatFiles(files, {
        check: has('check'),
        repair: has('repair'),
        json: has('json'),
      }),
  },
  {
    name: 'test',
    about: 'Runs the tests that stand in CCL texts.',
    takes: 'files',
    options: [JSON_OPTION],
    example: 'test policy.ccl',
    run: async ({ files, has }) => (await import('./test-files.ts')).testFiles(files, has('json')),
  },
  {
    name: 'eval',
    about: 'Decides one request: exit code 0 for allow, 1 for deny.',
    takes: 'file',
    options: [
      { name: 'input', short: 'i', value: 'file', about: 'the request as JSON' },
      {
        name: 'set',
        short: 's',
        value: 'path=value',
        several: true,
        about: 'one value of the request; several times',
      },
      UNIT_OPTION,
      JSON_OPTION,
    ],
    example: 'eval quota.ccl -s request.amount=5 -i request.json',
    run: async ({ files: [file = '-'], has, value, values }) =>
      (await import('./eval-file.ts')).evalFile(file, {
        input: value('input'),
        set: values('set'),
        unit: value('unit'),
        json: has('json'),
      }),
  },
  {
    name: 'cost',
    about: 'Says how many steps each rule takes at most, and what that is in cu.',
    takes: 'file',
    options: [JSON_OPTION],
    example: 'cost policy.ccl',
    run: async ({ files: [file = '-'], has }) =>
      (await import('./cost-file.ts')).costFile(file, has('json')),
  },
  {
    name: 'inspect',
    about: 'Lists what is in a text, and what of it nothing acts on.',
    takes: 'file',
    options: [VALUES_OPTION, JSON_OPTION],
    example: 'inspect job.ccl',
    run: async ({ files: [file = '-'], has, value }) =>
      (await import('./inspect-file.ts')).inspectFile(file, {
        json: has('json'),
        values: value('values'),
      }),
  },
]

/**
 * The texts beside `file` (`-`: in the folder that this runs in) by their CIDs, as what `compile`
 * wants for a text with `use`; nothing is looked for when it has none.
 */
export async function importsBeside(file: string, text: string): Promise<{ imports?: Imports }> {
  return (await import('./text-files.ts')).importsBeside(file, text)
}

/**
 * Runs what `args` say (without the names of programs) and gives the exit code; never throws.
 * `called` is the name that people typed: it stands in help and messages.
 */
export async function runCcl(args: readonly string[], called: string): Promise<Exit> {
  const [word, ...rest] = args
  try {
    if (word === undefined || word === 'help' || word === '--help' || word === '-h') {
      const asked = word === undefined ? note : print
      asked(overview(called, COMMANDS))
      return word === undefined ? EXIT.usage : EXIT.done
    }
    const names = COMMANDS.map(({ name }) => name)
    const command = COMMANDS.find(({ name }) => name === word)
    if (command === undefined) throw unknown('command', word, names)
    const given = readWords(command, rest)
    if (given !== null) return await command.run(given)
    print(commandHelp(called, command))
    return EXIT.done
  } catch (thrown) {
    return tell(thrown, called, rest.includes('--json'))
  }
}

function tell(thrown: unknown, called: string, json: boolean): Exit {
  const isUsage = thrown instanceof UsageError
  const detail = isUsage ? thrown.message : `this is a mistake in ${called}: ${String(thrown)}`
  const error = { code: isUsage ? 'USAGE' : 'FAULT', detail, values: {} }
  if (json) print(`${JSON.stringify({ error })}\n`)
  else note(`${called}: ${detail}\n`)
  if (!json && isUsage && thrown.next !== undefined) note(`  next: ${thrown.next}\n`)
  return isUsage ? EXIT.usage : EXIT.fault
}
