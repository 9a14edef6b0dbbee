/** Rights: what a descriptor may do and pass on, which only ever becomes less. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIRECTORY_RIGHTS, FILE_RIGHTS, RIGHTS } from '../../src/wasi/abi.ts'
import { Caller, FD, RESULT_AT, STAT_AT } from './caller.ts'

const CREATE = 1
const EVERY_BIT = (1n << 64n) - 1n
const { FD_READ, FD_SEEK, FD_TELL, FD_WRITE, PATH_CREATE_FILE, PATH_OPEN } = RIGHTS

const rightsOf = (guest: Caller, fd: number) => {
  assert.equal(guest.call('fd_fdstat_get', fd, STAT_AT), 'SUCCESS')
  return [8, 16].map((at) => guest.view.getBigUint64(STAT_AT + at, true))
}

test('a preopened directory may do all that directories can, and pass on what files can', () => {
  const guest = new Caller()
  assert.deepEqual(rightsOf(guest, FD.tmp), [DIRECTORY_RIGHTS, DIRECTORY_RIGHTS | FILE_RIGHTS])
})

test('stdin can be read, stdout and stderr written, and none of them the other way', () => {
  const guest = new Caller()
  const [input, output, error] = [FD.stdin, FD.stdout, FD.stderr].map(
    (fd) => (rightsOf(guest, fd)[0] ?? 0n) & (FD_READ | FD_WRITE),
  )
  assert.deepEqual([input, output, error], [FD_READ, FD_WRITE, FD_WRITE])
})

test('who asks for every bit gets those that make sense for what was opened', () => {
  const guest = new Caller()
  const fd = guest.open(FD.tmp, 'file', CREATE, EVERY_BIT) as number
  assert.deepEqual(rightsOf(guest, fd), [FILE_RIGHTS, 0n])
  const directory = guest.open(FD.root, 'tmp', 2, EVERY_BIT & ~FD_WRITE) as number
  assert.deepEqual(rightsOf(guest, directory), [DIRECTORY_RIGHTS, DIRECTORY_RIGHTS | FILE_RIGHTS])
})

test('a file does what it was opened for and nothing else', () => {
  const guest = new Caller()
  guest.write(guest.open(FD.tmp, 'file', CREATE), 3)
  const reader = guest.open(FD.tmp, 'file', 0, FD_READ) as number
  assert.equal(guest.write(reader, 1), 'NOTCAPABLE')
  assert.equal(guest.call('fd_seek', reader, 0n, 0, RESULT_AT), 'NOTCAPABLE')
  assert.equal(guest.call('fd_seek', reader, 0n, 1, RESULT_AT), 'NOTCAPABLE')
  assert.equal(guest.call('fd_filestat_set_size', reader, 0n), 'NOTCAPABLE')
  assert.equal(guest.call('fd_filestat_get', reader, STAT_AT), 'NOTCAPABLE')
  const teller = guest.open(FD.tmp, 'file', 0, FD_TELL) as number
  assert.equal(guest.call('fd_seek', teller, 0n, 1, RESULT_AT), 'SUCCESS', 'which only tells')
  assert.equal(guest.call('fd_seek', teller, 1n, 1, RESULT_AT), 'NOTCAPABLE')
  const seeker = guest.open(FD.tmp, 'file', 0, FD_SEEK) as number
  assert.equal(guest.call('fd_seek', seeker, 1n, 1, RESULT_AT), 'SUCCESS')
  assert.equal(guest.call('fd_tell', seeker, RESULT_AT), 'SUCCESS', 'who seeks may tell')
  assert.equal(guest.call('fd_pread', reader, 0, 0, 0n, RESULT_AT), 'NOTCAPABLE', 'nor seek')
  assert.equal(guest.call('fd_read', seeker, 0, 0, RESULT_AT), 'NOTCAPABLE')
})

test('a directory passes on what it may, and refuses to open with more', () => {
  const guest = new Caller()
  guest.open(FD.tmp, 'file', CREATE)
  const keep = PATH_OPEN | PATH_CREATE_FILE
  assert.equal(guest.call('fd_fdstat_set_rights', FD.tmp, keep, FD_READ), 'SUCCESS')
  assert.equal(typeof guest.open(FD.tmp, 'file', 0, FD_READ), 'number')
  assert.equal(guest.open(FD.tmp, 'file', 0, FD_READ | FD_WRITE), 'NOTCAPABLE')
  assert.equal(guest.open(FD.tmp, 'new', CREATE, FD_WRITE), 'NOTCAPABLE')
  assert.equal(guest.open(FD.tmp, 'new', 0, FD_READ), 'NOENT', 'and made nothing')
  assert.equal(guest.path('path_create_directory', FD.tmp, 'new'), 'NOTCAPABLE')
  assert.equal(guest.call('fd_fdstat_set_rights', FD.tmp, PATH_OPEN, 0n), 'SUCCESS')
  assert.equal(guest.open(FD.tmp, 'new', CREATE, 0n), 'NOTCAPABLE')
  assert.equal(guest.call('fd_fdstat_set_rights', FD.tmp, keep, 0n), 'NOTCAPABLE')
  assert.equal(guest.call('fd_fdstat_set_rights', FD.tmp, PATH_OPEN, FD_READ), 'NOTCAPABLE')
})

test('what a descriptor is for is not asked of a stream or a directory', () => {
  const guest = new Caller()
  assert.equal(guest.call('fd_readdir', FD.stdin, 4096, 100, 0n, RESULT_AT), 'NOTDIR')
  assert.equal(guest.call('fd_read', FD.tmp, 0, 0, RESULT_AT), 'ISDIR')
  assert.equal(guest.call('fd_seek', FD.tmp, 0n, 0, RESULT_AT), 'ISDIR')
  assert.equal(guest.call('fd_fdstat_set_rights', FD.stdout, FD_WRITE, 0n), 'SUCCESS')
  assert.equal(guest.write(FD.stdout, 1), 'SUCCESS')
  assert.equal(guest.call('fd_filestat_get', FD.stdout, STAT_AT), 'NOTCAPABLE')
})
