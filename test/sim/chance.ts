/** Seeded randomness for the simulator: the same seed gives the same run, to the last event. */

export type Chance = {
  /** An integer of 0 … n - 1. */
  below(n: number): number
  /** An integer of from … to. */
  between(from: number, to: number): number
  /** True once in `n` times. */
  oneIn(n: number): boolean
  pick<T>(items: readonly T[]): T
  /** An independent stream, so that more questions in one place change no other. */
  fork(): Chance
}

/** Mulberry32: 32 bits of state, good enough to choose delays and crashes. */
export function openChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (n: number) => next() % n
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    oneIn: (n) => below(n) === 0,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    fork: () => openChance(next()),
  }
}
