import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate } from './generate.ts'
import { observe, observeOriginal } from './observe.ts'

const SEEDS = 400

test('generated modules do the same once rewritten, with the same fuel in both variants', () => {
  const count = { compared: 0, outOfFuel: 0, trapped: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const bytes = generate(seed)
    const fast = observe(bytes, 'fast')
    const exact = observe(bytes, 'exact')
    assert.equal(fast.text, exact.text, `seed ${seed}`)
    if (fast.stop === 'out-of-fuel') count.outOfFuel++
    if (fast.stop !== undefined) continue
    // It ended by itself, so the module as it came does as well, and can be compared with.
    const original = observeOriginal(bytes)
    assert.equal(fast.results, original.results, `seed ${seed}`)
    count.compared++
    if (fast.trapped) count.trapped++
  }
  assert.ok(count.compared > SEEDS / 3, JSON.stringify(count))
  assert.ok(count.outOfFuel > 10 && count.trapped > 10, JSON.stringify(count))
})

test('generated modules that look at the bits of NaN do the same in both variants', () => {
  for (let seed = 1; seed <= SEEDS / 4; seed++) {
    const bytes = generate(seed, true)
    assert.equal(observe(bytes, 'fast').text, observe(bytes, 'exact').text, `seed ${seed}`)
  }
})
