/**
 * A selection written in CCL: which bids may win, and in which order. It is asked once for each bid
 * and sees nothing but the bid, its bidder's standing, and the job.
 */
import { admit } from '../../errors.ts'
import type { Bid } from '../../records/kinds/bid.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import type { CompiledSelection } from '../../records/kinds/rule.ts'
import { type PolicyHeader, readPolicyHeader } from '../../wire/policy-header.ts'
import { onTimePpm, reputation, type Standing } from '../reputation.ts'
import { ensureCost } from './ensure-policy.ts'
import type { Policies, PolicyValue } from './policies.ts'

type Asked = { manifest: Manifest; bid: Bid; standing: Standing }
type Input = { type: string; value: (of: Asked) => PolicyValue }

const number = (type: string, of: (asked: Asked) => number): Input => ({
  type,
  value: (asked) => BigInt(of(asked)),
})
const word = (type: string, of: (asked: Asked) => string): Input => ({ type, value: of })

const INPUTS: ReadonlyMap<string, Input> = new Map([
  ['bid.price', number('cu', ({ bid }) => bid.body.price)],
  ['bid.est_time', number('duration', ({ bid }) => bid.body.expectedMs)],
  ['bid.reputation', number('int', ({ standing }) => reputation(standing))],
  ['bid.on_time', number('percent', ({ standing }) => onTimePpm(standing))],
  ['bid.node', word('did', ({ bid }) => bid.author)],
  ['bid.location', word('text', ({ bid }) => bid.body.location)],
  ['bid.free_slots', number('int', ({ bid }) => bid.body.free.slots)],
  ['bid.free_memory', number('int', ({ bid }) => bid.body.free.memoryPages)],
  ['bid.cores', number('int', ({ bid }) => bid.body.free.cores)],
  ['job.amount', number('cu', ({ manifest }) => manifest.body.amount)],
  ['job.max_bid', number('cu', ({ manifest }) => manifest.body.priceMax)],
  ['job.deadline', number('time', ({ manifest: { body } }) => body.createdAtMs + body.deadlineMs)],
  ['job.submitter', word('did', ({ manifest }) => manifest.author)],
  ['now', number('time', ({ manifest }) => manifest.body.createdAtMs)],
])

/** Refuses with POLICY_UNSUPPORTED, LIMIT_EXCEEDED, MODULE_REFUSED, IMPORT_REFUSED. */
export function ensureSelection({ module }: CompiledSelection, policies: Policies): void {
  const header = readPolicyHeader(module)
  const { name, kind, keys } = header
  admit(
    kind === 'selection' && keys !== undefined,
    'MODULE_REFUSED',
    () => `${name} is no selection`,
  )
  ensureCost(header)
  for (const [path, type] of header.inputs) {
    admit(
      INPUTS.get(path)?.type === type,
      'POLICY_UNSUPPORTED',
      () => `selection ${name} asks for \`${path}\` (${type}), which no bid says`,
    )
  }
  policies.ensure(module)
}

export type Keyed = { bid: Bid; score: bigint; ties: readonly (bigint | string)[] }

/** The bids that it lets win, best first; equal ones stay in the order in which they came. */
export function rankByCcl(
  { module }: CompiledSelection,
  asked: readonly Asked[],
  policies: Policies,
): Keyed[] {
  const header = readPolicyHeader(module)
  return asked
    .flatMap((one): Keyed[] => {
      const values = header.inputs.map(([path]) => valueIn(path, one))
      const { effect, score, ties } = policies.decide(module, values)
      return effect === 'allow' && score !== null ? [{ bid: one.bid, score, ties }] : []
    })
    .sort((a, b) => compareKeyed(header, a, b))
}

function valueIn(path: string, asked: Asked): PolicyValue {
  const input = INPUTS.get(path)
  admit(input !== undefined, 'POLICY_UNSUPPORTED', () => `no bid says \`${path}\``)
  return input.value(asked)
}

/** By the score in its order; then the larger number, of words the one whose bytes come first. */
function compareKeyed({ order }: PolicyHeader, a: Keyed, b: Keyed): number {
  if (a.score !== b.score) {
    const ascending = a.score < b.score ? -1 : 1
    return order === 'descending' ? -ascending : ascending
  }
  for (const [at, mine] of a.ties.entries()) {
    const other = b.ties[at]
    if (mine === other || other === undefined) continue
    if (typeof mine === 'bigint') return mine > BigInt(other) ? -1 : 1
    return compareWords(mine, String(other))
  }
  return 0
}

const utf8 = new TextEncoder()

function compareWords(a: string, b: string): number {
  const [left, right] = [utf8.encode(a), utf8.encode(b)]
  const at = left.findIndex((byte, index) => byte !== right[index])
  if (at < 0) return left.length - right.length
  return right[at] === undefined ? 1 : (left[at] as number) - right[at]
}
