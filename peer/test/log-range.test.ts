// One reader gives the log to another: by messages, or in one go where the transport can.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchesIn, openLogRange, openMemoryDisk, type Transport } from '@planetary-mesh/peer'
import {
  type Block,
  LIMITS,
  openReplica,
  parseCid,
  plainReader,
  Refusal,
  receive,
  seal,
  Token,
  type WireMessage,
} from '@planetary-mesh/spec'
import { Log } from '../../spec/test/rules/log.ts'
import { makeToken } from '../../spec/test/rules/world.ts'
import { verifyOnce } from '../../test/mesh/verify-once.ts'
import { alice, bruno, dora } from '../../tools/vectors/people.ts'
import { logMessages, openStage, play, settle } from './stage.ts'

const { log: LOG, messages: MESSAGES } = logMessages([
  () => {},
  ...[1, 2, 3, 4].map((amount) => (log: { append: (token: Token) => unknown }) => {
    log.append(makeToken({ amount }))
  }),
])

/** A process that has folded the first `read` anchors. */
async function reader(read: number, over: Parameters<typeof openStage>[0] = {}) {
  const stage = openStage(over)
  stage.join(dora).listen(() => {})
  const process = await stage.start([play('witness')])
  for (const message of MESSAGES.slice(0, read)) stage.say(dora, message as WireMessage)
  await process.idle()
  return { stage, process }
}

const sizes = (stage: Awaited<ReturnType<typeof reader>>['stage'], to: string) =>
  stage.sent.flatMap(({ to: whom, message }) =>
    whom === to && message.type === 'log' ? [`${message.anchor}`] : [],
  )

test('any member that has folded the log gives it to one that is behind', async () => {
  const { stage, process } = await reader(4)
  stage.join(bruno).listen(() => {})
  stage.say(bruno, { type: 'behind', from: 2 })
  await process.idle()
  assert.deepEqual(sizes(stage, bruno.did), LOG.anchors.slice(2, 4).map(String))
  stage.say(bruno, { type: 'behind', from: 4 })
  await process.idle()
  assert.equal(sizes(stage, bruno.did).length, 2, 'nothing for one that has it all')
})

test('what the disk spoiled is not given: the rest stays unsaid, the process goes on', async () => {
  const { stage, process } = await reader(4)
  stage.join(bruno).listen(() => {})
  const [, , third] = LOG.anchors
  assert(third !== undefined)
  stage.memory.corrupt(third, new Uint8Array(3))
  stage.say(bruno, { type: 'behind', from: 1 })
  await process.idle()
  assert.deepEqual(sizes(stage, bruno.did), [String(LOG.anchors[1])])
  assert.equal(process.fault, undefined)
  assert.equal(stage.notices.at(-1)?.code, 'BLOCK_CID_MISMATCH')
})

test('a range is the anchors after a size, each with all its blocks, and can be cut again', async () => {
  const { process } = await reader(5)
  const given = await all(process.logRange(2))
  assert.deepEqual(
    given.map(({ anchor }) => `${anchor}`),
    LOG.anchors.slice(2).map(String),
  )
  const cut = await all(batchesIn(process.logBlocks(0)))
  assert.deepEqual(
    cut.map(({ anchor, blocks }) => [`${anchor}`, blocks.length]),
    (await all(process.logRange(0))).map(({ anchor, blocks }) => [`${anchor}`, blocks.length]),
  )
})

test('ranges that begin among anchors long forgotten are found on the disk', async () => {
  const log = new Log()
  const replica = openReplica(log.genesis)
  // each range is as long as the log, and its signatures are the same
  const reader = plainReader(verifyOnce)
  const count = 2 * LIMITS.anchorsKept + 3
  for (let made = 0; made < count; made++) {
    if (made > 0) log.append(makeToken({ amount: made }))
    const received = receive(replica, { anchor: log.anchor(), get: log.get }, reader)
    assert.equal(received.type, 'applied')
  }
  assert.ok(replica.anchorsBefore > 0)
  const blocks = openMemoryDisk().openBlocks()
  const all = [...log.blocks].map(([key, bytes]) => ({ cid: parseCid(key), bytes }))
  await blocks.put(all)
  const range = openLogRange(replica, blocks, reader)
  for (const fromSize of [0, 1, 63, 64, 65, 700, LIMITS.anchorsKept, count - 2, count]) {
    const given: string[] = []
    for await (const { anchor } of range(fromSize)) given.push(`${anchor}`)
    assert.deepEqual(given, log.anchors.slice(fromSize).map(String), `from ${fromSize}`)
  }
})

test('the notes of its roles follow the range, as the disk has them, and belong to no batch', async () => {
  const note = makeToken({ amount: 77 })
  const missing = makeToken({ amount: 78 })
  const stage = openStage()
  await stage.memory.openBlocks().put([note])
  const role = { ...play('witness'), notes: () => [note.cid, missing.cid] }
  const process = await stage.start([role])
  stage.join(dora).listen(() => {})
  for (const message of MESSAGES) stage.say(dora, message as WireMessage)
  await process.idle()
  const blocks = await all(process.logBlocks(0))
  assert.deepEqual(`${blocks.at(-1)?.cid}`, `${note.cid}`)
  assert.equal((await all(batchesIn(process.logBlocks(0)))).length, LOG.anchors.length)
  const nothingNew = await all(process.logBlocks(LOG.size))
  assert.deepEqual(
    nothingNew.map(({ cid }) => `${cid}`),
    [`${note.cid}`],
  )
  assert.deepEqual(await all(batchesIn(process.logBlocks(LOG.size))), [])
})

test('a batch without end is refused: LIMIT_EXCEEDED', async () => {
  const token = seal(Token, makeToken().body, alice)
  async function* endless(): AsyncIterable<Block> {
    for (let at = 0; at <= LIMITS.batchBlocksMax; at++) yield token
  }
  const refused = await all(batchesIn(endless())).catch((error: unknown) => error)
  assert.equal((refused as Refusal).code, 'LIMIT_EXCEEDED')
})

test('a reader pulls what it lacks in one go, and asks by messages for what follows', async () => {
  const { process: source } = await reader(5)
  const pulls: number[] = []
  const { stage, process } = await puller((fromSize) => {
    pulls.push(fromSize)
    return source.logBlocks(fromSize)
  })
  for (let turn = 0; turn < 50 && process.replica.ledger.size < LOG.size; turn++) await settle()
  assert.equal(`${process.replica.head}`, `${source.replica.head}`)
  assert.deepEqual(pulls, [0])
  assert.ok(stage.asked().includes(0))
})

test('a pull that is refused, or brings what nobody can fold, changes nothing', async () => {
  async function* refusing(): AsyncIterable<Block> {
    yield await Promise.reject(new Refusal('PEER_AWAY', 'nobody there'))
  }
  async function* strange(): AsyncIterable<Block> {
    yield makeToken({ amount: 9 })
  }
  for (const pull of [refusing, strange]) {
    const { stage, process } = await puller(pull)
    for (let turn = 0; turn < 20; turn++) await settle()
    await process.idle()
    assert.equal(process.replica.ledger.size, 0)
    assert.equal(process.fault, undefined)
    for (const message of MESSAGES) stage.say(dora, message as WireMessage)
    await process.idle()
    assert.equal(process.replica.ledger.size, LOG.size, 'messages still bring the log')
  }
})

async function puller(pull: (fromSize: number) => AsyncIterable<Block>) {
  const pullLog: Transport['pullLog'] = (_, fromSize) => pull(fromSize)
  const stage = openStage({ pullLog })
  stage.join(dora).listen(() => {})
  return { stage, process: await stage.start([play('witness')]) }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
