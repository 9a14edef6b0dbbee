/** S1-15 the charge: integers, rounded up, never above the hold. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LIMITS, type Manifest, type Result, settleAmount } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { makeManifest, makeToken, RESULT } from './world.ts'

const MiB = 2 ** 20
const BORDER = Number.MAX_SAFE_INTEGER

const compute = (over: Partial<Manifest['body']> = {}) => makeManifest(makeToken(), over)
const of = (resourceType: 'storage' | 'bandwidth', over: Partial<Manifest['body']> = {}) =>
  makeManifest(makeToken({ resourceType }), over)
const file = (bytes: number) => ({ ...RESULT.output, bytes })
const charge = (manifest: Manifest, price: number, changed: Partial<Result>, held = 100) =>
  settleAmount(manifest, price, held, { ...RESULT, ...changed })

describe('compute', () => {
  const job = compute({ fuelMax: 1000 })
  const at = (fuel: number, price = 40) => charge(job, price, { fuel })
  test('the price of all the fuel, in the share that was used', () => {
    assert.deepEqual([at(0), at(500), at(1000)], [0, 20, 40])
  })
  test('rounded up: one unit of fuel costs one unit', () => {
    // 40 × 1 / 1000, 40 × 25 / 1000 = 1 exactly, 40 × 26 / 1000
    assert.deepEqual([at(1), at(25), at(26)], [1, 1, 2])
  })
  test('fuel above the most is not paid', () => assert.equal(at(5000), 40))
  test('nothing is nothing', () => assert.equal(at(1000, 0), 0))
  test('every outcome is paid for the fuel it reached', () => {
    const outcomes: Result['outcome'][] = [
      { type: 'trapped', trap: 'unreachable' },
      { type: 'out-of-fuel' },
      { type: 'depth' },
      { type: 'output-limit' },
      { type: 'cancelled', atFuel: 500 },
      { type: 'exited', code: 1 },
    ]
    for (const outcome of outcomes) assert.equal(charge(job, 40, { outcome, fuel: 500 }), 20)
  })
  test('products beyond 2^53 are exact', () => {
    const dear = compute({ amount: BORDER, priceMax: BORDER, fuelMax: LIMITS.fuelMax })
    const { fuelMax } = dear.body
    assert.equal(charge(dear, BORDER, { fuel: fuelMax }, BORDER), BORDER)
    // ⌈(2^53 - 1) × (2^44 - 1) / 2^44⌉ = 2^53 - 1 - ⌊(2^53 - 1) / 2^44⌋ = 2^53 - 1 - 511
    assert.equal(charge(dear, BORDER, { fuel: fuelMax - 1 }, BORDER), BORDER - 511)
    // ⌈(2^53 - 1) / 2^44⌉ = 512
    assert.equal(charge(dear, BORDER, { fuel: 1 }, BORDER), 512)
  })
})

describe('storage', () => {
  const at = (bytes: number, held = 100) => {
    const changed = { output: file(bytes), stdout: file(0), stderr: file(0) }
    return charge(of('storage'), 1, changed, held)
  }
  test('a unit for each MiB begun, whatever the price', () => {
    assert.deepEqual([at(0), at(1), at(MiB), at(MiB + 1)], [0, 1, 1, 2])
  })
  test('what went to stdout and stderr is output too', () => {
    const changed = { output: file(MiB), stdout: file(1), stderr: file(MiB) }
    assert.equal(charge(of('storage'), 1, changed), 3)
  })
  test('at most the hold, also for sizes that only a lie could claim', () => {
    assert.equal(at(101 * MiB), 100)
    const lie = { output: file(BORDER), stdout: file(BORDER), stderr: file(BORDER) }
    assert.equal(charge(of('storage'), 1, lie), 100)
  })
})

describe('bandwidth', () => {
  const at = (module: number, inputs: number[], stdin: number | null = null) =>
    charge(
      of('bandwidth', {
        module: file(module),
        inputs: inputs.map((bytes, index) => ({ name: `${index}`, file: file(bytes) })),
        stdin: stdin === null ? null : file(stdin),
      }),
      1,
      {},
    )
  test('a unit for each MiB begun of module and inputs together', () => {
    assert.deepEqual([at(1, []), at(MiB, []), at(MiB, [1]), at(MiB - 1, [1])], [1, 1, 2, 1])
  })
  test('stdin is an input', () => assert.equal(at(MiB, [MiB], MiB), 3))
  test('at most the hold', () => assert.equal(at(1, [60 * MiB, 60 * MiB]), 100))
})

describe('for any run', () => {
  const amount = fc.maxSafeNat()
  const fuelMax = fc.integer({ min: 1, max: LIMITS.fuelMax })
  const job = compute()
  const of = (most: number) => ({ ...job, body: { ...job.body, fuelMax: most } })
  test('the charge is an integer of 0 to the hold', () => {
    fc.assert(
      fc.property(amount, fuelMax, amount, amount, (price, most, fuel, held) => {
        const post = charge(of(most), price, { fuel }, held)
        assert.ok(Number.isSafeInteger(post) && post >= 0 && post <= held)
      }),
    )
  })
  test('more fuel or a higher price never costs less', () => {
    fc.assert(
      fc.property(amount, fuelMax, amount, amount, amount, (price, most, fuel, more, held) => {
        const post = charge(of(most), price, { fuel }, held)
        assert.ok(charge(of(most), price, { fuel: Math.max(fuel, more) }, held) >= post)
        assert.ok(charge(of(most), Math.max(price, more), { fuel }, held) >= post)
      }),
    )
  })
  test('it is never more than a unit above the exact share', () => {
    fc.assert(
      fc.property(amount, fuelMax, amount, (price, most, fuel) => {
        const used = BigInt(Math.min(fuel, most))
        const post = BigInt(charge(of(most), price, { fuel }, BORDER))
        const exact = BigInt(price) * used
        assert.ok(post * BigInt(most) >= exact)
        assert.ok((post - 1n) * BigInt(most) < exact)
      }),
    )
  })
})
