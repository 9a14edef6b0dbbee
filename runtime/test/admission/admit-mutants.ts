/** Admits mutants and counts what became of them; anything but a refusal comes out as it is. */
import assert from 'node:assert/strict'
import { Refusal } from '@planetary-mesh/spec'
import { admit } from '../../src/admission/admit.ts'
import { WebAssembly } from '../../src/admission/engine.ts'
import { type Random, randomFrom } from './chance.ts'
import { generate } from './generate.ts'
import { mutate } from './mutate.ts'
import { OPTIONS } from './run.ts'

export type Fates = { admitted: number; refused: number }

/** Small modules to start from, among them some of every section. */
export function corpusOf(count: number): Uint8Array[] {
  const modules = Array.from({ length: 3 * count }, (_, index) => generate(index + 1, true))
  return modules.sort((a, b) => a.length - b.length).slice(0, count)
}

/** Admits `count` mutants of `corpus`, in both variants by turns. */
export function admitMutants(corpus: readonly Uint8Array[], count: number, seed: number): Fates {
  const random: Random = randomFrom(seed)
  const fates = { admitted: 0, refused: 0 }
  for (let round = 0; round < count; round++) {
    const mutant = mutate(corpus, random)
    try {
      const { bytes } = admit(mutant, { ...OPTIONS, variant: round % 2 ? 'fast' : 'exact' })
      assert.ok(WebAssembly.validate(bytes), `mutant ${round} of seed ${seed}`)
      fates.admitted++
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      fates.refused++
    }
  }
  return fates
}
