/**
 * References of functions, and calls by them: what stays inside takes W along, and what the outside
 * can hold keeps the type that the guest gave it. Both ways it is one call, for the same fuel.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WasmImports } from '../../src/admission/engine.ts'
import { build, FUNCREF, type Func, I32, I64, op, type Parts, text } from './build.ts'
import { type Export, outcome, start } from './run.ts'

const TABLE = { tables: [[FUNCREF, 0, 2]] }
/** Puts function `index` at the table's first place. */
const first = (index: number) => ({ ...TABLE, elements: [[0, op.i32, 0, op.end, 1, index]] })
/** Calls what stands at `place` with the first parameter, as of type `type`. */
const callAt = (place: number, type: number) => [
  ...[op.get, 0, op.i32, place],
  ...[op.callIndirect, type, 0],
]
const REF_FUNC = 0xd2
const TABLE_SET = 0x26

const unary = (code: number[], more: Partial<Func> = {}): Func => ({
  params: [I32],
  results: [I32],
  code,
  ...more,
})
const doubled = unary([op.get, 0, op.i32, 2, op.mul])
const tripled = unary([op.get, 0, op.i32, 3, op.mul], { export: 'g' })

type Started = ReturnType<typeof start>

/** What `use` gives, demanded to be the same in both variants and for the same fuel. */
function inBoth<T>(parts: Parts, use: (started: Started) => T, imports: WasmImports = {}): T {
  const bytes = build(parts)
  const [fast, exact] = (['fast', 'exact'] as const).map((variant) => {
    const started = start(bytes, { variant, imports })
    return { given: use(started), fuel: started.meter.fuelUsed() }
  })
  assert(fast !== undefined)
  assert.deepEqual(fast, exact)
  return fast.given
}

test('a table of which the outside sees nothing, with a function that is called directly too', () => {
  const f = unary([...callAt(0, 1), op.get, 0, op.call, 1, op.add], { export: 'f' })
  assert.equal(
    inBoth({ functions: [f, doubled], ...first(1) }, ({ call }) => call('f', 5)),
    20,
  )
})

test('a reference that is made in the code and put into the table there', () => {
  const put = [op.i32, 1, REF_FUNC, 1, TABLE_SET, 0]
  const f = unary([...put, ...callAt(1, 1)], { export: 'f' })
  const declared = [3, 0, 1, 1]
  const parts = { functions: [f, doubled], ...TABLE, elements: [declared] }
  assert.equal(
    inBoth(parts, ({ call }) => call('f', 21)),
    42,
  )
})

test('an empty place, one behind the end and a function of another type trap', () => {
  for (const [place, type, words] of [
    [1, 1, /signature mismatch/],
    [2, 1, /table index is out of bounds/],
    [0, 2, /signature mismatch/],
  ] as const) {
    const pair = { params: [I32, I64], results: [I32, I64], code: [op.get, 0, op.get, 1] }
    // with W a function of one type is of the other's
    const arguments_ = type === 2 ? [op.get, 0, op.i64, 0] : [op.get, 0]
    const code = [...arguments_, op.i32, place, op.callIndirect, type, 0]
    const f = unary(type === 2 ? [...code, op.drop] : code, { export: 'f' })
    const started = start(build({ functions: [f, doubled, pair], ...first(1) }))
    const { error } = outcome(started, 'f', 1) as { error?: Error }
    assert.match(String(error?.message), words)
  }
})

test('the outside calls what stands in a table that it sees, and puts in what the guest calls', () => {
  const f = unary(callAt(0, 1), { export: 'f' })
  const exports = [[...text('t'), 1, 0]]
  const given = inBoth({ functions: [f, doubled, tripled], ...first(1), exports }, (started) => {
    const table = started.exports.t as {
      get(at: number): Export
      set(at: number, f: unknown): void
    }
    const before = [started.call('f', 7), table.get(0)(7)]
    table.set(0, started.exports.g)
    return [...before, started.call('f', 7)]
  })
  assert.deepEqual(given, [14, 14, 21])
})

test('a function of the host stands in a table beside one of the guest', () => {
  const imports = [{ module: 'host', name: 'see', params: [I32], results: [I32] }]
  const f = unary([...callAt(0, 0), ...callAt(1, 2), op.add], { export: 'f' })
  const elements = [[0, op.i32, 0, op.end, 2, 0, 2]]
  const host = { see: (value: number) => value + 100 }
  assert.equal(
    inBoth({ imports, functions: [f, doubled], ...TABLE, elements }, ({ call }) => call('f', 5), {
      host,
    }),
    115,
  )
})

test('a function that is exported and called through a table is called by both', () => {
  const f = unary([...callAt(0, 1), op.get, 0, op.call, 1, op.add], { export: 'f' })
  const parts = { functions: [f, tripled], ...first(1) }
  assert.deepEqual(
    inBoth(parts, ({ call }) => [call('f', 2), call('g', 2)]),
    [12, 6],
  )
})

test('a reference that the outside gets, as a result, an argument or a global, can be called', () => {
  const declared = { ...TABLE, elements: [[3, 0, 1, 1]] }
  const give = { results: [FUNCREF], code: [REF_FUNC, 1], export: 'r' }
  const result = inBoth({ functions: [give, doubled], ...declared }, ({ call }) =>
    (call('r') as Export)(4),
  )
  assert.equal(result, 8)

  const globals = [[FUNCREF, 1, REF_FUNC, 0, op.end]]
  const exports = [[...text('r'), 3, 0]]
  const global = inBoth({ functions: [doubled], globals, exports }, ({ exports }) =>
    (exports.r as { value: Export }).value(4),
  )
  assert.equal(global, 8)

  const imports = [{ module: 'host', name: 'take', params: [FUNCREF], results: [I32] }]
  const pass = { results: [I32], code: [REF_FUNC, 2, op.call, 0], export: 'p' }
  const elements = [[3, 0, 1, 2]]
  const argument = inBoth(
    { imports, functions: [pass, doubled], ...TABLE, elements },
    ({ call }) => call('p'),
    { host: { take: (called: Export) => called(4) } },
  )
  assert.equal(argument, 8)
})

test('a reference that the outside hands in is called as it is', () => {
  const put = [op.i32, 0, op.get, 0, TABLE_SET, 0]
  const code = [...put, op.i32, 6, op.i32, 0, op.callIndirect, 1, 0]
  const f = { params: [FUNCREF], results: [I32], code, export: 'f' }
  const parts = { functions: [f, tripled], ...TABLE }
  assert.equal(
    inBoth(parts, ({ call, exports }) => call('f', exports.g)),
    18,
  )
})
