/**
 * The small seeded generator behind the example data: Mulberry32 in 32-bit integer arithmetic, so
 * that one seed gives the same bytes on every machine.
 */
export type SeededRandom = {
  /** A whole number from 0 up to, but not including, `bound` (at most 2^32). */
  below(bound: number): number
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next32 = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return { below: (bound) => Math.floor((next32() * bound) / 2 ** 32) }
}
