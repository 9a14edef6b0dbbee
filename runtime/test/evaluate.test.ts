/** Compiled CCL documents: what they ask for comes out as data, and nothing else gets out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Code, encodeBlock, LIMITS, Refusal } from '@planetary-mesh/spec'
import { evaluate } from '../src/index.ts'
import { guest } from './run-input.ts'

const FUEL = { fuelMax: 100_000_000 }
const I32 = 0x7f
const DATA_AT = 16
const CALL = 0x10
const UNREACHABLE = 0x00
const DROP = 0x1a
const END = 0x0b
const I32_CONST = 0x41
const SPIN = [0x03, 0x40, 0x0c, 0x00, END, UNREACHABLE]

const request = {
  wasm_cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  description: 'Analyze cooperative voting patterns',
  resource_type: 'compute',
  resource_amount: 100,
  priority: 'medium',
}

/** Signed LEB128, as the constants of instructions are. */
function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const last = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)
  return last ? [low] : [low | 0x80, ...signed(rest)]
}

const unsigned = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
const section = (id: number, body: number[]) => [id, ...unsigned(body.length), ...body]
const name = (text: string) => [text.length, ...Buffer.from(text)]
const constant = (value: number) => [I32_CONST, ...signed(value)]
const submit = (pointer: number, length: number) => [
  ...constant(pointer),
  ...constant(length),
  CALL,
  0,
]

/** A program whose memory holds `data` at DATA_AT and whose `run` does `code`, giving an i32. */
function program(
  code: number[],
  data: Uint8Array = new Uint8Array(0),
  options: { importName?: string; runName?: string; results?: number[] } = {},
): Uint8Array {
  const body = [0, ...code, END]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 2, I32, I32, ...(options.results ?? [1, I32]), 0x60, 0, 1, I32]),
    ...section(2, [1, ...name('mesh'), ...name(options.importName ?? 'host_submit_job'), 0, 0]),
    ...section(3, [1, 1]),
    ...section(5, [1, 1, 1, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name(options.runName ?? 'run'), 0, 1]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
    ...section(11, [1, 0, ...constant(DATA_AT), END, ...unsigned(data.length), ...data]),
  ])
}

const submitting = (value: unknown) => {
  const { bytes } = encodeBlock(value)
  return program(submit(DATA_AT, bytes.length), bytes)
}

const refused = (action: () => unknown, code: Code, words: RegExp) =>
  assert.throws(action, (thrown) => {
    assert(thrown instanceof Refusal, String(thrown))
    assert.equal(thrown.code, code, thrown.detail)
    assert.match(thrown.detail, words)
    return true
  })

test('the requests of a program come out in its order', () => {
  assert.deepEqual(evaluate(submitting(request), FUEL), [request])
  const { bytes } = encodeBlock(request)
  const twice = [...submit(DATA_AT, bytes.length), DROP, ...submit(DATA_AT, bytes.length)]
  assert.deepEqual(evaluate(program(twice, bytes), FUEL), [request, request])
})

test('a program may ask for nothing', () => {
  assert.deepEqual(evaluate(program(constant(0)), FUEL), [])
})

test('a request that is none is refused', () => {
  refused(
    () => evaluate(submitting({ ...request, priority: 'urgent' }), FUEL),
    'RECORD_MALFORMED',
    /priority/,
  )
  refused(() => evaluate(submitting({ ...request, more: 1 }), FUEL), 'RECORD_MALFORMED', /more/)
  refused(() => evaluate(submitting('text'), FUEL), 'RECORD_MALFORMED', /object/)
  const notCbor = program(submit(DATA_AT, 3), Buffer.from([0xff, 0xff, 0xff]))
  refused(() => evaluate(notCbor, FUEL), 'BLOCK_MALFORMED', /./)
  const unsorted = Buffer.from('a2616201616102', 'hex') // {b: 1, a: 2}
  refused(() => evaluate(program(submit(DATA_AT, 7), unsorted), FUEL), 'BLOCK_NOT_CANONICAL', /./)
})

test('a request outside the memory, or of any length, is refused', () => {
  const page = 65_536
  refused(() => evaluate(program(submit(page - 2, 3)), FUEL), 'MESSAGE_MALFORMED', /outside/)
  refused(() => evaluate(program(submit(-8, 8)), FUEL), 'MESSAGE_MALFORMED', /outside/)
  refused(() => evaluate(program(submit(0, -1)), FUEL), 'BLOCK_TOO_LARGE', /bytes/)
})

test('requestsMax requests are taken, one more is refused', () => {
  const { bytes } = encodeBlock(request)
  const times = (count: number) =>
    program(
      Array.from({ length: count }, (_, index) => [
        ...(index === 0 ? [] : [DROP]),
        ...submit(DATA_AT, bytes.length),
      ]).flat(),
      bytes,
    )
  assert.equal(evaluate(times(LIMITS.requestsMax), FUEL).length, LIMITS.requestsMax)
  refused(() => evaluate(times(LIMITS.requestsMax + 1), FUEL), 'LIMIT_EXCEEDED', /requests/)
})

test('a program that spins, traps or gives up has failed', () => {
  refused(() => evaluate(program(SPIN), FUEL), 'PROGRAM_FAILED', /out-of-fuel/)
  refused(() => evaluate(program([UNREACHABLE]), FUEL), 'PROGRAM_FAILED', /unreachable/)
  refused(() => evaluate(program(constant(7)), FUEL), 'PROGRAM_FAILED', /answered 7/)
  refused(() => evaluate(submitting(request), { fuelMax: 10 }), 'PROGRAM_FAILED', /fuel/)
})

test('what imports or exports anything else is no CCL program', () => {
  const other = program(constant(0), undefined, { importName: 'host_take_all' })
  refused(() => evaluate(other, FUEL), 'IMPORT_REFUSED', /nothing but mesh.host_submit_job/)
  const untyped = program([...submit(0, 0), ...constant(0)], undefined, { results: [0] })
  refused(() => evaluate(untyped, FUEL), 'IMPORT_REFUSED', /type/)
  refused(() => evaluate(guest('echo'), FUEL), 'IMPORT_REFUSED', /wasi_snapshot_preview1/)
  const nameless = program(constant(0), undefined, { runName: 'walk' })
  refused(() => evaluate(nameless, FUEL), 'MODULE_REFUSED', /'run'/)
  refused(() => evaluate(Buffer.from('job'), FUEL), 'MODULE_REFUSED', /WebAssembly/)
})
