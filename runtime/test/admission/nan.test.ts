import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build, F32, F64, I32, I64, op, uleb, V128 } from './build.ts'
import { start } from './run.ts'

const F64_NAN = 0x7ff8000000000000n
const F32_NAN = 0x7fc00000

/** Bits of a NaN with a sign and a payload, as f64 and f32 constants. */
const ODD_F64 = [0x44, 1, 2, 3, 4, 5, 6, 0xfc, 0xff]
const ODD_F32 = [0x43, 1, 2, 0xe3, 0xff]
const ONE_F64 = [0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]
const ONE_F32 = [0x43, 0, 0, 0x80, 0x3f]

function bits(type: number, code: number[], locals: number[] = []): unknown {
  const show = type === I64 ? [0xbd] : [0xbc]
  const bytes = build({
    functions: [{ results: [type], locals, code: [...code, ...show], export: 'f' }],
  })
  const [fast, exact] = (['fast', 'exact'] as const).map((variant) =>
    start(bytes, { variant }).call('f'),
  )
  assert.equal(fast, exact)
  return fast
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

test('every arithmetic of f64 gives the canonical NaN', () => {
  for (const code of range(0x9b, 0x9f)) assert.equal(bits(I64, [...ODD_F64, code]), F64_NAN)
  for (const code of range(0xa0, 0xa5)) {
    assert.equal(bits(I64, [...ODD_F64, ...ONE_F64, code]), F64_NAN)
    assert.equal(bits(I64, [...ONE_F64, ...ODD_F64, code]), F64_NAN)
  }
  assert.equal(bits(I64, [...ODD_F32, 0xbb]), F64_NAN)
})

test('every arithmetic of f32 gives the canonical NaN', () => {
  for (const code of range(0x8d, 0x91)) assert.equal(bits(I32, [...ODD_F32, code]), F32_NAN)
  for (const code of range(0x92, 0x97)) {
    assert.equal(bits(I32, [...ODD_F32, ...ONE_F32, code]), F32_NAN)
    assert.equal(bits(I32, [...ONE_F32, ...ODD_F32, code]), F32_NAN)
  }
  assert.equal(bits(I32, [...ODD_F64, 0xb6]), F32_NAN)
})

test('a NaN made from numbers is canonical: 0/0, the root of -1', () => {
  const zero = [0x44, 0, 0, 0, 0, 0, 0, 0, 0]
  assert.equal(bits(I64, [...zero, ...zero, 0xa3]), F64_NAN)
  assert.equal(bits(I64, [...ONE_F64, 0x9a, 0x9f]), F64_NAN)
})

test('what is no arithmetic keeps the bits: loads, moves, sign operations', () => {
  assert.equal(bits(I64, ODD_F64), BigInt.asIntN(64, 0xfffc060504030201n))
  assert.equal(bits(I64, [...ODD_F64, 0x9a]), 0x7ffc060504030201n)
  assert.equal(bits(I64, [...ODD_F64, op.set, 0, op.get, 0], [F64]), bits(I64, ODD_F64))
})

test('arithmetic that feeds arithmetic need not be canonical, what can be seen must', () => {
  const sum = [...ODD_F64, ...ONE_F64, 0xa0]
  // Through a local that is read as a number and, later, for its bits.
  assert.equal(bits(I64, [...sum, op.tee, 0, ...ONE_F64, 0xa0, op.drop, op.get, 0], [F64]), F64_NAN)
  // Through two locals and a sign, which shows.
  const moved = [...sum, op.set, 0, op.get, 0, op.set, 1, op.get, 1, 0x99]
  assert.equal(bits(I64, moved, [F64, F64]), F64_NAN)
  // Through a block, a select and a chain of sums.
  assert.equal(bits(I64, [op.block, F64, ...sum, op.end]), F64_NAN)
  assert.equal(bits(I64, [...sum, ...ONE_F64, op.i32, 1, 0x1b]), F64_NAN)
  assert.equal(bits(I64, [...sum, ...ONE_F64, 0xa0, ...ONE_F64, 0xa2]), F64_NAN)
})

test('parameters, results, globals and memory never show a NaN that is not canonical', () => {
  const sum = [...ODD_F32, ...ONE_F32, 0x92]
  const show = { params: [F32], results: [I32], code: [op.get, 0, 0xbc] }
  const give = { results: [F32], code: sum }
  const functions = [
    { results: [I32], code: [...sum, op.call, 4], export: 'parameter' },
    { results: [I32], code: [op.call, 5, 0xbc], export: 'result' },
    { results: [I32], code: [...sum, op.globalSet, 0, op.globalGet, 0, 0xbc], export: 'global' },
    {
      results: [I32],
      code: [op.i32, 0, ...sum, 0x38, 2, 0, op.i32, 0, op.load, 2, 0],
      export: 'memory',
    },
    show,
    give,
  ]
  const globals = [[F32, 1, 0x43, 0, 0, 0, 0, op.end]]
  const started = start(build({ functions, globals, memory: [0, 1] }))
  for (const name of ['parameter', 'result', 'global', 'memory'])
    assert.equal(started.call(name), F32_NAN, name)
})

test('every lane of a vector is canonical, also when seen in another shape', () => {
  const odd = [0xfd, 12, 1, 2, 0xe3, 0xff, 0, 0, 0x80, 0x3f, 1, 2, 0xe3, 0xff, 3, 4, 0xe5, 0x7f]
  const lane = (index: number) => [0xfd, 27, index]
  const i32 = (code: number[], locals: number[] = []) => {
    const bytes = build({ functions: [{ results: [I32], locals, code, export: 'f' }] })
    return start(bytes).call('f')
  }
  for (const sub of [103, 104, 105, 106, 227]) {
    assert.equal(i32([...odd, 0xfd, ...uleb(sub), ...lane(0)]), F32_NAN)
    assert.equal(i32([...odd, 0xfd, ...uleb(sub), ...lane(3)]), F32_NAN)
  }
  for (const sub of [228, 229, 230, 231, 232, 233])
    assert.equal(i32([...odd, ...odd, 0xfd, ...uleb(sub), ...lane(2)]), F32_NAN)
  const wide = [0xfd, 12, ...ODD_F64.slice(1), ...ONE_F64.slice(1)]
  for (const sub of [239, 116, 117, 122, 148])
    assert.equal(i32([...wide, 0xfd, ...uleb(sub), ...lane(1)]), 0x7ff80000)
  // The low half of an f64 NaN is an ordinary f32: it must be canonical before it is added as one.
  const added = [...wide, ...wide, 0xfd, ...uleb(240)]
  const zeros = [0xfd, 12, ...new Array<number>(16).fill(0)]
  assert.equal(i32([...added, ...zeros, 0xfd, ...uleb(228), ...lane(0)]), 0)
  assert.equal(
    i32([...added, op.set, 0, op.get, 0, ...zeros, 0xfd, ...uleb(228), ...lane(0)], [V128]),
    0,
  )
})
