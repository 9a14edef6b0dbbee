/** Chance for races: the same seed gives the same dice, and so many turns of the event loop. */

/** Whole numbers of 32 bits from a seed that is not 0 (xorshift, Marsaglia 2003). */
export function openDice(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Does it after `count` more turns of the event loop than one. */
export const hops = (count: number, then: () => void): void => {
  setImmediate(count === 0 ? then : () => hops(count - 1, then))
}
