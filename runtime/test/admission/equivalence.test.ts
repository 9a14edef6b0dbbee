import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareSeeds } from './compare-seed.ts'
import { generate } from './generate.ts'
import { observe } from './observe.ts'

const SEEDS = 2000

test('generated modules do the same once rewritten, with the same fuel in both variants', () => {
  const ends = compareSeeds(1, SEEDS)
  assert.ok(ends.ended > SEEDS / 2, JSON.stringify(ends))
  assert.ok(ends['out-of-fuel'] > 10 && ends.trapped > SEEDS / 20, JSON.stringify(ends))
})

test('generated modules that look at the bits of NaN do the same in both variants', () => {
  for (let seed = 1; seed <= SEEDS / 20; seed++) {
    const bytes = generate(seed, true)
    assert.equal(observe(bytes, 'fast').text, observe(bytes, 'exact').text, `seed ${seed}`)
  }
})
