import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt, Refusal } from '@planetary-mesh/spec'
import { admit } from '../../src/admission/admit.ts'
import { generate, randomFrom } from './generate.ts'
import { OPTIONS } from './run.ts'

const MUTANTS = 2000

/** Bytes that mean something to a parser: ends of ranges, opcodes, continued numbers. */
const TELLING = [0x00, 0x01, 0x02, 0x0b, 0x10, 0x40, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff]

function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const list = [...bytes]
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(list.length)
    const telling = TELLING[random(TELLING.length)] as number
    const kind = random(5)
    if (kind === 0) list[at] = (list[at] as number) ^ (1 << random(8))
    else if (kind === 1) list[at] = telling
    else if (kind === 2) list.splice(at, 1 + random(4))
    else if (kind === 3) list.splice(at, 0, telling)
    else list.splice(random(list.length), 0, ...list.slice(at, at + random(32)))
  }
  return new Uint8Array(list)
}

test('a mutated module is admitted or refused, and nothing else happens', () => {
  const count = { admitted: 0, refused: 0 }
  const random = randomFrom(7)
  const modules = Array.from({ length: 50 }, (_, index) => generate(index + 1, true))
  for (let round = 0; round < MUTANTS; round++) {
    const mutant = mutate(modules[round % modules.length] as Uint8Array, random)
    try {
      // Admission itself asserts that what it gives out is valid.
      const variant = round % 2 ? 'fast' : 'exact'
      assert.ok(admit(mutant, { ...OPTIONS, variant }).bytes.length > 0)
      count.admitted++
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      count.refused++
    }
  }
  assert.ok(count.admitted > MUTANTS / 50 && count.refused > MUTANTS / 2, JSON.stringify(count))
})

test('a module cut anywhere but between sections is refused', () => {
  const bytes = generate(3)
  let refused = 0
  let lengths = 0
  for (let length = 9; length < bytes.length; length += 1 + (length % 7)) {
    lengths++
    const error = attempt(() => admit(bytes.slice(0, length), OPTIONS))
    if (error instanceof Refusal) refused++
  }
  assert.ok(refused >= lengths - 4, `${refused} of ${lengths}`)
})
