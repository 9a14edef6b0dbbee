// The switch that crashes a process at a place: it counts what it is told to count, and strikes
// right before or right after that very operation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, openMemoryDisk, type Transport } from '@planetary-mesh/peer'
import { type Did, encodeBlock } from '@planetary-mesh/spec'
import { KILL_POINTS, openKilling, parseKillAt } from '../src/daemon/kill-points.ts'
import { blockOf, collect } from './exams/refuses.ts'

class Killed extends Error {}

/** Ports under the switch; what reached the world, in its order. */
function underSwitch(
  text: string,
  strike = (): void => {
    throw new Killed()
  },
) {
  const done: string[] = []
  const kill = () => {
    done.push('killed')
    strike()
  }
  const killed = openKilling(parseKillAt(text), kill)
  const disk = openMemoryDisk()
  const transport: Transport = {
    send: () => void done.push('sent'),
    broadcast: () => void done.push('broadcast'),
    listen() {},
    async close() {},
  }
  return {
    done,
    disk,
    journal: killed.journal(disk.openJournal()),
    blocks: killed.blocks(disk.openBlocks()),
    transport: killed.transport(transport, async () => void done.push('handed over')),
  }
}

const entryOf = (role: string) => encodeBlock({ role, entry: 1 }).bytes
const messageOf = (type: string) => encodeBlock({ type }).bytes
const BOB = 'did:key:zBob' as Did

test('before an append nothing of it is on the disk, after it all is', async () => {
  for (const [point, kept] of [
    ['before-append', 1],
    ['after-append', 2],
  ] as const) {
    const { journal } = underSwitch(`${point}:2`)
    await journal.append([entryOf('home')])
    await assert.rejects(journal.append([entryOf('home')]), Killed)
    assert.equal((await collect(journal.read())).length, kept, point)
  }
})

test('only appends of the named role count', async () => {
  const { journal } = underSwitch('before-append/executor')
  await journal.append([entryOf('home')])
  await journal.append([entryOf('replica')])
  await assert.rejects(journal.append([entryOf('executor')]), Killed)
})

test('blocks are there after the point behind a put, and not before it', async () => {
  const block = blockOf('a block')
  for (const [point, isThere] of [
    ['before-put', false],
    ['after-put', true],
  ] as const) {
    const { blocks, disk } = underSwitch(point)
    await assert.rejects(blocks.put([block]), Killed)
    assert.equal(await disk.openBlocks().has(block.cid), isThere, point)
  }
})

test('a message is not sent before the point, and handed over after it', async () => {
  const before = underSwitch('before-send/appended')
  before.transport.send(BOB, messageOf('append'))
  assert.throws(() => before.transport.send(BOB, messageOf('appended')), Killed)
  assert.deepEqual(before.done, ['sent', 'killed'])
  const { done, transport } = underSwitch('before-broadcast:2')
  transport.send(BOB, messageOf('announce'))
  transport.broadcast(messageOf('announce'))
  assert.throws(() => transport.broadcast(messageOf('log')), Killed)
  assert.deepEqual(done, ['sent', 'broadcast', 'killed'])
  const struck = Promise.withResolvers<void>()
  const after = underSwitch('after-send', struck.resolve)
  after.transport.send(BOB, messageOf('append'))
  await struck.promise
  assert.deepEqual(after.done, ['sent', 'handed over', 'killed'])
})

test('a point is one of those that are listed', () => {
  for (const point of KILL_POINTS) assert.deepEqual(parseKillAt(point).point, point)
  assert.deepEqual(parseKillAt('after-send/award:12'), {
    point: 'after-send',
    what: 'award',
    count: 12,
  })
  for (const text of ['', 'during-send', 'after-send:0', 'after-send/', 'after-send:1x']) {
    assert.throws(() => parseKillAt(text), ConfigError, text)
  }
})
