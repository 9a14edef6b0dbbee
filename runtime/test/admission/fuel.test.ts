import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import { MeterStop, openMeter } from '../../src/admission/meter.ts'
import { runInProcess } from '../../src/index.ts'
import { runInput } from '../run-input.ts'
import { build, EMPTY, FUNCREF, type Func, I32, op, sleb, uleb } from './build.ts'
import { outcome, start } from './run.ts'

const PAGE = 65_536
const ELEMENT = 64
const INDIRECT = 8
const OUT_OF_FUEL = { outcome: { type: 'out-of-fuel' }, used: 2 * PAGE - 1, memoryPages: 2 }
const VARIANTS = ['fast', 'exact'] as const

/** The fuel of calling `f(argument)`, demanded to be the same in both variants. */
function fuel(functions: Func[], argument = 0, parts: Parameters<typeof build>[0] = {}): number {
  const bytes = build({ ...parts, functions })
  const [fast, exact] = VARIANTS.map((variant) => {
    const started = start(bytes, { variant, fuelMax: LIMITS.fuelMax })
    const atStart = started.meter.fuelUsed()
    started.call('f', argument)
    return started.meter.fuelUsed() - atStart
  })
  assert.equal(fast, exact)
  return fast as number
}
const f = (code: number[], more: Partial<Func> = {}): Func => ({
  params: [I32],
  results: [I32],
  code,
  export: 'f',
  ...more,
})

test('an instruction costs 1, and those that only shape code cost nothing', () => {
  assert.equal(fuel([f([op.get, 0])]), 1)
  assert.equal(fuel([f([op.get, 0, op.i32, 1, op.add])]), 3)
  const shape = [op.nop, op.block, EMPTY, op.nop, op.end, op.i32, 5, op.drop, op.get, 0, op.return]
  assert.equal(fuel([f(shape)]), 2)
})

test('a small if is paid whole, at the cost of its dearer arm', () => {
  const arms = [op.if, I32, op.i32, 1, op.else, op.i32, 1, op.i32, 2, op.add, op.end]
  // local.get and if, then the arm of three.
  assert.equal(fuel([f([op.get, 0, ...arms])], 0), 5)
  assert.equal(fuel([f([op.get, 0, ...arms])], 1), 5)
})

test('a large if is paid by the arm that is taken', () => {
  const twenty = [op.i32, 0, ...Array.from({ length: 10 }, () => [op.i32, 1, op.add]).flat()]
  const code = [op.get, 0, op.if, I32, ...twenty, op.else, op.i32, 1, op.end]
  assert.equal(fuel([f(code)], 1), 2 + 21)
  assert.equal(fuel([f(code)], 0), 2 + 1)
})

/** Counts its argument down: 5 a round, and 1 after it. */
const COUNT_DOWN = [
  ...[op.loop, EMPTY, op.get, 0, op.i32, 1, op.sub, op.tee, 0, op.brIf, 0, op.end],
  ...[op.get, 0],
]

test('a loop is paid once a round', () => {
  assert.equal(fuel([f(COUNT_DOWN)], 1), 5 + 1)
  assert.equal(fuel([f(COUNT_DOWN)], 1000), 5000 + 1)
})

test('a call costs 1, an indirect one 8, and what it calls', () => {
  const callee: Func = { params: [I32], results: [I32], code: [op.get, 0, op.i32, 1, op.add] }
  assert.equal(fuel([f([op.get, 0, op.call, 1]), callee]), 2 + 3)
  const indirect = [op.get, 0, op.i32, 0, op.callIndirect, 0, 0]
  const parts = { tables: [[FUNCREF, 0, 1]], elements: [[0, op.i32, 0, op.end, 1, 1]] }
  assert.equal(fuel([f(indirect), callee], 0, parts), 2 + INDIRECT + 3)
  assert.equal(fuel([f([...indirect, op.call, 1]), callee], 0, parts), 3 + INDIRECT + 6)
})

test('a call of the host costs 1, and what the host charges', () => {
  const bytes = build({
    imports: [{ module: 'host', name: 'see', params: [I32], results: [I32] }],
    functions: [{ ...f([op.get, 0, op.call, 0]) }],
  })
  for (const variant of VARIANTS) {
    const seen: number[] = []
    const started = start(bytes, {
      variant,
      imports: {
        host: {
          see: (units: number) => {
            seen.push(started.meter.fuelUsed())
            started.meter.charge(units)
            return 0
          },
        },
      },
    })
    started.call('f', 100)
    started.call('f', 7)
    assert.deepEqual(seen, [2, 2 + 100 + 2])
    assert.equal(started.meter.fuelUsed(), 2 + 100 + 2 + 7)
  }
})

test('work on many bytes or elements is paid by the amount', () => {
  const fill = (count: number) => [
    op.i32,
    0,
    op.i32,
    1,
    op.i32,
    ...sleb(count),
    0xfc,
    11,
    0,
    op.get,
    0,
  ]
  const memory = { memory: [0, 1] }
  assert.equal(fuel([f(fill(8000))], 0, memory) - fuel([f(fill(0))], 0, memory), 1000)
})

test('memory and tables are paid for once they have grown, and not when they have not', () => {
  const memory = { memory: [0, 1], tables: [[FUNCREF, 0, 0]] }
  const grow = f([op.get, 0, op.memoryGrow, 0])
  const none = fuel([grow], 0, memory)
  assert.equal(fuel([grow], 3, memory) - none, 3 * PAGE)
  for (const tooMuch of [64, 2 ** 16, -1]) assert.equal(fuel([grow], tooMuch, memory), none)
  const growTable = f([0xd0, FUNCREF, op.get, 0, 0xfc, 15, 0])
  const noneOfTable = fuel([growTable], 0, memory)
  assert.equal(fuel([growTable], 100, memory) - noneOfTable, 100 * ELEMENT)
  assert.equal(fuel([growTable], -1, memory), noneOfTable)
})

test('a guest that grows its memory without the fuel for it goes no further', () => {
  const seen: number[] = []
  const code = [op.get, 0, op.memoryGrow, 0, op.call, 0]
  const bytes = build({
    imports: [{ module: 'host', name: 'see', params: [I32], results: [I32] }],
    functions: [f(code)],
    memory: [0, 0],
  })
  const run = (fuelMax: number) => {
    const see = (pages: number) => seen.push(pages)
    const started = start(bytes, { fuelMax, imports: { host: { see } } })
    outcome(started, 'f', 2)
    return started.meter.stop()
  }
  const needed = 2 * PAGE + 2048 + 2
  assert.equal(run(needed), undefined)
  assert.equal(run(needed - 1), 'out-of-fuel')
  assert.deepEqual(seen, [0])
})

test('what a module starts with is paid as if it had grown it, before anything runs', () => {
  const cost = 3 * PAGE + 10 * ELEMENT
  const bytes = build({
    functions: [f([op.get, 0])],
    memory: [0, 3],
    tables: [[FUNCREF, 0, 10]],
  })
  for (const variant of VARIANTS) {
    const started = start(bytes, { variant, fuelMax: cost })
    assert.equal(started.meter.fuelUsed(), cost)
    assert.equal(started.meter.stop(), undefined)
    assert.throws(() => start(bytes, { variant, fuelMax: cost - 1 }), /unreachable/)
  }
})

test('a job without the fuel for its first memory is out of fuel, whatever it would do', () => {
  const start = { code: [op.unreachable], export: '_start' }
  const module = build({ functions: [start], memory: [0, 2] })
  const ends = (fuelMax: number) => runInProcess(runInput({ module, limits: { fuelMax } }))
  const { outcome, fuel: used, memoryPages } = ends(2 * PAGE - 1)
  assert.deepEqual({ outcome, used, memoryPages }, OUT_OF_FUEL)
  assert.deepEqual(ends(2 * PAGE).outcome, { type: 'trapped', trap: 'unreachable' })
})

test('a job with exactly the fuel it needs ends; with one unit less it does not', () => {
  const bytes = build({ functions: [f(COUNT_DOWN)] })
  for (const variant of VARIANTS) {
    const enough = start(bytes, { variant, fuelMax: 5001 })
    assert.deepEqual(outcome(enough, 'f', 1000), { result: 0 })
    assert.equal(enough.meter.stop(), undefined)
    assert.equal(enough.meter.fuelUsed(), 5001)
    const short = start(bytes, { variant, fuelMax: 5000 })
    outcome(short, 'f', 1000)
    assert.equal(short.meter.stop(), 'out-of-fuel')
    assert.equal(short.meter.fuelUsed(), 5000)
  }
})

test('what never ends is stopped: a loop, and calls that are no cycle but endless work', () => {
  const forever = f([op.loop, EMPTY, op.br, 0, op.end, op.unreachable])
  // Each of 30 functions calls the next twice: 2^30 calls without a loop.
  const twice = Array.from({ length: 30 }, (_, index) =>
    f([op.get, 0, ...(index < 29 ? [op.call, index + 1, op.call, index + 1] : [])]),
  ).map((func, index) => (index === 0 ? func : { ...func, export: `f${index}` }))
  for (const functions of [[forever], twice])
    for (const variant of VARIANTS) {
      const started = start(build({ functions }), { variant, fuelMax: 100_000 })
      assert.ok('error' in outcome(started, 'f', 0))
      assert.equal(started.meter.stop(), 'out-of-fuel')
      assert.equal(started.meter.fuelUsed(), 100_000)
    }
})

test('an endless loop of nothing but zero-cost instructions and its branch is stopped', () => {
  const code = [op.loop, EMPTY, op.block, EMPTY, op.nop, op.end, op.br, 0, op.end, op.unreachable]
  const started = start(build({ functions: [f(code)] }), { fuelMax: 1000 })
  assert.ok('error' in outcome(started, 'f', 0))
  assert.equal(started.meter.stop(), 'out-of-fuel')
})

test('the host is not heard once the fuel is gone', () => {
  let calls = 0
  const waste = new Array<number[]>(100).fill([op.i32, 1, op.drop]).flat()
  const late = [op.block, EMPTY, op.get, 0, op.brIf, 0, ...waste, op.end, op.get, 0, op.call, 0]
  const bytes = build({
    imports: [{ module: 'host', name: 'see', params: [I32], results: [I32] }],
    functions: [f(late)],
  })
  const started = start(bytes, {
    fuelMax: 50,
    imports: {
      host: {
        see: () => {
          started.meter.charge(0)
          calls++
          return 0
        },
      },
    },
  })
  const { error } = outcome(started, 'f', 0) as { error: unknown }
  assert.ok(error instanceof MeterStop)
  assert.equal(calls, 0)
  assert.equal(started.meter.stop(), 'out-of-fuel')
})

test("the guest's own unreachable leaves the exact fuel and is no stop of the meter", () => {
  const bytes = build({
    functions: [f([op.get, 0, op.if, EMPTY, op.unreachable, op.end, op.i32, 1])],
  })
  for (const variant of VARIANTS) {
    const started = start(bytes, { variant })
    const { error } = outcome(started, 'f', 1) as { error: Error }
    assert.match(error.message, /unreachable/)
    assert.equal(started.meter.stop(), undefined)
    assert.equal(started.meter.fuelUsed(), 3)
  }
})

test('after a trap the exact variant knows the fuel, the last segment counted whole', () => {
  const code = [...COUNT_DOWN.slice(0, -2), op.i32, 1, op.i32, 0, op.div]
  const started = start(build({ functions: [f(code)] }), { variant: 'exact' })
  assert.ok('error' in outcome(started, 'f', 10))
  assert.equal(started.meter.stop(), undefined)
  // Two constants, and a division that costs 4.
  assert.equal(started.meter.fuelUsed(), 50 + 2 + 4)
})

test('a trap of a guest whose fuel is already gone is out of fuel, not a trap', () => {
  const waste = new Array<number[]>(50).fill([op.i32, 1, op.drop]).flat()
  const code = [...waste, op.i32, 1, op.get, 0, op.div]
  const exact = start(build({ functions: [f(code)] }), { variant: 'exact', fuelMax: 10 })
  assert.ok('error' in outcome(exact, 'f', 0))
  assert.equal(exact.meter.stop(), 'out-of-fuel')
})

test('a meter charges to the last unit and no further', () => {
  const meter = openMeter(10)
  meter.charge(4)
  assert.equal(meter.fuelUsed(), 4)
  meter.charge(6)
  assert.equal(meter.fuelUsed(), 10)
  meter.charge(0)
  assert.equal(meter.stop(), undefined)
  assert.throws(() => meter.charge(1), MeterStop)
  assert.throws(() => meter.charge(0), MeterStop)
  assert.equal(meter.stop(), 'out-of-fuel')
  assert.equal(meter.fuelUsed(), 10)
})

test('the most fuel and the largest charge fit', () => {
  const meter = openMeter(2 ** 44)
  meter.charge(2 ** 44)
  assert.equal(meter.fuelUsed(), 2 ** 44)
  assert.throws(() => meter.charge(2 ** 44), MeterStop)
  assert.equal(meter.stop(), 'out-of-fuel')
  assert.throws(() => openMeter(2 ** 44 + 1))
  assert.throws(() => openMeter(-1))
})

test('a branch out of a table of labels pays before it leaves', () => {
  const code = [op.block, EMPTY, op.get, 0, 0x0e, ...uleb(0), 0, op.end, op.i32, 4]
  assert.equal(fuel([f(code)]), 3)
})
