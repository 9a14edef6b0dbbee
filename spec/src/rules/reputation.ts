/**
 * What a node's past says about it, folded by the reader from the log: a bid carries no claim of
 * its own. Source: decisions 13 and 14.
 */

/** One settled or refuted receipt, at its place in the log. */
export type Outcome = {
  index: number
  executor: string
  scope: string
  valid: boolean
  /** The measured time was within the bid's estimate. */
  onTime: boolean
}

/** How many receipts an executor has behind it, and how many of them were valid or on time. */
export type Standing = { all: number; valid: number; onTime: number }

/** After each outcome the standing that it led to, in log order, by `scope|executor`. */
export type Past = Map<string, (Standing & { index: number })[]>

export const NEWCOMER: Standing = { all: 0, valid: 0, onTime: 0 }

/** 0 … 100: round(100 × (valid + 1) / (all + 2)), which is 50 for a newcomer. */
export function reputation({ all, valid }: Standing): number {
  return Math.round((100 * (valid + 1)) / (all + 2))
}

/** The share of receipts within their estimate, in ppm; 500,000 without history. */
export function onTimePpm({ all, onTime }: Standing): number {
  return all === 0 ? 500_000 : Math.floor((1_000_000 * onTime) / all)
}

/** Adds an outcome; it stands later in the log than those before it. */
export function addOutcome(past: Past, outcome: Outcome): void {
  const key = keyOf(outcome)
  const standings = past.get(key) ?? []
  const { all, valid, onTime } = standings.at(-1) ?? NEWCOMER
  standings.push({
    index: outcome.index,
    all: all + 1,
    valid: valid + Number(outcome.valid),
    onTime: onTime + Number(outcome.onTime),
  })
  past.set(key, standings)
}

/** The standing of an executor in a scope: now, or just before entry `before`. */
export function standingOf(
  past: Past,
  of: { scope: string; executor: string },
  before = Number.POSITIVE_INFINITY,
): Standing {
  const standings = past.get(keyOf(of)) ?? []
  return standings[countBefore(standings, before) - 1] ?? NEWCOMER
}

/** Forgets what only matters to those who ask for a standing before entry `horizon`. */
export function forgetOutcomes(
  past: Past,
  of: { scope: string; executor: string },
  horizon: number,
): void {
  const standings = past.get(keyOf(of)) ?? []
  standings.splice(0, countBefore(standings, horizon) - 1)
}

/** How many stand before entry `before`; places only grow. */
function countBefore(standings: readonly { index: number }[], before: number): number {
  let [low, high] = [0, standings.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((standings[middle] as { index: number }).index < before) low = middle + 1
    else high = middle
  }
  return low
}

const keyOf = ({ scope, executor }: { scope: string; executor: string }) => `${scope}|${executor}`
