/**
 * Compares two ways to do one thing so that a busy machine disturbs both alike: they run in turns,
 * pair by pair, each first in every other pair. A ratio is taken within a pair; of all pairs the
 * median counts, and the quartiles say how far to trust it.
 */

/** What one bench found: its thing against the reference, both in operations per second. */
export type Row = {
  bench: string
  what: string
  perSecond: number
  against: string
  againstPerSecond: number
  /** Time of the thing through time of the reference: 1 is equal, 2 is half as fast. */
  ratio: number
  quartiles: [number, number]
  pairs: number
  /** Numbers that a reader needs to know what was measured, by a name with its unit. */
  facts: Record<string, number>
}

/** How long and how often to measure; `npm run bench -- --quick` measures almost nothing. */
export type Effort = {
  pairs: number
  /** The least time of one sample of something short, which is then repeated within it. */
  sampleMs: number
  /** Rounds of a kernel, jobs of a mesh: 1 for all, less for a part of it. */
  share: number
}

export const FULL: Effort = { pairs: 15, sampleMs: 60, share: 1 }
export const QUICK: Effort = { pairs: 1, sampleMs: 2, share: 1 / 64 }

/** Gives the time of one operation, in ms. */
export type Sample = () => number | Promise<number>

/** Milliseconds of an operation, pair by pair. */
export type Pairs = { ours: number[]; reference: number[] }

export async function takeTurns(pairs: number, ours: Sample, reference: Sample): Promise<Pairs> {
  const taken: Pairs = { ours: [], reference: [] }
  for (let pair = 0; pair < pairs; pair++) {
    const isOursFirst = pair % 2 === 0
    if (isOursFirst) taken.ours.push(await ours())
    taken.reference.push(await reference())
    if (!isOursFirst) taken.ours.push(await ours())
  }
  return taken
}

/** Repeats something short as often as fills `sampleMs`; finding that number warms it up. */
export function repeated(operation: () => unknown, { sampleMs }: Effort): Sample {
  let count = 1
  while (timeOf(operation, count) < sampleMs) count *= 2
  return () => timeOf(operation, count) / count
}

/** The row of what was measured. */
export function rowOf(
  names: Pick<Row, 'bench' | 'what' | 'against'>,
  { ours, reference }: Pairs,
  facts: Row['facts'] = {},
): Row {
  const ratios = ours.map((ms, pair) => ms / (reference[pair] as number))
  return {
    bench: names.bench,
    what: names.what,
    perSecond: 1000 / quantile(ours, 0.5),
    against: names.against,
    againstPerSecond: 1000 / quantile(reference, 0.5),
    ratio: quantile(ratios, 0.5),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    pairs: ours.length,
    facts,
  }
}

/** The value below which that share of the numbers lies, between two of them by their distance. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [below = Number.NaN, above = below] = sorted.slice(Math.floor(at), Math.floor(at) + 2)
  return below + (above - below) * (at % 1)
}

function timeOf(operation: () => unknown, count: number): number {
  const startedAtMs = performance.now()
  for (let index = 0; index < count; index++) operation()
  return performance.now() - startedAtMs
}
