/** `ccl eval`: what a policy decides about one request, with every rule and its reason. */
import type { Checked } from '../check.ts'
import { inputsFromJson } from '../core/json-inputs.ts'
import { boundsOf } from '../ir/cost.ts'
import { decide, type Outcome } from '../ir/interpret.ts'
import type { Program } from '../ir/ir.ts'
import { EXIT, type Exit, UsageError } from './exit.ts'
import { effectText, plain, print, printJson } from './terminal.ts'
import { programIn, readChecked, readText } from './text-files.ts'

type Options = {
  input: string | undefined
  set: readonly string[]
  unit: string | undefined
  json: boolean
}

/** Exit code 0 for allow, 1 for deny. */
export async function evalFile(file: string, options: Options): Promise<Exit> {
  const { json } = options
  const checked = await readChecked(file, json)
  if (checked === null) return EXIT.usage
  if (checked.programs.length === 0 && options.unit === undefined) return evalJobs(checked, json)
  const program = programIn(checked, file, options.unit)
  const given = await inputsOf(options)
  const read = inputsFromJson(program, given)
  if (!read.ok) throw new UsageError(`${read.path}: ${read.why}`, 'give it with --set PATH=VALUE')
  const outcome = decide(program, read.values, boundsOf(program).total)
  if (json) printJson(plain(asJson(program, outcome)))
  else print(asText(program, outcome))
  return outcome.effect === 'allow' ? EXIT.done : EXIT.negative
}

/** A document decides nothing: what it would ask for, in order. */
function evalJobs({ requests, effects }: Checked, json: boolean): Exit {
  if (json) printJson({ requests, effects })
  else {
    const jobs = requests.map((one) => `submit_job "${one.description}": ${one.resource_amount}`)
    const lines = [...jobs, ...effects.map(effectText)]
    print(`${lines.join('\n') || 'it asks for nothing'}\n`)
  }
  return EXIT.done
}

/** The JSON of a file, and single values over it. */
async function inputsOf({ input, set }: Options): Promise<Record<string, unknown>> {
  let given: Record<string, unknown> = {}
  if (input !== undefined) {
    const text = await readText(input)
    try {
      given = { ...JSON.parse(text) }
    } catch {
      throw new UsageError(`${input} is not JSON`)
    }
  }
  for (const setting of set) {
    const [, path, text] = /^([^=]+)=(.*)$/s.exec(setting) ?? []
    if (path === undefined || text === undefined) {
      throw new UsageError(`--set takes PATH=VALUE, found '${setting}'`)
    }
    given[path] = asValue(text)
  }
  return given
}

/** JSON where it is JSON, a text where it is not: `5`, `["did:key:…"]`, `10min`. */
function asValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function asJson(program: Program, outcome: Outcome) {
  const rules = program.rules.map(({ name, effect, because, cite }, index) => ({
    ...{ name, effect, status: outcome.statuses[index] },
    ...{ because, cite },
  }))
  const { effect, rule, error, score, ties, steps } = outcome
  const by = rule === null ? null : program.rules[rule]?.name
  const effects = outcome.effects.map(({ action, args }) => ({
    action: program.actions[action]?.name,
    args: Object.fromEntries(
      args.map((arg, index) => [program.actions[action]?.args[index]?.name ?? index, arg]),
    ),
  }))
  const scored = program.kind === 'selection' ? { score, ties } : {}
  return { effect, rule: by, error, rules, ...scored, effects, steps }
}

function asText(program: Program, outcome: Outcome): string {
  const { rule, error, steps } = outcome
  const decided = rule === null ? undefined : program.rules[rule]
  const lines = [
    `${outcome.effect}${decided === undefined ? ' by default' : ` by ${decided.name}`}`,
  ]
  if (decided?.because != null) lines.push(`  because: ${decided.because}`)
  if (decided?.cite != null) lines.push(`  cite: ${decided.cite}`)
  if (error !== null) lines.push(`  error: ${error.replaceAll('_', ' ')}`)
  if (outcome.score !== null) lines[0] = `score ${outcome.score}`
  program.rules.forEach(({ name, effect }, index) => {
    lines.push(`  ${effect} ${name}: ${outcome.statuses[index]?.replaceAll('_', ' ')}`)
  })
  for (const { action, args } of outcome.effects) {
    const asked = program.actions[action]
    const named = args.map((arg, index) => `${asked?.args[index]?.name}: ${String(arg)}`)
    lines.push(`  asks ${asked?.name}(${named.join(', ')})`)
  }
  return `${lines.join('\n')}\n  ${steps} steps\n`
}
