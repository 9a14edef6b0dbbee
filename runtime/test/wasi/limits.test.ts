/** The limits of the host that a guest meets: each at the limit, and one beyond it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { OutputLimit } from '../../src/wasi/budget.ts'
import { BUFFER_AT, Caller, FD, RESULT_AT } from './caller.ts'

const CREATE = 1

test('linksFollowedMax symbolic links lead to a file, one more is a loop', () => {
  const guest = new Caller()
  guest.open(FD.tmp, 'link0', CREATE)
  for (let link = 1; link <= LIMITS.linksFollowedMax + 1; link++) {
    assert.equal(guest.symlink(`link${link - 1}`, FD.tmp, `link${link}`), 'SUCCESS')
  }
  assert.equal(typeof guest.open(FD.tmp, `link${LIMITS.linksFollowedMax}`), 'number')
  assert.equal(guest.open(FD.tmp, `link${LIMITS.linksFollowedMax + 1}`), 'LOOP')
})

test('subscriptionsMax subscriptions are waited for at once, not one more', () => {
  const guest = new Caller()
  const poll = (count: number) => guest.call('poll_oneoff', 400_000, BUFFER_AT, count, RESULT_AT)
  for (let index = 0; index <= LIMITS.subscriptionsMax; index++) {
    guest.bytes[400_000 + index * 48 + 8] = 0 // a clock
    guest.view.setBigUint64(400_000 + index * 48, BigInt(index), true)
  }
  assert.equal(poll(LIMITS.subscriptionsMax), 'SUCCESS')
  assert.equal(guest.view.getUint32(RESULT_AT, true), LIMITS.subscriptionsMax, 'all are due')
  const last = BUFFER_AT + (LIMITS.subscriptionsMax - 1) * 32
  assert.equal(guest.view.getBigUint64(last, true), BigInt(LIMITS.subscriptionsMax - 1))
  assert.equal(poll(LIMITS.subscriptionsMax + 1), 'INVAL')
  assert.equal(poll(0x8000_0000), 'INVAL')
  assert.equal(poll(0), 'INVAL')
})

test('names are counted, so that links to one file do not go on for ever', () => {
  const guest = new Caller()
  const fd = guest.open(FD.tmp, 'file', CREATE) as number
  const standing = 4 // in, out, tmp, the file
  for (let count = standing; count < LIMITS.guestNodesMax; count++) {
    assert.equal(guest.link(FD.tmp, 'file', FD.tmp, `n${count}`), 'SUCCESS')
  }
  assert.equal(guest.link(FD.tmp, 'file', FD.tmp, 'more'), 'NOSPC')
  assert.equal(guest.open(FD.tmp, 'more', CREATE), 'NOSPC')
  assert.equal(guest.rename(FD.tmp, 'n9', FD.tmp, 'moved'), 'SUCCESS', 'no name more')
  assert.equal(guest.path('path_unlink_file', FD.tmp, 'moved'), 'SUCCESS')
  assert.equal(guest.symlink('x', FD.tmp, 'more'), 'SUCCESS')
  assert.equal(guest.path('path_create_directory', FD.tmp, 'beyond'), 'NOSPC')
  assert.equal(guest.call('fd_close', fd), 'SUCCESS')
})

test('an open file that lost its name still counts, until it is closed', () => {
  const guest = new Caller()
  for (let count = 3; count < LIMITS.guestNodesMax; count++) {
    guest.path('path_create_directory', FD.tmp, `d${count}`)
  }
  guest.path('path_remove_directory', FD.tmp, 'd9')
  const fd = guest.open(FD.tmp, 'file', CREATE) as number
  guest.path('path_unlink_file', FD.tmp, 'file')
  assert.equal(guest.path('path_create_directory', FD.tmp, 'd9'), 'NOSPC')
  guest.call('fd_close', fd)
  assert.equal(guest.path('path_create_directory', FD.tmp, 'd9'), 'SUCCESS')
})

test('what links say counts with the bytes of files', () => {
  const guest = new Caller()
  const fd = guest.open(FD.tmp, 'file', CREATE) as number
  const size = (bytes: number) => guest.call('fd_filestat_set_size', fd, BigInt(bytes))
  assert.equal(size(LIMITS.guestFileBytesMax - 7), 'SUCCESS')
  assert.equal(guest.symlink('8 bytes.', FD.tmp, 'link'), 'NOSPC')
  assert.equal(guest.symlink('7 bytes', FD.tmp, 'link'), 'SUCCESS')
  assert.equal(size(LIMITS.guestFileBytesMax - 6), 'NOSPC')
  assert.equal(guest.path('path_unlink_file', FD.tmp, 'link'), 'SUCCESS')
  assert.equal(size(LIMITS.guestFileBytesMax), 'SUCCESS')
})

test('a refused write counts for nothing: the same space can be used by another', () => {
  const guest = new Caller({ limits: { outputBytesMax: LIMITS.outputBytesMax } })
  const scratch = guest.open(FD.tmp, 'scratch', CREATE) as number
  const file = guest.open(FD.out, 'file', CREATE) as number
  const room = BigInt(LIMITS.outputBytesMax)
  const most = BigInt(LIMITS.guestFileBytesMax)
  assert.equal(guest.call('fd_filestat_set_size', scratch, most - room + 1n), 'SUCCESS')
  assert.equal(guest.call('fd_filestat_set_size', file, room), 'NOSPC')
  assert.equal(guest.call('fd_filestat_set_size', scratch, most - room), 'SUCCESS')
  assert.equal(guest.call('fd_filestat_set_size', file, room), 'SUCCESS')
  assert.throws(() => guest.call('fd_filestat_set_size', file, room + 1n), OutputLimit)
})

test('a file that replaces an output of its size fits where that one did', () => {
  const guest = new Caller({ limits: { outputBytesMax: 100 } })
  guest.write(guest.open(FD.out, 'result', CREATE), 100)
  guest.write(guest.open(FD.tmp, 'next', CREATE), 100)
  assert.equal(guest.rename(FD.tmp, 'next', FD.out, 'result'), 'SUCCESS')
  guest.write(guest.open(FD.tmp, 'large', CREATE), 101)
  assert.throws(() => guest.rename(FD.tmp, 'large', FD.out, 'result'), OutputLimit)
  const [output] = guest.host.collect().outputs
  assert.equal(output?.bytes.length, 100, 'what stood there stands')
})

test('a file is not made when no descriptor is left to open it with', () => {
  const guest = new Caller()
  for (let open = 8; open < LIMITS.descriptorsMax; open++) guest.open(FD.tmp, 'a', CREATE)
  assert.equal(guest.open(FD.tmp, 'new', CREATE), 'MFILE')
  assert.equal(guest.stat(FD.tmp, 'new'), 'NOENT')
})

const PLACES = ['out/a', 'out/b', 'out/d', 'out/d/a', 'tmp/a', 'tmp/b', 'tmp/d', 'tmp/d/a'] as const
const place = fc.constantFrom(...PLACES)
const step = fc.oneof(
  fc.record({ act: fc.constant('write' as const), at: place, size: fc.integer({ max: 300 }) }),
  fc.record({ act: fc.constantFrom('link', 'rename', 'symlink'), at: place, to: place }),
  fc.record({ act: fc.constantFrom('unlink', 'make', 'remove'), at: place }),
)

test('whatever was written, linked, moved and removed: all of the room is there again', () => {
  const room = 1000
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const guest = new Caller({ limits: { outputBytesMax: room } })
      const unlink = (path: string) => guest.path('path_unlink_file', FD.root, path)
      const remove = (path: string) => guest.path('path_remove_directory', FD.root, path)
      for (const given of steps) {
        try {
          if ('size' in given) {
            const fd = guest.open(FD.root, given.at, CREATE)
            if (typeof fd !== 'number') continue
            guest.call('fd_filestat_set_size', fd, BigInt(Math.max(0, given.size)))
            guest.call('fd_close', fd)
          } else if ('to' in given) {
            if (given.act === 'link') guest.link(FD.root, given.at, FD.root, given.to)
            else if (given.act === 'rename') guest.rename(FD.root, given.at, FD.root, given.to)
            else guest.symlink('a', FD.root, given.at)
          } else if (given.act === 'unlink') unlink(given.at)
          else if (given.act === 'remove') remove(given.at)
          else guest.path('path_create_directory', FD.root, given.at)
        } catch (thrown) {
          if (!(thrown instanceof OutputLimit)) throw thrown
          break // the run would be over
        }
      }
      // deeper names first; a directory that was moved may hold one more level
      const below = PLACES.flatMap((path) =>
        ['a', 'b', 'd', 'd/a'].map((name) => `${path}/${name}`),
      )
      for (let pass = 0; pass < 4; pass++) {
        for (const path of [...below, ...PLACES]) if (unlink(path) !== 'SUCCESS') remove(path)
      }
      const fd = guest.open(FD.out, 'all', CREATE) as number
      assert.equal(guest.call('fd_filestat_set_size', fd, BigInt(room)), 'SUCCESS')
      assert.throws(() => guest.call('fd_filestat_set_size', fd, BigInt(room) + 1n), OutputLimit)
      const left = guest.host.collect().outputs.map(({ path }) => path)
      assert.deepEqual(left, ['all'], 'and nothing else is there')
    }),
    { numRuns: 150 },
  )
})
