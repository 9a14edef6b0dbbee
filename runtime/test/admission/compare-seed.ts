/** One generated module against itself once rewritten: results, memory, what the host saw, fuel. */
import assert from 'node:assert/strict'
import { generate } from './generate.ts'
import { observe, observeOriginal } from './observe.ts'

export type Compared = 'ended' | 'trapped' | 'out-of-fuel' | 'depth'

/**
 * Runs the module of `seed` in the fast variant, in the exact one when asked, and as it came if it
 * ends by itself. Throws an `AssertionError` that names the seed when any two differ.
 */
export function compareSeed(seed: number, isExactToo: boolean): Compared {
  const bytes = generate(seed)
  const fast = observe(bytes, 'fast')
  if (isExactToo) assert.equal(fast.text, observe(bytes, 'exact').text, `seed ${seed}`)
  // A module that its meter stopped might never end as it came.
  if (fast.stop !== undefined) return fast.stop
  assert.equal(fast.results, observeOriginal(bytes).results, `seed ${seed}`)
  return fast.trapped ? 'trapped' : 'ended'
}

/** Compares `count` seeds from `first` on and counts how they ended. */
export function compareSeeds(first: number, count: number): Record<Compared, number> {
  const ends = { ended: 0, trapped: 0, 'out-of-fuel': 0, depth: 0 }
  for (let seed = first; seed < first + count; seed++) ends[compareSeed(seed, seed % 4 === 0)]++
  return ends
}
