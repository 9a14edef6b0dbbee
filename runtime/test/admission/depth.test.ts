import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { LIMITS } from '@planetary-mesh/spec'
import { build, FUNCREF, type Func, I32, op, sleb, uleb } from './build.ts'
import { outcome, start } from './run.ts'

/** Calls itself as often as its argument says. */
const RECURSE: Func = {
  params: [I32],
  results: [I32],
  code: [
    op.get,
    0,
    op.if,
    I32,
    op.get,
    0,
    op.i32,
    1,
    op.sub,
    op.call,
    0,
    op.else,
    op.i32,
    7,
    op.end,
  ],
  export: 'f',
}

/** The most levels of `f` that end, found by bisection. */
function deepest(bytes: Uint8Array, variant: 'fast' | 'exact'): number {
  let [low, high]: [number, number] = [1, LIMITS.callDepthUnitsMax]
  while (high - low > 1) {
    const levels = (low + high) >> 1
    if ('error' in outcome(start(bytes, { variant }), 'f', levels)) high = levels
    else low = levels
  }
  return low
}

test('recursion stops at one depth, with one fuel, in both variants', () => {
  const bytes = build({ functions: [RECURSE] })
  const levels = deepest(bytes, 'fast')
  assert.equal(deepest(bytes, 'exact'), levels)
  assert.ok(levels > 4000 && levels < LIMITS.callDepthUnitsMax / 8, `${levels} levels`)
  const fuels = (['fast', 'exact'] as const).map((variant) => {
    const started = start(bytes, { variant })
    assert.deepEqual(outcome(started, 'f', levels), { result: 7 })
    assert.equal(started.meter.stop(), undefined)
    const deeper = start(bytes, { variant })
    assert.ok('error' in outcome(deeper, 'f', levels + 1))
    assert.equal(deeper.meter.stop(), 'depth')
    return [started.meter.fuelUsed(), deeper.meter.fuelUsed()]
  })
  assert.deepEqual(fuels[0], fuels[1])
})

test('depth is given back: shallow recursion many times is no deep recursion', () => {
  const bytes = build({ functions: [RECURSE] })
  for (const variant of ['fast', 'exact'] as const) {
    const started = start(bytes, { variant })
    for (let round = 0; round < 100; round++) assert.equal(started.call('f', 1000), 7)
  }
})

test('a larger frame is charged more: parameters, locals and operands count', () => {
  const plain = deepest(build({ functions: [RECURSE] }), 'fast')
  const locals = new Array<number>(100).fill(I32)
  assert.ok(deepest(build({ functions: [{ ...RECURSE, locals }] }), 'fast') < plain / 5)
  const push = new Array<number[]>(100).fill([op.i32, 1]).flat()
  const drop = new Array<number>(100).fill(op.drop)
  const code = [...push, ...RECURSE.code, op.set, 0, ...drop, op.get, 0]
  assert.ok(deepest(build({ functions: [{ ...RECURSE, code }] }), 'fast') < plain / 5)
})

test('values that are computed again after the call are charged, and only those', () => {
  const memory = [0, 1]
  const store = (factor: number) => [
    op.i32,
    0,
    op.get,
    0,
    op.i32,
    ...sleb(factor),
    op.mul,
    op.store,
    2,
    0,
  ]
  const stores = Array.from({ length: 100 }, (_, index) => store(index + 3)).flat()
  const levels = (code: number[]) =>
    deepest(build({ memory, functions: [{ ...RECURSE, code }] }), 'fast')
  const plain = levels([...store(3), ...RECURSE.code])
  assert.equal(levels([...stores, ...RECURSE.code]), plain)
  const { code } = RECURSE
  // The call stands in the middle of an if, so that both arms are told apart.
  const inArm = (before: number[], after: number[]) => [
    ...[op.get, 0, op.if, I32, ...before, ...code.slice(4, 11), ...after, ...code.slice(11)],
  ]
  assert.ok(levels(inArm(stores, stores)) < plain / 5)
  assert.equal(levels(inArm(stores, [])), plain)
  // The argument of the call is computed before it: one value that might be kept.
  assert.ok(levels(inArm([], stores)) > plain * 0.9)
})

test('recursion through a table and by way of two functions is charged too', () => {
  const hop = (call: number[]): number[] => [op.get, 0, op.i32, 1, op.add, ...call]
  const table = { tables: [[FUNCREF, 0, 1]], elements: [[0, op.i32, 0, op.end, 1, 0]] }
  const f: Func = { params: [I32], results: [I32], code: [], export: 'f' }
  const indirect = { ...f, code: hop([op.i32, 0, op.callIndirect, 0, 0]) }
  const there = { ...f, code: hop([op.call, 1]) }
  const back = { params: [I32], results: [I32], code: hop([op.call, 0]) }
  for (const parts of [{ functions: [indirect], ...table }, { functions: [there, back] }])
    for (const variant of ['fast', 'exact'] as const) {
      const started = start(build(parts), { variant })
      assert.ok('error' in outcome(started, 'f', 0))
      assert.equal(started.meter.stop(), 'depth')
    }
})

test('a long chain of calls without any recursion is charged as well', () => {
  const chain = (length: number) =>
    build({
      functions: Array.from({ length }, (_, index) => ({
        params: [I32],
        results: [I32],
        locals: new Array<number>(100).fill(I32),
        code: [op.get, 0, ...(index + 1 < length ? [op.call, ...uleb(index + 1)] : [])],
        ...(index === 0 ? { export: 'f' } : {}),
      })),
    })
  assert.deepEqual(outcome(start(chain(100)), 'f', 3), { result: 3 })
  const started = start(chain(2000))
  assert.ok('error' in outcome(started, 'f', 3))
  assert.equal(started.meter.stop(), 'depth')
})

test('a guest that calls itself by way of the host stops by depth or fuel', () => {
  const bytes = build({
    imports: [{ module: 'host', name: 'see', params: [I32], results: [I32] }],
    functions: [{ ...RECURSE, code: [op.get, 0, op.i32, ...sleb(1), op.add, op.call, 0] }],
  })
  const started = start(bytes, {
    imports: { host: { see: (n: number) => started.call('f', n) } },
  })
  assert.ok('error' in outcome(started, 'f', 0))
  assert.equal(started.meter.stop(), 'depth')
})

test('depth trips before the native stack, at one fuel, in every tier', async () => {
  const script = fileURLToPath(new URL('./tier-probe.ts', import.meta.url))
  const tiers = [['--liftoff-only'], ['--no-liftoff', '--wasm-inlining-factor=6'], []]
  const runs = tiers.map((flags) =>
    promisify(execFile)(process.execPath, [...flags, '--conditions=source', script]),
  )
  const [first, ...others] = (await Promise.all(runs)).map(({ stdout }) => stdout)
  assert.match(first ?? '', /^(.+ depth \d+\n){21}1 /)
  for (const other of others) assert.equal(other, first)
})
