import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admit } from '../../src/admission/admit.ts'
import { build, EMPTY, F64, FUNCREF, I32, I64, op, text, uleb, V128 } from './build.ts'
import { OPTIONS, start } from './run.ts'

const EXTERNREF = 0x6f

/** A module whose function `f` of one i32 gives an i32, run rewritten in both variants. */
function gives(code: number[], argument: number, parts: Parameters<typeof build>[0] = {}) {
  const functions = [
    { params: [I32], results: [I32], code, export: 'f' },
    ...(parts.functions ?? []),
  ]
  const bytes = build({ ...parts, functions })
  const [fast, exact] = (['fast', 'exact'] as const).map((variant) => {
    const started = start(bytes, { variant })
    return { result: started.call('f', argument), fuel: started.meter.fuelUsed() }
  })
  assert.deepEqual(fast, exact)
  return fast?.result
}

test('sign extension and saturating conversion', () => {
  assert.equal(gives([op.get, 0, 0xc0], 0x80), -128)
  assert.equal(gives([op.get, 0, 0xb7, 0xfc, 0x02], 7), 7)
})

test('numbers written longer than need be are worth and cost what short ones are', () => {
  const memory = [0, 1]
  const long = (byte: number) => [byte | 0x80, 0x80, 0x00]
  for (const number of [(byte: number) => [byte], long]) {
    const code = [
      ...[op.get, ...number(0), op.get, ...number(0), op.store, ...number(2), ...number(8)],
      ...[op.get, ...number(0), op.load, ...number(2), ...number(8), op.i32, ...number(5), op.add],
      ...[op.set, ...number(1), op.get, ...number(1), 0xfd, 0x11], // i32x4.splat
      ...[op.set, ...number(2), op.get, ...number(2), 0xfd, 0x1b, 3], // i32x4.extract_lane 3
    ]
    const bytes = build({
      memory,
      functions: [{ params: [I32], results: [I32], locals: [I32, V128], code, export: 'f' }],
    })
    for (const variant of ['fast', 'exact'] as const) {
      const started = start(bytes, { variant })
      const atStart = started.meter.fuelUsed()
      assert.equal(started.call('f', 37), 42)
      assert.equal(started.meter.fuelUsed() - atStart, 13)
    }
  }
})

test('several results, of functions and of blocks', () => {
  const pair = {
    params: [I32],
    results: [I32, I32],
    code: [op.get, 0, op.get, 0, op.i32, 1, op.add],
  }
  assert.equal(gives([op.get, 0, op.call, 1, op.mul], 6, { functions: [pair] }), 42)
  assert.equal(
    gives([op.get, 0, op.block, 1, op.i32, 3, op.end, op.mul], 5, {
      functions: [{ ...pair, code: [op.get, 0, op.get, 0] }],
    }),
    15,
  )
})

test('bulk memory, with passive segments', () => {
  const fill = [op.i32, 8, op.i32, 7, op.get, 0, 0xfc, 11, 0]
  const copy = [op.i32, 32, op.i32, 8, op.get, 0, 0xfc, 10, 0, 0]
  const load = [op.i32, 33, 0x2d, 0, 0]
  assert.equal(gives([...fill, ...copy, ...load], 4, { memory: [0, 1] }), 7)
})

test('reference types: tables of references, null, table.grow and table.size', () => {
  const grow = [0xd0, EXTERNREF, op.get, 0, 0xfc, 15, 0, op.drop, 0xfc, 16, 0]
  assert.equal(gives(grow, 5, { tables: [[EXTERNREF, 0, 2]] }), 7)
})

test('function references that are called through a table', () => {
  const doubled = { params: [I32], results: [I32], code: [op.get, 0, op.i32, 2, op.mul] }
  const call = [op.get, 0, op.i32, 0, op.callIndirect, 1, 0]
  assert.equal(
    gives(call, 21, {
      functions: [doubled],
      tables: [[FUNCREF, 0, 1]],
      elements: [[0, op.i32, 0, op.end, 1, 1]],
    }),
    42,
  )
})

test('a function called directly, through a table and by its export keeps one meaning', () => {
  const doubled = {
    params: [I32],
    results: [I32],
    code: [op.get, 0, op.i32, 2, op.mul],
    export: 'g',
  }
  const both = [op.get, 0, op.call, 1, op.get, 0, op.i32, 0, op.callIndirect, 1, 0, op.add]
  const parts = { tables: [[FUNCREF, 0, 1]], elements: [[0, op.i32, 0, op.end, 1, 1]] }
  assert.equal(gives(both, 10, { functions: [doubled], ...parts }), 40)
  const bytes = build({ functions: [doubled], ...parts, elements: [[0, op.i32, 0, op.end, 1, 0]] })
  assert.equal(start(bytes).call('g', 4), 8)
})

test('SIMD', () => {
  const sum = [op.get, 0, 0xfd, 17, op.get, 0, 0xfd, 17, 0xfd, ...uleb(174), 0xfd, 27, 3]
  assert.equal(gives(sum, 4), 8)
})

test('mutable globals and extended constants, at their new numbers', () => {
  const globals = [
    [I32, 0, op.i32, 20, op.end],
    [I32, 1, op.globalGet, 0, op.i32, 2, op.mul, op.i32, 1, op.add, op.end],
  ]
  const raise = [op.globalGet, 1, op.get, 0, op.add, op.globalSet, 1, op.globalGet, 1]
  assert.equal(gives(raise, 1, { globals, exports: [[...text('g'), 3, 1]] }), 42)
})

test('branches that leave the function, from a block and from a table of labels', () => {
  assert.equal(gives([op.get, 0, op.get, 0, op.brIf, 0, op.drop, op.i32, 9], 0), 9)
  assert.equal(gives([op.get, 0, op.get, 0, op.brIf, 0, op.drop, op.i32, 9], 3), 3)
  const table = [op.block, EMPTY, op.i32, 5, op.get, 0, 0x0e, 1, 1, 1, op.end, op.i32, 6]
  assert.equal(gives(table, 0), 5)
})

test('code that cannot be reached, whatever stands in it', () => {
  const dead = [op.unreachable, op.add, op.call, 0, op.drop, op.block, EMPTY, op.end]
  assert.equal(
    gives([op.get, 0, op.if, EMPTY, op.i32, 7, op.return, ...dead, op.end, op.i32, 8], 1),
    7,
  )
  const globals = [[I32, 0, op.i32, 1, op.end]]
  const unseen = [op.globalGet, 0, op.eqz, op.call, 0, op.drop]
  for (const branch of [
    [op.br, 0],
    [op.get, 0, 0x0e, 1, 0, 0],
  ])
    assert.equal(
      gives([op.block, EMPTY, ...branch, ...unseen, op.end, op.i32, 9], 1, { globals }),
      9,
    )
})

test('locals in groups, empty ones too, of a function that is called directly', () => {
  const groups = [
    [0, F64],
    [2, I64],
    [0, I32],
    [1, F64],
    [1, I32],
  ]
  const wide = [op.i64, 40, op.tee, 1, op.tee, 2, op.set, 2, op.get, 0, op.set, 4]
  const sum = [op.get, 1, op.get, 2, 0x7c, 0xa7, op.get, 4, op.add, op.get, 3, 0xaa, op.add]
  const f = { params: [I32], results: [I32], groups, code: [...wide, ...sum] }
  assert.equal(gives([op.get, 0, op.call, 1], 2, { functions: [f] }), 82)
})

test('numbers of 64 bits and floats as parameters and results', () => {
  const bytes = build({
    functions: [
      { params: [I64, F64], results: [F64, I64], code: [op.get, 1, op.get, 0], export: 'f' },
    ],
  })
  assert.deepEqual(start(bytes).call('f', 5n, 1.5), [1.5, 5n])
})

test('vectors in locals, parameters and blocks', () => {
  const id = { params: [V128], results: [V128], code: [op.get, 0] }
  assert.equal(gives([op.get, 0, 0xfd, 17, op.call, 1, 0xfd, 27, 2], 11, { functions: [id] }), 11)
})

test('says what the module imports and exports, and the memory it begins with', () => {
  const bytes = build({
    imports: [{ module: 'host', name: 'see', params: [I32] }],
    functions: [{ code: [], export: 'run' }],
    memory: [0, 3],
    exports: [[...text('memory'), 2, 0]],
  })
  const { imports, exports, memoryPagesMin } = admit(bytes, OPTIONS)
  assert.deepEqual(imports, [{ module: 'host', name: 'see', kind: 'function' }])
  assert.deepEqual(exports, [
    { name: 'run', kind: 'function' },
    { name: 'memory', kind: 'memory' },
  ])
  assert.equal(memoryPagesMin, 3)
})

test('an empty module, and one of custom sections alone', () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  for (const bytes of [header, [...header, 0, 3, 1, 0x78, 9]]) {
    assert.equal(admit(new Uint8Array(bytes), OPTIONS).memoryPagesMin, 0)
  }
})

test('the same bytes admitted twice give the same bytes, and the input is left alone', () => {
  const bytes = build({ functions: [{ results: [I32], code: [op.i32, 1], export: 'f' }] })
  const before = bytes.slice()
  assert.deepEqual(admit(bytes, OPTIONS), admit(bytes, OPTIONS))
  assert.deepEqual(bytes, before)
})

test('what was admitted stays as it was when another module is', () => {
  const [one, other] = [1, 2].map((value) =>
    build({ functions: [{ results: [I32], code: [op.i32, value], export: 'f' }] }),
  ) as [Uint8Array, Uint8Array]
  const admitted = admit(one, OPTIONS).bytes
  const before = admitted.slice()
  assert.notDeepEqual(admit(other, OPTIONS).bytes, before)
  assert.deepEqual(admitted, before)
})
