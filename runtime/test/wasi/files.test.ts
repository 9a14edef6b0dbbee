/** The virtual tree through WASI calls: limits, escapes, listing, and what counts as output. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { OutputLimit } from '../../src/wasi/budget.ts'
import { Caller, FD } from './caller.ts'

const CREATE = 1
const CREATE_NEW = 5

test('the lowest free descriptor is given out, and there are descriptorsMax of them', () => {
  const guest = new Caller()
  const first = guest.open(FD.tmp, 'a', CREATE)
  assert.equal(first, 8)
  for (let open = 9; open < LIMITS.descriptorsMax; open++) {
    assert.equal(guest.open(FD.tmp, 'a'), open)
  }
  assert.equal(guest.open(FD.tmp, 'a'), 'MFILE')
  assert.equal(guest.call('fd_close', 100), 'SUCCESS')
  assert.equal(guest.open(FD.tmp, 'a'), 100)
})

test('a closed or renumbered descriptor is gone, and its number names the new file', () => {
  const guest = new Caller()
  const a = guest.open(FD.out, 'a', CREATE) as number
  const b = guest.open(FD.out, 'b', CREATE) as number
  assert.equal(guest.call('fd_renumber', a, 99), 'BADF')
  assert.equal(guest.call('fd_renumber', a, b), 'SUCCESS')
  assert.equal(guest.write(a, 1), 'BADF')
  assert.equal(guest.write(b, 3), 'SUCCESS')
  const sizes = guest.host.collect().outputs.map(({ path, bytes }) => [path, bytes.length])
  assert.deepEqual(sizes, [
    ['a', 3],
    ['b', 0],
  ])
})

test('a name exists once: exclusive creation of what is there is refused', () => {
  const guest = new Caller()
  assert.equal(guest.open(FD.tmp, 'x', CREATE_NEW), 8)
  assert.equal(guest.open(FD.tmp, 'x', CREATE_NEW), 'EXIST')
  assert.equal(guest.open(FD.tmp, 'gone'), 'NOENT')
})

test('no path leaves its directory, by dots, by root or by symbolic link', () => {
  const guest = new Caller()
  const inner = guest.path('path_create_directory', FD.tmp, 'inner')
  assert.equal(inner, 'SUCCESS')
  const fd = guest.openDirectory(FD.tmp, 'inner') as number
  const escapes = ['..', '../x', 'a/../..', '../inner', './../..', '/tmp', '/']
  guest.path('path_create_directory', fd, 'a')
  for (const path of escapes) assert.equal(guest.open(fd, path), 'NOTCAPABLE', path)
  assert.equal(guest.symlink('../secret', fd, 'up'), 'SUCCESS')
  assert.equal(guest.open(fd, 'up'), 'NOTCAPABLE')
  assert.equal(guest.symlink('/out', fd, 'root'), 'NOTCAPABLE')
  guest.open(FD.tmp, 'secret', CREATE)
  assert.equal(
    typeof guest.open(FD.tmp, 'inner/up'),
    'number',
    'but inside /tmp it is a plain link',
  )
})

test('a directory that is moved away cannot carry its descriptor outside', () => {
  const guest = new Caller()
  guest.path('path_create_directory', FD.tmp, 'a')
  guest.path('path_create_directory', FD.tmp, 'a/b')
  const fd = guest.openDirectory(FD.tmp, 'a/b') as number
  assert.equal(guest.rename(FD.tmp, 'a/b', FD.tmp, 'b'), 'SUCCESS')
  assert.equal(guest.open(fd, '..'), 'NOTCAPABLE')
  assert.equal(guest.rename(FD.tmp, 'a', FD.tmp, 'a/into-itself'), 'INVAL')
})

test('links that point in a circle, long names, long paths and deep ones are errors', () => {
  const guest = new Caller()
  guest.symlink('b', FD.tmp, 'a')
  guest.symlink('a', FD.tmp, 'b')
  assert.equal(guest.open(FD.tmp, 'a'), 'LOOP')
  assert.equal(guest.open(FD.tmp, 'n'.repeat(LIMITS.nameBytesMax), CREATE), 8)
  assert.equal(guest.open(FD.tmp, 'n'.repeat(LIMITS.nameBytesMax + 1), CREATE), 'NAMETOOLONG')
  const dots = './'.repeat(LIMITS.pathBytesMax / 2 - 1)
  assert.equal(guest.open(FD.tmp, `${dots}ab`, CREATE), 9)
  assert.equal(guest.open(FD.tmp, `${dots}abc`, CREATE), 'NAMETOOLONG')
  let path = 'd'
  for (let depth = 2; depth <= LIMITS.pathDepthMax; depth++, path += '/d') {
    assert.equal(guest.path('path_create_directory', FD.tmp, path), 'SUCCESS', `depth ${depth}`)
  }
  assert.equal(guest.path('path_create_directory', FD.tmp, path), 'NAMETOOLONG')
})

test('names that are not UTF-8 or hold a NUL are refused', () => {
  const guest = new Caller()
  guest.bytes.set([0xff, 0xfe], 1000)
  assert.equal(guest.call('path_unlink_file', FD.tmp, 1000, 2), 'ILSEQ')
  assert.equal(guest.open(FD.tmp, 'a\0b', CREATE), 'INVAL')
  assert.equal(guest.open(FD.tmp, ''), 'NOENT')
})

test('the working directory falls back on the root, and the root on the inputs', () => {
  const guest = new Caller({ files: [{ path: '/in/x', bytes: Buffer.from('x') }] })
  const read = 2n
  for (const fd of [FD.cwd, FD.root, FD.in]) {
    assert.equal(typeof guest.open(fd, 'x', 0, read), 'number', `descriptor ${fd}`)
  }
  assert.equal(typeof guest.open(FD.cwd, 'out/made', CREATE), 'number')
  assert.equal(typeof guest.open(FD.cwd, 'scratch', CREATE), 'number')
  assert.equal(typeof guest.open(FD.root, 'scratch', 0, read), 'number')
  assert.equal(guest.open(FD.in, 'scratch', 0, read), 'NOENT')
  assert.equal(guest.open(FD.in, 'new', CREATE), 'ROFS')
  assert.equal(guest.open(FD.in, 'x', CREATE), 'ROFS', 'an input opens for reading only')
  const here = guest.openDirectory(FD.cwd, '.') as number
  assert.deepEqual(
    guest.list(here, 4096),
    ['.', '..', 'x', 'scratch'],
    'inputs, then what was made',
  )
  assert.deepEqual(guest.list(FD.cwd, 35), ['.', '..', 'x', 'scratch'], 'in pieces as well')
  assert.equal(typeof guest.open(here, 'scratch', 0, read), 'number')
  assert.deepEqual(guest.list(FD.root, 4096), ['.', '..', 'in', 'out', 'tmp', 'scratch'])
  assert.deepEqual(guest.list(FD.in, 4096), ['.', '..', 'x'])
})

test('a listing is the same in pieces of any size, whatever is removed or added meanwhile', () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/)
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 60 }),
      fc.integer({ min: 40, max: 2000 }),
      fc.boolean(),
      (names, size, removing) => {
        const guest = new Caller()
        for (const made of names) guest.path('path_create_directory', FD.tmp, made)
        const listed = guest.list(FD.tmp, size, (found) => {
          if (removing) guest.path('path_remove_directory', FD.tmp, found)
        })
        assert.deepEqual(listed, ['.', '..', ...names])
        assert.deepEqual(guest.list(FD.tmp, size).length, removing ? 2 : names.length + 2)
      },
    ),
    { numRuns: 60 },
  )
})

test('every name under /out counts: a link, a rename, a directory that moves in and out', () => {
  const guest = new Caller({ limits: { outputBytesMax: 250 } })
  const fd = guest.open(FD.tmp, 'f', CREATE)
  guest.write(fd, 100)
  assert.equal(guest.link(FD.tmp, 'f', FD.out, 'one'), 'SUCCESS')
  guest.path('path_create_directory', FD.tmp, 'd')
  assert.equal(guest.link(FD.tmp, 'f', FD.tmp, 'd/two'), 'SUCCESS')
  assert.equal(guest.rename(FD.tmp, 'd', FD.out, 'd'), 'SUCCESS')
  assert.throws(() => guest.link(FD.tmp, 'f', FD.out, 'three'), OutputLimit)
  assert.throws(() => guest.write(fd, 26), OutputLimit, 'it grows under both its names')
  assert.equal(guest.rename(FD.out, 'd', FD.tmp, 'd'), 'SUCCESS')
  assert.equal(guest.link(FD.tmp, 'f', FD.out, 'three'), 'SUCCESS')
  assert.equal(guest.path('path_unlink_file', FD.out, 'one'), 'SUCCESS')
  assert.deepEqual(
    guest.host.collect().outputs.map(({ path, bytes }) => [path, bytes.length]),
    [['three', 100]],
  )
})

test('outputs come sorted by their paths, whatever order they were made in', () => {
  const guest = new Caller()
  for (const name of ['b', 'a', 'a-b', 'Z']) guest.open(FD.out, name, CREATE)
  guest.path('path_create_directory', FD.out, 'aa')
  guest.open(FD.out, 'aa/x', CREATE)
  assert.deepEqual(
    guest.host.collect().outputs.map(({ path }) => path),
    ['Z', 'a', 'a-b', 'aa/x', 'b'],
  )
})

test('one file more than outputFilesMax is a full disk under /out, and not elsewhere', () => {
  const guest = new Caller()
  for (let count = 0; count < LIMITS.outputFilesMax; count++) {
    guest.call('fd_close', guest.open(FD.out, `f${count}`, CREATE) as number)
  }
  assert.equal(guest.open(FD.out, 'more', CREATE), 'NOSPC')
  assert.equal(typeof guest.open(FD.tmp, 'more', CREATE), 'number')
})

test('scratch files together have guestFileBytesMax; what is unlinked and closed is free', () => {
  const guest = new Caller()
  const fd = guest.open(FD.tmp, 'big', CREATE) as number
  const size = BigInt(LIMITS.guestFileBytesMax)
  assert.equal(guest.call('fd_filestat_set_size', fd, size + 1n), 'NOSPC')
  assert.equal(guest.call('fd_filestat_set_size', fd, size), 'SUCCESS')
  assert.equal(guest.write(guest.open(FD.tmp, 'small', CREATE), 1), 'NOSPC')
  guest.path('path_unlink_file', FD.tmp, 'big')
  assert.equal(guest.write(guest.open(FD.tmp, 'small'), 1), 'NOSPC', 'it is still open')
  guest.call('fd_close', fd)
  assert.equal(guest.write(guest.open(FD.tmp, 'small'), 1), 'SUCCESS')
})

test('there are guestNodesMax files, directories and links, not one more', () => {
  const guest = new Caller()
  const standing = 3 // in, out, tmp
  for (let count = standing; count < LIMITS.guestNodesMax; count++) {
    assert.equal(guest.path('path_create_directory', FD.tmp, `d${count}`), 'SUCCESS')
  }
  assert.equal(guest.path('path_create_directory', FD.tmp, 'more'), 'NOSPC')
  assert.equal(guest.path('path_remove_directory', FD.tmp, 'd9'), 'SUCCESS')
  assert.equal(guest.path('path_create_directory', FD.tmp, 'more'), 'SUCCESS')
})

test('a size that was cut and grown again reads as zeros', () => {
  const guest = new Caller()
  const fd = guest.open(FD.out, 'f', CREATE) as number
  guest.write(fd, 8)
  guest.call('fd_filestat_set_size', fd, 2n)
  guest.call('fd_filestat_set_size', fd, 6n)
  const [file] = guest.host.collect().outputs
  assert.deepEqual([...(file?.bytes ?? [])], [0x78, 0x78, 0, 0, 0, 0])
})
