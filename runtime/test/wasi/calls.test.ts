/** What every host call owes: an answer to anything, its price first, its words in the digest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBlock, sha256 } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { MeterStop } from '../../src/admission/meter.ts'
import { SIGNATURES, type WasiName } from '../../src/wasi/abi.ts'
import { GuestAbort } from '../../src/wasi/assemblyscript.ts'
import { OutputLimit } from '../../src/wasi/budget.ts'
import { GuestExit } from '../../src/wasi/host.ts'
import { BUFFER_AT, Caller, FD, MEMORY_BYTES, RESULT_AT } from './caller.ts'

const NAMES = Object.keys(SIGNATURES) as WasiName[]
const CLOCK_AT = 200_000
const NS = 1_000_000_000n

test('preview1 has 46 functions, and all are there', () => {
  assert.equal(NAMES.length, 46)
  const guest = new Caller()
  for (const name of NAMES) {
    assert.equal(typeof guest.host.imports.wasi_snapshot_preview1?.[name], 'function', name)
  }
})

const anyCall = fc
  .constantFrom(...NAMES)
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.tuple(...[...SIGNATURES[name]].map((letter) => (letter === 'i' ? anyI32 : anyI64))),
    ),
  )
const anyI32 = fc.oneof(
  fc.integer({ min: 0, max: 12 }),
  fc.constantFrom(0, 1024, MEMORY_BYTES - 1, MEMORY_BYTES, -1, 0x7fff_ffff, -0x8000_0000),
  fc.integer({ min: 0, max: MEMORY_BYTES + 8 }),
)
const anyI64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 12n }),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
)

test('no arguments make the host throw, and the same calls give the same digest and fuel', () => {
  const play = (calls: readonly (readonly [WasiName, readonly (number | bigint)[]])[]) => {
    const guest = new Caller({ files: [{ path: '/in/a', bytes: new Uint8Array(99) }] })
    for (let at = 0; at < 4096; at++) guest.bytes[at] = (at * 7) & 0x7f
    const answers = calls.map(([name, args]) => {
      try {
        return guest.call(name, ...args)
      } catch (thrown) {
        if (thrown instanceof GuestExit || thrown instanceof OutputLimit) return thrown.name
        throw thrown
      }
    })
    const { hostCallDigest } = guest.host.collect()
    return { answers, fuel: guest.meter.fuelUsed(), hostCallDigest }
  }
  fc.assert(
    fc.property(fc.array(anyCall, { maxLength: 40 }), (calls) => {
      const once = play(calls)
      assert(!once.answers.some((answer) => answer.startsWith('errno')), 'an errno with a name')
      assert.deepEqual(play(calls), once)
    }),
    { numRuns: 150 },
  )
})

test('a pointer outside the memory is EFAULT, up to the last byte that is inside', () => {
  const guest = new Caller()
  assert.equal(guest.call('clock_time_get', 0, 0n, MEMORY_BYTES - 8), 'SUCCESS')
  assert.equal(guest.call('clock_time_get', 0, 0n, MEMORY_BYTES - 7), 'FAULT')
  assert.equal(guest.call('random_get', -1, 1), 'FAULT')
  assert.equal(guest.call('random_get', 0, MEMORY_BYTES + 1), 'FAULT')
  assert.equal(guest.call('random_get', MEMORY_BYTES, 0), 'SUCCESS')
})

test('a call is paid before it acts: without the fuel nothing is done', () => {
  const free = new Caller()
  free.call('random_get', BUFFER_AT, 100_000)
  const price = free.meter.fuelUsed()
  assert(price > 100_000, 'bytes cost')
  const short = new Caller({ limits: { fuelMax: price - 1 } })
  assert.throws(() => short.call('random_get', BUFFER_AT, 100_000), MeterStop)
  assert(short.bytes.every((byte) => byte === 0))
  const exact = new Caller({ limits: { fuelMax: price } })
  assert.equal(exact.call('random_get', BUFFER_AT, 100_000), 'SUCCESS')
  assert.deepEqual(exact.bytes, free.bytes)
})

test('the digest is the sha-256 of one DAG-CBOR list per call, one after the other', () => {
  const guest = new Caller({ args: ['x'] })
  guest.call('args_sizes_get', 8, 16)
  guest.call('fd_close', 77)
  guest.call('fd_seek', FD.stdin, -1n, 0, 24)
  guest.call('random_get', BUFFER_AT, 20_000)
  const random = guest.bytes.slice(BUFFER_AT, BUFFER_AT + 20_000)
  assert.throws(() => guest.call('proc_exit', 3), GuestExit)
  const u32 = (value: number) => Uint8Array.of(value, 0, 0, 0)
  const wasi = 'wasi_snapshot_preview1'
  const texts = [
    [
      `${wasi}.args_sizes_get`,
      [8, 16],
      0,
      [
        [8, u32(2)],
        [16, u32(6)],
      ],
    ],
    [`${wasi}.fd_close`, [77], 8, []],
  ].map((entry) => encodeBlock(entry).bytes)
  // -1 as the unsigned i64 that it is: beyond 53 bits, so written by hand (RFC 8949 section 3)
  const seek = Buffer.concat([
    Buffer.from([0x84]),
    encodeBlock(`${wasi}.fd_seek`).bytes,
    Buffer.from([0x84, 0x00, 0x1b, ...new Uint8Array(8).fill(0xff), 0x00, 0x18, 24]),
    Buffer.from([0x18, 70, 0x80]),
  ])
  const rest = [
    [`${wasi}.random_get`, [BUFFER_AT, 20_000], 0, [[BUFFER_AT, random]]],
    [`${wasi}.proc_exit`, [3], null, []],
  ].map((entry) => encodeBlock(entry).bytes)
  const expected = sha256(Buffer.concat([...texts, seek, ...rest]))
  assert.deepEqual(guest.host.collect().hostCallDigest, expected)
})

test('a right that was given up is gone, and cannot be taken back', () => {
  const guest = new Caller()
  const fd = guest.open(FD.tmp, 'f', 1) as number
  const [write, read] = [1n << 6n, 1n << 1n]
  assert.equal(guest.call('fd_fdstat_set_rights', fd, write, 0n), 'SUCCESS')
  assert.equal(guest.write(fd, 1), 'SUCCESS')
  assert.equal(guest.call('fd_tell', fd, RESULT_AT), 'NOTCAPABLE')
  assert.equal(guest.call('fd_fdstat_set_rights', fd, write | read, 0n), 'NOTCAPABLE')
})

/** One clock subscription; `flags` 1 makes the time absolute. */
function clock(guest: Caller, index: number, userdata: bigint, time: bigint, flags = 0): void {
  const at = CLOCK_AT + index * 48
  guest.view.setBigUint64(at, userdata, true)
  guest.bytes[at + 8] = 0
  guest.view.setUint32(at + 16, 0, true)
  guest.view.setBigUint64(at + 24, time, true)
  guest.view.setUint16(at + 40, flags, true)
}

const eventsOf = (guest: Caller) =>
  Array.from({ length: guest.view.getUint32(RESULT_AT, true) }, (_, index) => [
    guest.view.getBigUint64(BUFFER_AT + index * 32, true),
    guest.view.getUint16(BUFFER_AT + index * 32 + 8, true),
  ])

function nowOf(guest: Caller): bigint {
  guest.call('clock_time_get', 0, 0n, 512)
  return guest.view.getBigUint64(512, true)
}

test('poll moves the clock to the nearest timer and tells of that one alone', () => {
  const guest = new Caller()
  const before = nowOf(guest)
  clock(guest, 0, 11n, 5n * NS)
  clock(guest, 1, 22n, 2n * NS)
  assert.equal(guest.call('poll_oneoff', CLOCK_AT, BUFFER_AT, 2, RESULT_AT), 'SUCCESS')
  assert.deepEqual(eventsOf(guest), [[22n, 0]])
  const passed = nowOf(guest) - before
  assert(passed > 2n * NS && passed < 2n * NS + 10_000n, `${passed} ns`)
})

test('an absolute timer in the past is due at once, and one for ever does not overflow', () => {
  const guest = new Caller()
  clock(guest, 0, 1n, 5n, 1)
  assert.equal(guest.call('poll_oneoff', CLOCK_AT, BUFFER_AT, 1, RESULT_AT), 'SUCCESS')
  assert.deepEqual(eventsOf(guest), [[1n, 0]])
  clock(guest, 0, 2n, (1n << 64n) - 1n)
  assert.equal(guest.call('poll_oneoff', CLOCK_AT, BUFFER_AT, 1, RESULT_AT), 'SUCCESS')
  assert.equal(nowOf(guest), (1n << 64n) - 1n)
  assert.equal(guest.call('poll_oneoff', CLOCK_AT, BUFFER_AT, 0, RESULT_AT), 'INVAL')
})

test('a ready descriptor comes before any timer; a closed one is an event with its error', () => {
  const guest = new Caller({ stdin: Buffer.from('abc') })
  const before = nowOf(guest)
  clock(guest, 0, 1n, NS)
  clock(guest, 1, 2n, 0n)
  guest.bytes[CLOCK_AT + 48 + 8] = 1 // read of descriptor 0
  clock(guest, 2, 3n, 0n)
  guest.bytes[CLOCK_AT + 96 + 8] = 2 // write
  guest.view.setUint32(CLOCK_AT + 96 + 16, 77, true)
  assert.equal(guest.call('poll_oneoff', CLOCK_AT, BUFFER_AT, 3, RESULT_AT), 'SUCCESS')
  assert.deepEqual(eventsOf(guest), [
    [2n, 0],
    [3n, 8],
  ])
  assert.equal(guest.view.getBigUint64(BUFFER_AT + 16, true), 3n, 'bytes that can be read')
  assert(nowOf(guest) - before < NS)
})

test('there are no sockets and no signals', () => {
  const guest = new Caller()
  assert.equal(guest.call('sock_shutdown', FD.stdout, 0), 'NOTSOCK')
  assert.equal(guest.call('sock_send', FD.stdout, 0, 0, 0, 0), 'NOTSOCK')
  assert.equal(guest.call('sock_recv', 99, 0, 0, 0, 0, 0), 'BADF')
  assert.equal(guest.call('sock_accept', 99, 0, RESULT_AT), 'BADF')
  assert.equal(guest.call('proc_raise', 9), 'NOTSUP')
})

test('AssemblyScript aborts with its message, traces to stderr, and has a clock and a seed', () => {
  const guest = new Caller({ clockMs: 1234 })
  const env = guest.host.imports.env as Record<string, (...args: number[]) => number>
  const put = (at: number, text: string) => {
    const bytes = Buffer.from(text, 'utf16le')
    guest.view.setUint32(at - 4, bytes.length, true)
    guest.bytes.set(bytes, at)
    return at
  }
  env.trace?.(put(3000, 'värde'), 2, 1.5, -0, 9, 9, 9)
  assert.equal(env['Date.now']?.(), 1234)
  const seed = env.seed?.() ?? Number.NaN
  assert(Number.isSafeInteger(seed) && seed !== env.seed?.())
  const where = put(4000, 'index.ts')
  assert.throws(() => env.abort?.(put(5000, 'no ballots'), where, 7, 3), GuestAbort)
  assert.throws(() => env.abort?.(-1, MEMORY_BYTES + 1, 0, 0), GuestAbort, 'pointers may lie')
  const { stderr } = guest.host.collect()
  assert.equal(
    Buffer.from(stderr).toString(),
    'trace: värde 1.5, 0\nabort: no ballots in index.ts:7:3\nabort: null in null:0:0\n',
  )
})
