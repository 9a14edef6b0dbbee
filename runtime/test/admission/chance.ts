/** A small seeded generator of numbers (xorshift), enough to pick instructions and bytes. */

export type Random = (below: number) => number

/** A number from 0 up to `below`, not included. */
export function randomFrom(seed: number): Random {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}
