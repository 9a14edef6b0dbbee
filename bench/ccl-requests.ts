/**
 * What policy engines are compared by: a pool of compute with a permit list, a ban list, a quota
 * and a rate limit, and seeded requests of which half are allowed and each rule denies an eighth.
 */
import { signerFromSeed } from '@planetary-mesh/spec'
import { seededRandom } from '../examples/seeded-random.ts'

export const QUOTA = 10_000
export const HOURLY = 500

/** The rules in the order of the policy: the first that fires is the one that decides. */
export const RULES = ['within', 'stranger', 'banned', 'quota', 'rate'] as const
export type RuleName = (typeof RULES)[number]

/** One request as each engine's users would have it: whole numbers as bigint and as number. */
export type Ask = {
  readonly caller: string
  readonly exact: Amounts<bigint>
  readonly plain: Amounts<number>
  /** The rule that must decide. */
  readonly by: RuleName
}
/** `used`: in all; `recent`: in the last hour. Both before the request. */
type Amounts<T> = { readonly amount: T; readonly used: T; readonly recent: T }

export type Workload = {
  readonly members: readonly string[]
  readonly banned: readonly string[]
  readonly asks: readonly Ask[]
}

const DENIALS = ['stranger', 'banned', 'quota', 'rate'] as const
/** What breaks no rule stays this far below each limit. */
const AMOUNT_MAX = 100

/** Half within the rules, half denied by each of the four in turn. */
export function mixed(memberCount: number, askCount: number): Workload {
  return workload(memberCount, askCount, (index) =>
    index % 2 === 0 ? 'within' : (DENIALS[(index >> 1) % DENIALS.length] as RuleName),
  )
}

/** Half of those who ask are on the permit list. */
export function hitsAndMisses(memberCount: number, askCount: number): Workload {
  return workload(memberCount, askCount, (index) => (index % 2 === 0 ? 'within' : 'stranger'))
}

function workload(memberCount: number, askCount: number, rule: (index: number) => RuleName) {
  const members = Array.from({ length: memberCount }, (_, index) => didOf(index))
  const banned = members.slice(0, Math.ceil(memberCount / 10))
  const good = members.slice(banned.length)
  const strangers = Array.from({ length: memberCount }, (_, index) => didOf(index + memberCount))
  const random = seededRandom(1)
  const asks = Array.from({ length: askCount }, (_, index): Ask => {
    const by = rule(index)
    const from = by === 'stranger' ? strangers : by === 'banned' ? banned : good
    const plain = {
      amount: 1 + random.below(AMOUNT_MAX),
      used: by === 'quota' ? QUOTA : random.below(QUOTA - AMOUNT_MAX),
      recent: by === 'rate' ? HOURLY : random.below(HOURLY - AMOUNT_MAX),
    }
    const exact = {
      amount: BigInt(plain.amount),
      used: BigInt(plain.used),
      recent: BigInt(plain.recent),
    }
    // a text of its own, as one that came over a wire is: not the very object of the list
    const caller = Buffer.from(from[random.below(from.length)] as string).toString()
    return { caller, exact, plain, by }
  })
  return { members, banned, asks }
}

function didOf(index: number): string {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, index + 1)
  return signerFromSeed(seed).did
}
