/**
 * What a resolved document asks of the mesh: one request for each `submit_job`, with what `job`,
 * `resources`, `results` and `selection` say about it, and the checks that take several places.
 */
import { type JobRequest, LIMITS } from '@planetary-mesh/spec/bare'
import { SUBMIT_JOB } from './actions.ts'
import type { Problems } from './diagnostic.ts'
import { RESOURCE_TYPES } from './kinds.ts'
import { shown } from './messages.ts'
import type { Known, KnownBlock, KnownCall, Resolved } from './resolve.ts'
import { byteLength } from './source.ts'
import type { Plain } from './types.ts'

const PPM = 1_000_000
const AMOUNT_MAX = Math.floor(LIMITS.fuelMax / LIMITS.fuelPerUnit)
const WEIGHTS = ['price', 'resources', 'reputation', 'timeliness'] as const

/** An action of `execution` beside `submit_job`, with its arguments as written. */
export type AskedEffect = { action: string; args: Record<string, Plain> }

/**
 * The requests in the order of their calls; complete only if no error was reported. A text that is
 * about something else, such as a policy, need not submit any.
 */
export function askedIn(
  resolved: Resolved,
  problems: Problems,
  elsewhere: boolean,
): { requests: JobRequest[]; effects: AskedEffect[] } {
  const { top } = resolved
  const all = at(top, 'execution')?.calls ?? []
  const calls = all.filter(({ action }) => action === SUBMIT_JOB)
  const effects = all
    .filter(({ action }) => action !== SUBMIT_JOB)
    .map(({ action, args }) => ({ action, args: plainOf(args) }))
  const common = commonOf(top, problems)
  const excess = calls[LIMITS.requestsMax]
  if (excess !== undefined) problems.add('CCL0506', excess.range)
  for (const call of calls) {
    agree(call, at(top, 'job'), problems)
    warnOfSize(call, problems)
  }
  stayWithin(calls, at(top, 'resources'), problems)
  const unset = problems.unset.size > 0
  if (all.length === 0 && !elsewhere && !unset && !problems.hasErrors) {
    const range = at(top, 'execution')?.range ?? { start: 0, end: 0 }
    problems.add('CCL0504', range)
  }
  const requests = calls.map((call) => {
    const said: Record<string, Plain> = { ...plainOf(call.args), ...common }
    const length = encodedBytes(said)
    if (length > LIMITS.recordBytesMax) problems.add('CCL0507', call.range, length)
    // the tables gave every value the type that a request wants
    return said as JobRequest
  })
  return { requests, effects }
}

function at(block: KnownBlock | undefined, ...path: string[]): KnownBlock | undefined {
  return path.reduce<KnownBlock | undefined>((inner, name) => inner?.blocks.get(name), block)
}

const plainOf = (values: ReadonlyMap<string, Known>) =>
  Object.fromEntries([...values].map(([name, { value }]) => [name, value]))

/** What the document says about every job in it, by the names of a request. */
function commonOf(top: KnownBlock, problems: Problems): Record<string, Plain> {
  const job = at(top, 'job')
  const requirements = at(job, 'requirements')
  const preferences = at(job, 'node_preferences')
  const verification = at(top, 'results', 'verification')
  const common: Record<string, Plain> = {}
  const set = (name: string, ...places: (Known | undefined)[]) => {
    const [first, second] = places.filter((place) => place !== undefined)
    if (first !== undefined) common[name] = first.value
    if (first !== undefined && second !== undefined) same(name, first, second, problems)
  }
  set('scope', job?.values.get('scope'), at(top, 'resources')?.values.get('scope'))
  set('min_memory', requirements?.values.get('min_memory'))
  set('min_cpu', requirements?.values.get('min_cpu'), requirements?.values.get('min_cpu_cores'))
  set('max_bid', preferences?.values.get('max_bid'))
  set('reputation_min', preferences?.values.get('reputation_min'))
  set('deadline_ms', job?.values.get('deadline'))
  set('required_validators', verification?.values.get('required_validators'))
  set('federation_quorum', verification?.values.get('federation_quorum'))
  const selection = weightsOf(at(top, 'selection', 'weights'), problems)
  if (selection !== undefined) common.selection = selection
  return common
}

/** Weights left out are 0; together they are exactly 1. */
function weightsOf(block: KnownBlock | undefined, problems: Problems) {
  if (block === undefined || block.broken) return undefined
  const weights = WEIGHTS.map((name) => (block.values.get(name)?.value ?? 0) as number)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (sum !== PPM) problems.add('CCL0501', block.range, decimal(sum))
  return Object.fromEntries(WEIGHTS.map((name, index) => [name, weights[index] as number]))
}

const decimal = (ppm: number) =>
  `${Math.floor(ppm / PPM)}.${String(ppm % PPM).padStart(6, '0')}`.replace(/\.?0+$/, '')

/** What `job` says of a job must be what `submit_job` asks for. */
function agree(call: KnownCall, job: KnownBlock | undefined, problems: Problems): void {
  for (const [name, argument] of call.args) {
    const said = job?.values.get(name)
    if (said !== undefined) same(name, argument, said, problems)
  }
}

function same(name: string, here: Known, there: Known, problems: Problems): void {
  if (here.value === there.value) return
  const other = { message: 'the other stands here', range: there.range }
  problems.addWith('CCL0503', here.range, other, name, quoted(here.value), quoted(there.value))
}

const quoted = (value: Plain) =>
  typeof value === 'string' ? `\`"${shown(value)}"\`` : `\`${String(value)}\``

/** All jobs together, by resource type, within what `resources` grants, if it grants anything. */
function stayWithin(
  calls: readonly KnownCall[],
  resources: KnownBlock | undefined,
  problems: Problems,
): void {
  if (resources === undefined || resources.broken) return
  if (!RESOURCE_TYPES.some((type) => resources.values.has(type))) return
  const asked = new Map<string, number>()
  for (const { args } of calls) {
    const type = args.get('resource_type')?.value as string
    const amount = args.get('resource_amount') as Known
    const granted = resources.values.get(type)
    const limit = (granted?.value ?? 0) as number
    const total = (asked.get(type) ?? 0) + (amount.value as number)
    asked.set(type, total)
    if (total <= limit) continue
    const range = (granted ?? resources).range
    const other = { message: 'what is granted stands here', range }
    problems.addWith('CCL0502', amount.range, other, type, total, limit)
    return
  }
}

function warnOfSize({ args }: KnownCall, problems: Problems): void {
  const amount = args.get('resource_amount') as Known
  if (args.get('resource_type')?.value !== 'compute' || (amount.value as number) <= AMOUNT_MAX)
    return
  problems.add('CCL0505', amount.range, amount.value as number, AMOUNT_MAX)
}

/** How many bytes of DAG-CBOR a request takes, counted without loading what encodes it. */
export function encodedBytes(value: Plain): number {
  if (typeof value === 'number') return headBytes(value)
  if (typeof value === 'string') {
    const length = byteLength(value)
    return headBytes(length) + length
  }
  const isList = Array.isArray(value)
  const parts: readonly Plain[] = isList ? value : Object.entries(value).flat()
  const count = isList ? parts.length : parts.length / 2
  return parts.reduce<number>((sum, part) => sum + encodedBytes(part), headBytes(count))
}

/** The head of an item with that number (RFC 8949, 3). */
function headBytes(number: number): number {
  if (number < 24) return 1
  if (number < 2 ** 8) return 2
  if (number < 2 ** 16) return 3
  return number < 2 ** 32 ? 5 : 9
}
