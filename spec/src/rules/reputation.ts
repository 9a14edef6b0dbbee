/**
 * What a node's past says about it, folded by the reader from the log: a bid carries no claim of
 * its own. Source: decisions 13 and 14.
 *
 * A log's past only grows and is asked about at every award, so what was grouped and counted once
 * is remembered beside the list and only the new part is looked at.
 */

/** One settled or refuted receipt, at its place in the log. */
export type Past = {
  index: number
  executor: string
  scope: string
  valid: boolean
  /** The measured time was within the bid's estimate. */
  onTime: boolean
}

/** 0 … 100: round(100 × (valid + 1) / (all + 2)), which is 50 for a newcomer. */
export function reputation(past: readonly Past[]): number {
  return Math.round((100 * (countsOf(past).valid + 1)) / (past.length + 2))
}

/** The share of receipts within their estimate, in ppm; 500,000 without history. */
export function onTimePpm(past: readonly Past[]): number {
  if (past.length === 0) return 500_000
  return Math.floor((1_000_000 * countsOf(past).onTime) / past.length)
}

/** The part of `past` (in log order) of one executor in one scope, before entry `index`. */
export function pastBefore(
  past: readonly Past[],
  scope: string,
  executor: string,
  index: number,
): readonly Past[] {
  const mine = groupsOf(past).get(`${scope}|${executor}`) ?? []
  const end = mine.findLastIndex((one) => one.index < index) + 1
  return end === mine.length ? mine : mine.slice(0, end)
}

type Counts = { all: number; valid: number; onTime: number }
type Groups = Map<string, Past[]>

const counted = new WeakMap<readonly Past[], Counts>()
const grouped = new WeakMap<readonly Past[], { all: number; groups: Groups }>()

function countsOf(past: readonly Past[]): Counts {
  const counts = counted.get(past) ?? { all: 0, valid: 0, onTime: 0 }
  for (; counts.all < past.length; counts.all++) {
    const { valid, onTime } = past[counts.all] as Past
    if (valid) counts.valid += 1
    if (onTime) counts.onTime += 1
  }
  counted.set(past, counts)
  return counts
}

function groupsOf(past: readonly Past[]): Groups {
  const known = grouped.get(past) ?? { all: 0, groups: new Map<string, Past[]>() }
  for (; known.all < past.length; known.all++) {
    const one = past[known.all] as Past
    const name = `${one.scope}|${one.executor}`
    const group = known.groups.get(name)
    if (group === undefined) known.groups.set(name, [one])
    else group.push(one)
  }
  grouped.set(past, known)
  return known.groups
}
