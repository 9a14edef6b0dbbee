// The in-memory twins pass the exams of their ports; what only they can do is tested below.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Delivery,
  openMemoryDisk,
  openMemoryHub,
  openMemoryKeyring,
  openSeededRandom,
  openSystemClock,
  openSystemRandom,
  openVirtualClock,
} from '@planetary-mesh/peer'
import fc from 'fast-check'
import { alice, bruno } from '../../tools/vectors/people.ts'
import { examineBlocks } from './exams/blocks-exam.ts'
import { examineClock } from './exams/clock-exam.ts'
import { examineJournal } from './exams/journal-exam.ts'
import { examineKeyring } from './exams/keyring-exam.ts'
import { examineRandom } from './exams/random-exam.ts'
import { blockOf, bytesOf, collect, gate, refuses } from './exams/refuses.ts'
import { examineSnapshots } from './exams/snapshots-exam.ts'
import { examineTransport } from './exams/transport-exam.ts'

examineBlocks('blocks in memory', async ({ others, ...wish } = {}) => {
  const disk = openMemoryDisk({ ...wish, ...(others && { fetch: others }) })
  return {
    open: async () => disk.openBlocks(),
    crash: async () => disk.crash(),
    corrupt: async (cid, bytes) => disk.corrupt(cid, bytes),
  }
})

examineSnapshots('a snapshot in memory', async () => {
  const disk = openMemoryDisk()
  return { open: async () => disk.openSnapshots() }
})

test('a snapshot that was not synced before a crash never was: the one before it is read', async () => {
  let sync = async () => {}
  const disk = openMemoryDisk({ sync: () => sync() })
  const snapshots = disk.openSnapshots()
  await snapshots.write(bytesOf('old'))
  const { pass, open } = gate()
  sync = () => pass
  const writing = snapshots.write(bytesOf('new'))
  disk.crash()
  open()
  await refuses(() => writing, 'STORE_CLOSED')
  assert.deepEqual(await disk.openSnapshots().read(), bytesOf('old'))
})

for (const kept of [0, 1, 2, 99]) {
  examineJournal(`a journal in memory that keeps ${kept} appends in a crash`, async (wish) => {
    const disk = openMemoryDisk(wish)
    return {
      open: async () => disk.openJournal(),
      crash: async () => disk.crash(kept),
      corrupt: async (append) => disk.corruptJournal(append),
    }
  })
}

examineTransport('a hub in memory', async () => {
  const hub = openMemoryHub()
  return {
    join: async (did) => hub.join(did),
    // carried in the order of sending, so one turn after the last is after all of them
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  }
})

examineTransport('a hub over a virtual clock', async () => {
  const clock = openVirtualClock()
  let delay = 0
  const carry = (_: Delivery, deliver: () => void) => {
    delay = (delay + 37) % 100
    clock.at(clock.nowMs() + delay, deliver)
  }
  const hub = openMemoryHub({ carry })
  return { join: async (did) => hub.join(did), settled: async () => clock.run(clock.nowMs() + 100) }
})

examineClock('the machine’s clock', () => {
  const clock = openSystemClock()
  return { clock, pass: (untilMs) => new Promise((resolve) => clock.at(untilMs, resolve)) }
})

examineClock('a virtual clock', () => {
  const clock = openVirtualClock(1_000_000)
  return { clock, pass: async (untilMs) => clock.run(untilMs) }
})

examineKeyring('keys in memory', async (seeds) => openMemoryKeyring(seeds))

examineRandom('the system’s randomness', openSystemRandom)
examineRandom('seeded randomness', () => openSeededRandom(new Uint8Array(32).fill(1)))

test('a seeded stream is the same however it is cut, and another for another seed', () => {
  const cuts = fc.array(fc.nat({ max: 90 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), cuts, (seed, sizes) => {
      const whole = openSeededRandom(seed)
      const cut = openSeededRandom(seed)
      const parts = sizes.map((size) => cut.bytes(size))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      assert.deepEqual(new Uint8Array(Buffer.concat(parts)), whole.bytes(total))
    }),
    { numRuns: 100 },
  )
  const streams = [0, 1].map((byte) => openSeededRandom(new Uint8Array([byte])).bytes(32))
  assert.notDeepEqual(streams[0], streams[1])
})

test('a hub loses, doubles and swaps exactly the messages that it is told to', async () => {
  const carried: (() => void)[] = []
  const hub = openMemoryHub({ carry: (_, deliver) => void carried.push(deliver) })
  const tapped: string[] = []
  hub.listen((from, message) => tapped.push(`${from}: ${Buffer.from(message)}`))
  const heard: string[] = []
  hub.join(bruno.did).listen((_, message) => heard.push(Buffer.from(message).toString()))
  const sender = hub.join(alice.did)
  for (const text of ['lost', 'doubled', 'last']) sender.send(bruno.did, bytesOf(text))
  const [, doubled, last] = carried
  last?.()
  doubled?.()
  doubled?.()
  assert.deepEqual(heard, ['last', 'doubled', 'doubled'])
  assert.deepEqual(tapped, [`${alice.did}: lost`, `${alice.did}: doubled`, `${alice.did}: last`])
})

test('alarms of one time on a virtual clock ring in the order in which they were set', () => {
  const clock = openVirtualClock()
  const rung: number[] = []
  for (let count = 0; count < 200; count++) clock.at(10 + (count % 2), () => rung.push(count))
  assert.equal(clock.waiting, 200)
  while (clock.next());
  const even = Array.from({ length: 100 }, (_, at) => 2 * at)
  assert.deepEqual(rung, [...even, ...even.map((count) => count + 1)])
  assert.equal(clock.waiting, 0)
  assert.equal(clock.nowMs(), 11)
})

test('alarms that were cancelled twice, or have rung, count once', () => {
  const clock = openVirtualClock()
  const cancels = [1, 2, 3].map((atMs) => clock.at(atMs, () => {}))
  clock.next()
  for (const cancel of [cancels[0], cancels[1], cancels[1]]) cancel?.()
  assert.equal(clock.waiting, 1)
})

test('an alarm far away does not overflow the timers of the machine', async () => {
  const warnings: Error[] = []
  const hear = (warning: Error) => void warnings.push(warning)
  process.on('warning', hear)
  const clock = openSystemClock()
  const cancel = clock.at(clock.nowMs() + 2 ** 40, () => {})
  await new Promise<void>((resolve) => clock.at(clock.nowMs() + 5, resolve))
  cancel()
  process.off('warning', hear)
  assert.deepEqual(warnings, [])
})

test('a virtual clock agrees with a sorted list, whatever is cancelled', () => {
  const alarm = fc.record({ atMs: fc.nat({ max: 50 }), cancelled: fc.boolean() })
  fc.assert(
    fc.property(fc.array(alarm, { maxLength: 3000 }), (alarms) => {
      const clock = openVirtualClock()
      const rung: number[] = []
      const cancels = alarms.map(({ atMs }, index) => clock.at(atMs, () => rung.push(index)))
      for (const [index, { cancelled }] of alarms.entries()) if (cancelled) cancels[index]?.()
      while (clock.next());
      const expected = alarms
        .map((one, index) => ({ ...one, index }))
        .filter(({ cancelled }) => !cancelled)
        .sort((a, b) => a.atMs - b.atMs || a.index - b.index)
        .map(({ index }) => index)
      assert.deepEqual(rung, expected)
      assert.equal(clock.waiting, 0)
    }),
    { numRuns: 40 },
  )
})

test('journal and blocks share the room of a disk; a crash gives back what it took', async () => {
  let sync = () => Promise.resolve()
  const disk = openMemoryDisk({ bytesMax: 100, sync: () => sync() })
  const blocks = disk.openBlocks()
  await blocks.put([blockOf(60)])
  await refuses(() => disk.openJournal().append([new Uint8Array(50)]), 'STORE_FULL')
  sync = () => new Promise(() => {})
  blocks.put([blockOf(40)]).catch(() => {})
  disk.crash()
  sync = () => Promise.resolve()
  const journal = disk.openJournal()
  await journal.append([new Uint8Array(40)])
  assert.equal((await collect(journal.read())).length, 1)
})

test('an append that the disk refused is not there later', async () => {
  let fails = true
  const sync = async () => {
    if (fails) throw new Error('input/output error')
  }
  const journal = openMemoryDisk({ sync }).openJournal()
  await assert.rejects(() => journal.append([bytesOf('a')]), /input\/output/)
  fails = false
  await journal.append([bytesOf('b')])
  assert.deepEqual((await collect(journal.read())).map(String), [String(bytesOf('b'))])
})
