import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt, Refusal } from '@planetary-mesh/spec'
import { admit } from '../../src/admission/admit.ts'
import { admitMutants, corpusOf } from './admit-mutants.ts'
import { BOMBS, bomb } from './bombs.ts'
import { generate } from './generate.ts'
import { OPTIONS } from './run.ts'

const MUTANTS = 20_000

test('a mutated module is admitted or refused, and nothing else happens', () => {
  const fates = admitMutants(corpusOf(30), MUTANTS, 7)
  assert.ok(fates.admitted > MUTANTS / 50 && fates.refused > MUTANTS / 2, JSON.stringify(fates))
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

for (const name of BOMBS)
  test(`a module made to be dear to read is admitted or refused: ${name}`, () => {
    const error = attempt(() => admit(bomb(name, 0.03), OPTIONS))
    assert.ok(error === undefined || !(error instanceof Error) || error instanceof Refusal)
  })
