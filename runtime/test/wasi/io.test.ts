/** Reading, writing and standing somewhere in an open file: offsets, vectors, flags, times. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import { Budget } from '../../src/wasi/budget.ts'
import { Tree } from '../../src/wasi/tree.ts'
import { BUFFER_AT, Caller, FD, MEMORY_BYTES, RESULT_AT, STAT_AT } from './caller.ts'

const CREATE = 1
const WHENCE = { set: 0, current: 1, end: 2 } as const
const APPEND = 1
const VECTORS_AT = 300_000

/** A file of /tmp that says so, opened with every right. */
function opened(says: string): { guest: Caller; fd: number } {
  const guest = new Caller({ stdin: Buffer.from('typed') })
  const fd = guest.open(FD.tmp, 'file', CREATE) as number
  put(guest, fd, says)
  return { guest, fd }
}

function vectors(guest: Caller, spans: readonly (readonly [pointer: number, length: number])[]) {
  for (const [index, [pointer, length]] of spans.entries()) {
    guest.view.setUint32(VECTORS_AT + index * 8, pointer, true)
    guest.view.setUint32(VECTORS_AT + index * 8 + 4, length, true)
  }
  return [VECTORS_AT, spans.length] as const
}

function put(guest: Caller, fd: number, text: string, offset?: bigint): string {
  guest.bytes.set(Buffer.from(text), BUFFER_AT)
  const given = vectors(guest, [[BUFFER_AT, text.length]])
  if (offset === undefined) return guest.call('fd_write', fd, ...given, RESULT_AT)
  return guest.call('fd_pwrite', fd, ...given, offset, RESULT_AT)
}

/** What is read, at an offset or where the descriptor stands; or the errno. */
function get(guest: Caller, fd: number, size: number, offset?: bigint): string {
  const given = vectors(guest, [[BUFFER_AT, size]])
  const errno =
    offset === undefined
      ? guest.call('fd_read', fd, ...given, RESULT_AT)
      : guest.call('fd_pread', fd, ...given, offset, RESULT_AT)
  if (errno !== 'SUCCESS') return errno
  const count = guest.view.getUint32(RESULT_AT, true)
  return Buffer.from(guest.bytes.subarray(BUFFER_AT, BUFFER_AT + count)).toString()
}

function seek(guest: Caller, fd: number, delta: bigint, whence: number): bigint | string {
  const errno = guest.call('fd_seek', fd, delta, whence, RESULT_AT)
  return errno === 'SUCCESS' ? guest.view.getBigUint64(RESULT_AT, true) : errno
}

const sizeOf = (guest: Caller) => (guest.stat(FD.tmp, 'file') as { size: number }).size

test('a position is moved from the start, from itself and from the end, not before the start', () => {
  const { guest, fd } = opened('0123456789')
  assert.equal(seek(guest, fd, 4n, WHENCE.set), 4n)
  assert.equal(seek(guest, fd, -1n, WHENCE.current), 3n)
  assert.equal(get(guest, fd, 2), '34')
  assert.equal(seek(guest, fd, -2n, WHENCE.end), 8n)
  assert.equal(get(guest, fd, 9), '89')
  assert.equal(get(guest, fd, 9), '', 'the end')
  assert.equal(seek(guest, fd, -11n, WHENCE.end), 'INVAL')
  assert.equal(seek(guest, fd, 0n, 3), 'INVAL')
  assert.equal(seek(guest, fd, 1n << 62n, WHENCE.set), 'OVERFLOW')
  assert.equal(guest.call('fd_tell', fd, RESULT_AT), 'SUCCESS')
  assert.equal(guest.view.getBigUint64(RESULT_AT, true), 10n, 'a refused move moves nothing')
})

test('what is read and written at an offset leaves the position alone', () => {
  const { guest, fd } = opened('0123456789')
  assert.equal(get(guest, fd, 3, 4n), '456')
  assert.equal(put(guest, fd, 'ab', 1n), 'SUCCESS')
  assert.equal(get(guest, fd, 4, 0n), '0ab3')
  assert.equal(get(guest, fd, 4, 10n), '')
  assert.equal(get(guest, fd, 4, (1n << 63n) - 1n), '')
  assert.equal(get(guest, fd, 4, 1n << 63n), 'INVAL')
  assert.equal(put(guest, fd, 'x', 1n << 63n), 'INVAL')
  assert.equal(put(guest, fd, 'x', (1n << 63n) - 1n), 'FBIG')
  assert.equal(seek(guest, fd, 0n, WHENCE.current), 10n)
  assert.equal(put(guest, fd, 'end', 12n), 'SUCCESS')
  assert.equal(get(guest, fd, 9, 9n), '9\0\0end', 'a gap reads as zeros')
})

test('vectors are filled in their order, the last one to where the content ends', () => {
  const { guest, fd } = opened('abcdefgh')
  const spans = vectors(guest, [
    [BUFFER_AT, 2],
    [BUFFER_AT + 100, 0],
    [BUFFER_AT + 1, 3], // lies over the first
    [BUFFER_AT + 10, 9],
  ])
  assert.equal(guest.call('fd_pread', fd, ...spans, 0n, RESULT_AT), 'SUCCESS')
  assert.equal(guest.view.getUint32(RESULT_AT, true), 8)
  const text = (at: number, size: number) => Buffer.from(guest.bytes.subarray(at, at + size))
  assert.equal(text(BUFFER_AT, 4).toString(), 'acde')
  assert.equal(text(BUFFER_AT + 10, 3).toString(), 'fgh')
})

test('vectors beyond memory, too many or too long are refused, and nothing is read or moved', () => {
  const { guest, fd } = opened('abc')
  const read = (at: number, count: number) => guest.call('fd_read', fd, at, count, RESULT_AT)
  seek(guest, fd, 0n, WHENCE.set)
  vectors(
    guest,
    Array.from({ length: LIMITS.iovecsMax + 1 }, () => [BUFFER_AT, 0] as const),
  )
  assert.equal(read(VECTORS_AT, LIMITS.iovecsMax), 'SUCCESS')
  assert.equal(read(VECTORS_AT, LIMITS.iovecsMax + 1), 'INVAL')
  assert.equal(read(VECTORS_AT, 0x8000_0000), 'INVAL')
  assert.equal(read(MEMORY_BYTES - 8, 2), 'FAULT')
  assert.equal(read(MEMORY_BYTES - 7, 1), 'FAULT')
  assert.equal(read(-1, 1), 'FAULT')
  assert.equal(read(-1, 0), 'SUCCESS', 'none are looked at')
  vectors(guest, [
    [BUFFER_AT, 1],
    [MEMORY_BYTES - 1, 2],
  ])
  assert.equal(read(VECTORS_AT, 2), 'FAULT')
  assert.equal(guest.call('fd_read', fd, VECTORS_AT, 1, MEMORY_BYTES - 3), 'FAULT')
  assert.equal(get(guest, fd, 9), 'abc')
})

test('with APPEND every write goes to the end, and the flag can be set and taken back', () => {
  const { guest, fd } = opened('abc')
  seek(guest, fd, 0n, WHENCE.set)
  assert.equal(guest.call('fd_fdstat_set_flags', fd, APPEND), 'SUCCESS')
  put(guest, fd, 'd')
  put(guest, fd, 'e', 0n)
  assert.equal(get(guest, fd, 9, 0n), 'abcde')
  assert.equal(seek(guest, fd, 0n, WHENCE.current), 4n, 'where the last write of its own ended')
  assert.equal(guest.call('fd_fdstat_set_flags', fd, 32), 'INVAL')
  assert.equal(guest.call('fd_fdstat_set_flags', fd, 0), 'SUCCESS')
  seek(guest, fd, 0n, WHENCE.set)
  put(guest, fd, 'A')
  assert.equal(get(guest, fd, 9, 0n), 'Abcde')
  assert.equal(guest.call('fd_fdstat_get', fd, STAT_AT), 'SUCCESS')
  assert.deepEqual([guest.bytes[STAT_AT], guest.bytes[STAT_AT + 2]], [4, 0], 'a file, no flags')
})

test('a size is set, allocated, and never made smaller by allocating', () => {
  const { guest, fd } = opened('abc')
  const setSize = (size: bigint) => guest.call('fd_filestat_set_size', fd, size)
  const allocate = (offset: bigint, size: bigint) => guest.call('fd_allocate', fd, offset, size)
  assert.equal(setSize(1n), 'SUCCESS')
  assert.equal(setSize(4n), 'SUCCESS')
  assert.equal(get(guest, fd, 9, 0n), 'a\0\0\0', 'what was cut off is gone')
  assert.equal(setSize(1n << 63n), 'INVAL')
  assert.equal(setSize((1n << 63n) - 1n), 'FBIG')
  assert.equal(setSize(BigInt(LIMITS.guestFileBytesMax) + 1n), 'NOSPC')
  assert.equal(allocate(2n, 1n), 'SUCCESS')
  assert.equal(sizeOf(guest), 4)
  assert.equal(allocate(4n, 6n), 'SUCCESS')
  assert.equal(sizeOf(guest), 10)
  assert.equal(allocate(0n, 0n), 'INVAL')
  assert.equal(allocate((1n << 63n) - 1n, 1n), 'FBIG')
  assert.equal(guest.call('fd_advise', fd, 0n, 4n, 5), 'SUCCESS')
  assert.equal(guest.call('fd_advise', fd, 0n, 4n, 6), 'INVAL')
  for (const name of ['fd_sync', 'fd_datasync'] as const) {
    assert.equal(guest.call(name, fd), 'SUCCESS')
    assert.equal(guest.call(name, FD.tmp), 'SUCCESS')
    assert.equal(guest.call(name, FD.stdout), 'INVAL')
  }
})

test('a stream has no position and no size, is read or written, and is no terminal', () => {
  const { guest } = opened('')
  assert.equal(seek(guest, FD.stdin, 0n, WHENCE.current), 'SPIPE')
  assert.equal(guest.call('fd_tell', FD.stdout, RESULT_AT), 'SPIPE')
  assert.equal(get(guest, FD.stdin, 9, 0n), 'SPIPE')
  assert.equal(put(guest, FD.stdout, 'x', 0n), 'SPIPE')
  assert.equal(guest.call('fd_allocate', FD.stdout, 0n, 1n), 'SPIPE')
  assert.equal(guest.call('fd_advise', FD.stdout, 0n, 1n, 0), 'BADF')
  assert.equal(guest.call('fd_filestat_set_size', FD.stdout, 0n), 'INVAL')
  assert.equal(put(guest, FD.stdin, 'x'), 'BADF')
  assert.equal(get(guest, FD.stdout, 9), 'BADF')
  assert.equal(get(guest, FD.stdin, 3), 'typ')
  assert.equal(get(guest, FD.stdin, 9), 'ed')
  assert.equal(get(guest, FD.stdin, 9), '')
  guest.call('fd_fdstat_get', FD.stdout, STAT_AT)
  assert.equal(guest.bytes[STAT_AT], 0, 'unknown: neither file nor terminal')
  assert.equal(guest.call('fd_prestat_get', FD.stdout, RESULT_AT), 'BADF')
})

test('times are set to what is asked or to now, which the clock of the guest says', () => {
  const { guest, fd } = opened('abc')
  const times = () => {
    guest.call('fd_filestat_get', fd, STAT_AT)
    return [40, 48].map((at) => guest.view.getBigUint64(STAT_AT + at, true))
  }
  const set = (flags: number) => guest.call('fd_filestat_set_times', fd, 11n, 22n, flags)
  const before = times()
  assert.equal(set(0), 'SUCCESS')
  assert.deepEqual(times(), before)
  assert.equal(set(1 | 4), 'SUCCESS')
  assert.deepEqual(times(), [11n, 22n])
  guest.call('clock_time_get', 0, 0n, RESULT_AT)
  const now = guest.view.getBigUint64(RESULT_AT, true)
  assert.equal(set(2), 'SUCCESS')
  const [accessed = 0n, modified] = times()
  assert(accessed > now && accessed < now + 10_000n, 'the clock runs with fuel alone')
  assert.equal(modified, 22n)
  for (const flags of [3, 12, 16]) assert.equal(set(flags), 'INVAL')
  guest.symlink('file', FD.tmp, 'link')
  const given = [...guest.path1('link'), 33n, 44n, 5] as const
  assert.equal(guest.call('path_filestat_set_times', FD.tmp, 0, ...given), 'SUCCESS')
  assert.deepEqual(times().at(1), 22n, 'the link itself')
  assert.equal(guest.call('path_filestat_set_times', FD.tmp, 1, ...given), 'SUCCESS')
  assert.deepEqual(times(), [33n, 44n])
})

test('there are four clocks, which tick by the nanosecond', () => {
  const guest = new Caller({ clockMs: 5 })
  for (const clock of [0, 1, 2, 3]) {
    assert.equal(guest.call('clock_res_get', clock, RESULT_AT), 'SUCCESS')
    assert.equal(guest.view.getBigUint64(RESULT_AT, true), 1n)
    assert.equal(guest.call('clock_time_get', clock, 0n, RESULT_AT), 'SUCCESS')
    const fuel = BigInt(guest.meter.fuelUsed())
    const start = clock < 2 ? 5_000_000n : 0n
    assert.equal(guest.view.getBigUint64(RESULT_AT, true), start + fuel)
  }
  assert.equal(guest.call('clock_res_get', 4, RESULT_AT), 'INVAL')
  assert.equal(guest.call('clock_time_get', 4, 0n, RESULT_AT), 'INVAL')
})

test('a file that is cut gives back what it held', () => {
  const tree = new Tree(
    new Budget(0),
    () => 0n,
    () => {},
  )
  const file = tree.makeFile(tree.root, 'file')
  tree.resize(file, 1_000_000)
  tree.resize(file, 300_000)
  assert.equal(file.bytes.length, 1_000_000, 'a file that may grow again is not moved about')
  tree.resize(file, 1000)
  assert.equal(file.bytes.length, 1000)
})
