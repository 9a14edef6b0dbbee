/**
 * Making, moving and removing names, as POSIX has it and Linux reads it: each refusal beside what
 * works. Types are those of preview1: 3 a directory, 4 a file, 7 a symbolic link.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, FD, RESULT_AT, STAT_AT } from './caller.ts'

const CREATE = 1
const DIRECTORY = 2
const CREATE_NEW = 5
const TRUNCATE = 8
const READ = 2n
const [UNLINK, REMOVE, MAKE] = [
  'path_unlink_file',
  'path_remove_directory',
  'path_create_directory',
] as const

/** /tmp with a file of 5 bytes, an empty directory, one with a file, and four links. */
function furnished(): Caller {
  const guest = new Caller({ files: [{ path: '/in/given', bytes: Buffer.from('given') }] })
  guest.write(guest.open(FD.tmp, 'file', CREATE), 5)
  guest.path(MAKE, FD.tmp, 'empty')
  guest.path(MAKE, FD.tmp, 'full')
  guest.open(FD.tmp, 'full/inside', CREATE)
  for (const target of ['file', 'full', 'nowhere']) guest.symlink(target, FD.tmp, `to-${target}`)
  guest.symlink('to-self', FD.tmp, 'to-self')
  return guest
}

type Act = (guest: Caller) => string | number | object

/** Each act on its own furnished tree: a success is a number or SUCCESS. */
function expectEach(cases: readonly [Act, expected: unknown][]): void {
  for (const [act, expected] of cases) {
    const said = act(furnished())
    assert.deepEqual(typeof said === 'number' ? 'opened' : said, expected, act.toString())
  }
}

test('a directory is made once, with or without a slash, and not through a link', () => {
  expectEach([
    [(guest) => guest.path(MAKE, FD.tmp, 'new'), 'SUCCESS'],
    [(guest) => guest.path(MAKE, FD.tmp, 'new/'), 'SUCCESS'],
    [(guest) => guest.path(MAKE, FD.tmp, 'to-full/new'), 'SUCCESS'],
    [(guest) => guest.path(MAKE, FD.tmp, 'file'), 'EXIST'],
    [(guest) => guest.path(MAKE, FD.tmp, 'file/'), 'EXIST'],
    [(guest) => guest.path(MAKE, FD.tmp, '.'), 'EXIST'],
    [(guest) => guest.path(MAKE, FD.tmp, 'to-nowhere'), 'EXIST'],
    [(guest) => guest.path(MAKE, FD.tmp, 'to-nowhere/'), 'EXIST'],
    [(guest) => guest.path(MAKE, FD.tmp, 'nowhere/new'), 'NOENT'],
    [(guest) => guest.path(MAKE, FD.tmp, 'file/new'), 'NOTDIR'],
    [(guest) => guest.path(MAKE, FD.in, 'new'), 'ROFS'],
  ])
})

test('a file is removed by unlink, an empty directory by remove, a link by unlink alone', () => {
  expectEach([
    [(guest) => guest.path(UNLINK, FD.tmp, 'file'), 'SUCCESS'],
    [(guest) => guest.path(UNLINK, FD.tmp, 'to-nowhere'), 'SUCCESS'],
    [(guest) => guest.path(UNLINK, FD.tmp, 'to-self'), 'SUCCESS'],
    [(guest) => guest.path(UNLINK, FD.tmp, 'file/'), 'NOTDIR'],
    [(guest) => guest.path(UNLINK, FD.tmp, 'to-full/'), 'NOTDIR'],
    [(guest) => guest.path(UNLINK, FD.tmp, 'empty'), 'ISDIR'],
    [(guest) => guest.path(UNLINK, FD.tmp, 'nowhere'), 'NOENT'],
    [(guest) => guest.path(UNLINK, FD.in, 'given'), 'ROFS'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'empty'), 'SUCCESS'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'empty/'), 'SUCCESS'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'full'), 'NOTEMPTY'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'file'), 'NOTDIR'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'to-full'), 'NOTDIR'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'to-full/'), 'NOTDIR'],
    [(guest) => guest.path(REMOVE, FD.tmp, '.'), 'INVAL'],
    [(guest) => guest.path(REMOVE, FD.tmp, 'empty/..'), 'INVAL'],
    [(guest) => guest.path(REMOVE, FD.root, 'out'), 'BUSY'],
  ])
})

test('a rename replaces a file by a file and an empty directory by a directory', () => {
  const mv =
    (from: string, to: string): Act =>
    (guest) =>
      guest.rename(FD.tmp, from, FD.tmp, to)
  expectEach([
    [mv('file', 'new'), 'SUCCESS'],
    [mv('file', 'file'), 'SUCCESS'],
    [mv('file', 'full/inside'), 'SUCCESS'],
    [mv('file', 'to-full'), 'SUCCESS'],
    [mv('to-nowhere', 'new'), 'SUCCESS'],
    [mv('full', 'empty'), 'SUCCESS'],
    [mv('full/', 'new/'), 'SUCCESS'],
    [mv('nowhere', 'new'), 'NOENT'],
    [mv('nowhere', 'nowhere'), 'NOENT'],
    [mv('file', 'empty'), 'ISDIR'],
    [mv('empty', 'file'), 'NOTDIR'],
    [mv('empty', 'full'), 'NOTEMPTY'],
    [mv('full', 'full/below'), 'INVAL'],
    [mv('full/inside', 'full'), 'ISDIR'],
    [mv('file', 'new/'), 'NOTDIR'],
    [mv('file/', 'new'), 'NOTDIR'],
    [mv('to-full/', 'new'), 'NOTDIR'],
    [mv('file', 'nowhere/new'), 'NOENT'],
    [mv('.', 'new'), 'INVAL'],
    [mv('file', '../new'), 'NOTCAPABLE'],
    [(guest) => guest.rename(FD.in, 'given', FD.tmp, 'new'), 'ROFS'],
    [(guest) => guest.rename(FD.tmp, 'file', FD.in, 'new'), 'ROFS'],
    [(guest) => guest.rename(FD.root, 'out', FD.tmp, 'out'), 'BUSY'],
  ])
})

test('a second name is a link to the same file, which lives until the last name is gone', () => {
  const guest = furnished()
  assert.equal(guest.link(FD.tmp, 'file', FD.tmp, 'again'), 'SUCCESS')
  assert.deepEqual(guest.stat(FD.tmp, 'again'), { type: 4, names: 2, size: 5 })
  const inodes = ['file', 'again'].map((name) => {
    guest.stat(FD.tmp, name)
    return guest.view.getBigUint64(STAT_AT + 8, true)
  })
  assert.equal(inodes[0], inodes[1])
  assert.equal(guest.path(UNLINK, FD.tmp, 'file'), 'SUCCESS')
  assert.deepEqual(guest.stat(FD.tmp, 'again'), { type: 4, names: 1, size: 5 })
  assert.equal(guest.link(FD.tmp, 'to-full', FD.tmp, 'link-to-link'), 'SUCCESS')
  assert.deepEqual(guest.stat(FD.tmp, 'link-to-link'), { type: 7, names: 2, size: 4 })
  expectEach([
    [(other) => other.link(FD.tmp, 'to-file', FD.tmp, 'new', 1), 'SUCCESS'],
    [(other) => other.link(FD.tmp, 'full', FD.tmp, 'new'), 'PERM'],
    [(other) => other.link(FD.tmp, 'to-full', FD.tmp, 'new', 1), 'PERM'],
    [(other) => other.link(FD.tmp, 'to-nowhere', FD.tmp, 'new', 1), 'NOENT'],
    [(other) => other.link(FD.tmp, 'file', FD.tmp, 'full'), 'EXIST'],
    [(other) => other.link(FD.tmp, 'file', FD.tmp, 'new/'), 'NOENT'],
    [(other) => other.link(FD.tmp, 'file/', FD.tmp, 'new'), 'NOTDIR'],
    [(other) => other.link(FD.tmp, 'file', FD.in, 'new'), 'ROFS'],
    [(other) => other.link(FD.tmp, 'file', FD.tmp, 'new', 2), 'INVAL'],
  ])
})

test('a symbolic link says anything but an absolute path, and takes a free name', () => {
  const ln =
    (target: string, path: string): Act =>
    (guest) =>
      guest.symlink(target, FD.tmp, path)
  expectEach([
    [ln('nowhere', 'new'), 'SUCCESS'],
    [ln('../../up', 'new'), 'SUCCESS'],
    [ln('/tmp/file', 'new'), 'NOTCAPABLE'],
    [ln('', 'new'), 'NOENT'],
    [ln('file', 'full'), 'EXIST'],
    [ln('file', 'to-nowhere'), 'EXIST'],
    [ln('file', 'file/'), 'EXIST'],
    [ln('file', 'new/'), 'NOENT'],
  ])
})

test('what a link says is read as far as the buffer goes', () => {
  const guest = furnished()
  const read = (path: string, size: number) => {
    const errno = guest.call('path_readlink', FD.tmp, ...guest.path1(path), 4096, size, RESULT_AT)
    if (errno !== 'SUCCESS') return errno
    const used = guest.view.getUint32(RESULT_AT, true)
    return Buffer.from(guest.bytes.subarray(4096, 4096 + used)).toString()
  }
  assert.equal(read('to-nowhere', 100), 'nowhere')
  assert.equal(read('to-nowhere', 3), 'now')
  assert.equal(read('to-nowhere', 0), '')
  assert.equal(read('file', 100), 'INVAL')
  assert.equal(read('to-full/', 100), 'INVAL')
  assert.equal(read('nowhere', 100), 'NOENT')
})

test('opening: what creates, cuts, excludes, and asks for a directory', () => {
  const opens = (path: string, oflags = 0, follow = 1): Act => {
    return (guest) => guest.open(FD.tmp, path, oflags, undefined, follow)
  }
  expectEach([
    [opens('new', CREATE), 'opened'],
    [opens('new', CREATE_NEW), 'opened'],
    [opens('to-nowhere', CREATE), 'opened'],
    [opens('to-file', TRUNCATE), 'opened'],
    [opens('full/../file'), 'opened'],
    [opens('new'), 'NOENT'],
    [opens('new/', CREATE), 'ISDIR'],
    [opens('file/'), 'NOTDIR'],
    [opens('file', CREATE_NEW), 'EXIST'],
    [opens('to-nowhere', CREATE_NEW), 'EXIST'],
    [opens('to-nowhere'), 'NOENT'],
    [opens('to-self'), 'LOOP'],
    [opens('to-file', 0, 0), 'LOOP'],
    [opens('full'), 'ISDIR'],
    [opens('full', CREATE), 'ISDIR'],
    [opens('file', DIRECTORY), 'NOTDIR'],
    [opens('full', CREATE | DIRECTORY), 'INVAL'],
    [opens('file', 16), 'INVAL'],
    [opens('file', 0, 2), 'INVAL'],
    [opens('full/../../tmp/file'), 'NOTCAPABLE'],
    [(guest) => guest.openDirectory(FD.tmp, 'full'), 'opened'],
    [(guest) => guest.openDirectory(FD.tmp, 'to-full'), 'opened'],
    [(guest) => guest.open(FD.in, 'given', 0, READ), 'opened'],
    [(guest) => guest.open(FD.in, 'given'), 'ROFS'],
    [(guest) => guest.open(FD.in, 'given', TRUNCATE, READ), 'ROFS'],
    [(guest) => guest.open(0, 'file'), 'NOTDIR'],
    [(guest) => guest.open(99, 'file'), 'BADF'],
  ])
})

test('a file that was unlinked while open is read and written until it is closed', () => {
  const guest = furnished()
  const fd = guest.open(FD.tmp, 'file') as number
  assert.equal(guest.path(UNLINK, FD.tmp, 'file'), 'SUCCESS')
  assert.equal(guest.write(fd, 9), 'SUCCESS')
  assert.equal(guest.call('fd_filestat_get', fd, STAT_AT), 'SUCCESS')
  assert.deepEqual(guest.statAt(), { type: 4, names: 0, size: 9 })
  assert.equal(guest.stat(FD.tmp, 'file'), 'NOENT')
})

test('in a directory that was removed while open nothing can be made any more', () => {
  const guest = furnished()
  const fd = guest.openDirectory(FD.tmp, 'empty') as number
  assert.equal(guest.path(REMOVE, FD.tmp, 'empty'), 'SUCCESS')
  assert.equal(guest.open(fd, 'new', CREATE), 'NOENT')
  assert.equal(guest.path(MAKE, fd, 'new'), 'NOENT')
  assert.equal(guest.symlink('x', fd, 'new'), 'NOENT')
  assert.equal(guest.link(FD.tmp, 'file', fd, 'new'), 'NOENT')
  assert.equal(guest.rename(FD.tmp, 'file', fd, 'new'), 'NOENT')
  assert.deepEqual(guest.stat(fd, '.'), { type: 3, names: 0, size: 0 })
})

test('followed or not, a status is that of the file or of the link', () => {
  const guest = furnished()
  assert.deepEqual(guest.stat(FD.tmp, 'to-file'), { type: 7, names: 1, size: 4 })
  assert.deepEqual(guest.stat(FD.tmp, 'to-file', 1), { type: 4, names: 1, size: 5 })
  assert.deepEqual(guest.stat(FD.tmp, 'to-full/'), { type: 3, names: 1, size: 0 })
  assert.equal(guest.stat(FD.tmp, 'to-file/'), 'NOTDIR')
  assert.equal(guest.stat(FD.tmp, 'to-nowhere', 1), 'NOENT')
  assert.equal(guest.stat(FD.tmp, 'to-self', 1), 'LOOP')
  assert.equal(guest.stat(FD.tmp, 'file', 4), 'INVAL')
  assert.deepEqual(guest.stat(FD.root, '.'), { type: 3, names: 1, size: 0 })
})

test('a name that is made or moved while a directory is listed comes at the end, once', () => {
  const guest = new Caller()
  for (const name of ['a', 'b', 'c']) guest.path(MAKE, FD.tmp, name)
  const listed = guest.list(FD.tmp, 60, (found) => {
    if (found === 'a') guest.path(MAKE, FD.tmp, 'made')
    if (found === 'b') guest.rename(FD.tmp, 'a', FD.tmp, 'moved')
  })
  assert.deepEqual(listed, ['.', '..', 'a', 'b', 'c', 'made', 'moved'])
})

test('a cookie of nowhere lists nothing, and a buffer without room for a name is filled', () => {
  const guest = furnished()
  const read = (cookie: bigint, size: number) => {
    assert.equal(guest.call('fd_readdir', FD.tmp, 4096, size, cookie, RESULT_AT), 'SUCCESS')
    return guest.view.getUint32(RESULT_AT, true)
  }
  assert.equal(read((1n << 64n) - 1n, 4096), 0)
  assert.equal(read(1000n, 4096), 0)
  assert.equal(read(0n, 0), 0)
  assert.equal(read(0n, 30), 30, 'one entry and a part of the next: more is there')
  assert.equal(guest.call('fd_readdir', FD.tmp, -1, 10, 0n, RESULT_AT), 'FAULT')
})
