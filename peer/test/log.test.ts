// The process's copy of the log: in any order, with any loss, the same fold; kept, and made again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from '@planetary-mesh/peer'
import {
  type AnyRecord,
  type CID,
  cidOf,
  type Event,
  LIMITS,
  type Logged,
  type Role,
  type WireMessage,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import type { Log } from '../../spec/test/rules/log.ts'
import { appendHold, awardOn, leaseOn } from '../../spec/test/rules/story.ts'
import { CHARTER, makeBid, makeHold, makeManifest, makeToken } from '../../spec/test/rules/world.ts'
import { bruno, chiara, dora } from '../../tools/vectors/people.ts'
import { logMessages, openStage, play, settle } from './stage.ts'

const TOKEN = makeToken()
const MANIFEST = makeManifest(TOKEN)

/** A charter; a token; a job with its hold; two bids, an award and a lease; another token. */
const { log: LOG, messages: MESSAGES } = logMessages([
  () => {},
  (log) => log.append(TOKEN),
  (log) => appendHold(log, makeHold(MANIFEST), MANIFEST),
  (log) => lease(log),
  (log) => log.append(makeToken({ amount: 5 })),
])
type LogMessage = (typeof MESSAGES)[number]
const [FIRST] = MESSAGES as [LogMessage]

function lease(log: Log): void {
  const bids = [makeBid(MANIFEST), makeBid(MANIFEST, { price: 30 }, chiara)]
  leaseOn(log, awardOn(log, MANIFEST, bids))
}

const kinds = (events: readonly Event[]) =>
  events.flatMap((event) =>
    event.type === 'log' ? event.entries.map(({ record }: Logged<AnyRecord>) => record.kind) : [],
  )
const anchors = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'log' ? event.anchors.map(String) : []))

/** A process that has read the first anchors of the log, and a writer who can be heard. */
async function reader(read = 0, roles = [play('witness')]) {
  const stage = openStage()
  stage.join(dora).listen(() => {})
  const process = await stage.start(roles)
  for (const message of MESSAGES.slice(0, read)) stage.say(dora, message)
  await process.idle()
  return { stage, process, role: roles[0] as (typeof roles)[0] }
}

test('anchors in any order, and as often as you like, give the one log', async () => {
  const order = fc
    .shuffledSubarray([...MESSAGES.keys(), ...MESSAGES.keys()], { minLength: MESSAGES.length })
    .filter((indices) => new Set(indices).size === MESSAGES.length)
  const check = async (indices: readonly number[]) => {
    const { stage, process, role } = await reader()
    for (const index of indices) stage.say(dora, MESSAGES[index] as LogMessage)
    await process.idle()
    assert.equal(String(process.replica.head), String(LOG.anchors.at(-1)))
    assert.equal(process.replica.ledger.size, LOG.size)
    assert.equal(process.replica.problem, undefined)
    const heard = anchors(role.events)
    // what was folded before the role could start is in the replica that it starts with
    assert.deepEqual(heard, LOG.anchors.map(String).slice(LOG.anchors.length - heard.length))
    await process.close()
    const again = await stage.start([])
    assert.equal(again.replica.ledger.size, LOG.size)
  }
  await fc.assert(fc.asyncProperty(order, check), { numRuns: 40 })
})

test('a role starts when the charter is there, and hears each later entry once', async () => {
  const { process, role } = await reader(MESSAGES.length)
  assert.deepEqual(
    role.events.map(({ type }) => type),
    ['start', 'log', 'log', 'log', 'log'],
  )
  assert.deepEqual(kinds(role.events), ['token', 'decision', 'hold', 'lease', 'token'])
  assert.equal(process.replica.ledger.size, LOG.size)
})

test('blocks and head are durable before a role hears of the entries', async () => {
  const { stage, process, role } = await reader(1)
  let write = () => {}
  stage.disk.sync = () => new Promise<void>((resolve) => (write = resolve))
  const before = stage.touched.length
  stage.say(dora, MESSAGES[1] as LogMessage)
  await settle()
  assert.deepEqual(stage.touched.slice(before), ['blocks.put'])
  write()
  await settle()
  assert.deepEqual(stage.touched.slice(before), ['blocks.put', 'journal.append'])
  assert.deepEqual(kinds(role.events), [])
  write()
  await process.idle()
  assert.deepEqual(kinds(role.events), ['token'])
})

test('only blocks that the fold has read are kept', async () => {
  const { stage, process } = await reader(1)
  const junk = new TextEncoder().encode('"junk"')
  const message = MESSAGES[1] as LogMessage
  stage.say(bruno, { ...message, blocks: [junk, ...message.blocks, junk] })
  await process.idle()
  assert.equal(process.replica.ledger.size, 2)
  await process.close()
  const store = stage.memory.openBlocks()
  assert.equal(await store.has(cidOf('dag-cbor', junk)), false)
  assert.equal(await store.has(TOKEN.cid), true)
})

test('the writer is asked at the start, at a gap, and more and more rarely', async () => {
  const { stage, process } = await reader()
  assert.deepEqual(stage.asked(), [0])
  stage.clock.run(stage.clock.nowMs() + 60_000)
  assert(stage.asked().length > 6 && stage.asked().length < 16, `${stage.asked().length} times`)
  const before = stage.asked().length
  stage.say(dora, FIRST)
  stage.say(dora, MESSAGES[2] as LogMessage)
  await process.idle()
  stage.clock.run(stage.clock.nowMs() + 499)
  assert.deepEqual(stage.asked().slice(before), [1])
  stage.say(dora, MESSAGES[1] as LogMessage)
  await process.idle()
  assert.equal(process.replica.ledger.size, 4)
  stage.clock.run(stage.clock.nowMs() + 500)
  assert.deepEqual(stage.asked().slice(before), [1, 4])
})

test('a reader that is behind catches up, though a third of the answers is lost', async () => {
  const { stage, process } = await reader()
  const sizes = [1, 2, 4, 5, 6]
  let answers = 0
  stage.join(dora).listen((from) => {
    assert.equal(from, stage.self.did)
    const size = stage.asked().at(-1) ?? 0
    const next = MESSAGES.find((_, index) => (sizes[index] as number) > size)
    answers += 1
    if (next !== undefined && answers % 3 !== 0) stage.say(dora, next)
  })
  for (let round = 0; round < 40; round++) {
    stage.clock.run(stage.clock.nowMs() + 1000)
    await process.idle()
    if (process.replica.ledger.size === LOG.size) break
  }
  assert.equal(process.replica.ledger.size, LOG.size)
})

test('after a restart the log is there again before any role starts', async () => {
  const { stage, process } = await reader(MESSAGES.length)
  await process.close()
  let size = 0
  const role = play('home', (_, env) => {
    size = env.replica.ledger.size
    return []
  })
  const again = await stage.start([role])
  assert.equal(again.replica.ledger.size, LOG.size)
  await again.idle()
  assert.deepEqual(role.events, [{ type: 'start', journal: [] }])
  assert.equal(size, LOG.size)
  assert.equal(stage.asked().at(-1), LOG.size)
  assert.equal(String(again.replica.head), String(LOG.anchors.at(-1)))
})

test('what the disk spoiled of the log is asked for again', async () => {
  const cases: [what: CID, size: number][] = [
    // the lease's bid stands beside the log, the manifest too; an anchor hides all before it
    [makeBid(MANIFEST).cid, 4],
    [MANIFEST.cid, 2],
    [LOG.anchors[2] as CID, 0],
    [CHARTER.cid, 0],
  ]
  for (const [cid, size] of cases) {
    const { stage, process } = await reader(MESSAGES.length)
    await process.close()
    stage.memory.corrupt(cid, new Uint8Array([0]))
    const again = await stage.start([play('witness')])
    assert.equal(again.replica.ledger.size, size, `${cid}`)
    assert.equal(stage.notices.at(-1)?.code, 'BLOCK_CID_MISMATCH')
    await again.idle()
    assert.equal(stage.asked().at(-1), size)
    for (const message of MESSAGES) stage.say(dora, message)
    await again.idle()
    assert.equal(again.replica.ledger.size, LOG.size)
  }
})

test('a crash while the blocks of an anchor are written leaves the log before it', async () => {
  const { stage, process } = await reader(2)
  stage.disk.sync = () => new Promise(() => {})
  stage.say(dora, MESSAGES[2] as LogMessage)
  await settle()
  process.kill()
  stage.memory.crash(9)
  stage.disk.sync = async () => {}
  const again = await stage.start([play('witness')])
  await again.idle()
  assert.equal(again.replica.ledger.size, 2)
  assert.equal(stage.asked().at(-1), 2)
})

test('altered or missing blocks change nothing, and the writer is asked again', async () => {
  const { stage, process } = await reader(2)
  const message = MESSAGES[2] as LogMessage
  stage.clock.run(stage.clock.nowMs() + 60_000)
  const asked = stage.asked().length
  for (const [index, bytes] of message.blocks.entries()) {
    const altered = bytes.slice()
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
    const blocks = [...message.blocks]
    blocks[index] = altered
    stage.say(bruno, { ...message, blocks })
    stage.say(bruno, { ...message, blocks: message.blocks.toSpliced(index, 1) })
  }
  await process.idle()
  assert.equal(process.replica.ledger.size, 2)
  assert.equal(process.replica.problem, undefined)
  stage.clock.run(stage.clock.nowMs() + 499)
  assert.deepEqual(stage.asked().slice(asked), [2])
  stage.say(dora, message)
  await process.idle()
  assert.equal(process.replica.ledger.size, 4)
})

test('a lie of the writer stops the log for good, and says so once', async () => {
  const { stage, process, role } = await reader(2)
  const { messages } = logMessages([
    () => {},
    (log) => log.append(TOKEN),
    (log) => log.force(makeHold(MANIFEST)),
  ])
  const lie = messages[2] as LogMessage
  // the hold's manifest stands beside it: what is wrong is only what the writer signed
  stage.say(dora, { ...lie, blocks: [...lie.blocks, MANIFEST.bytes] })
  stage.say(dora, MESSAGES[2] as LogMessage)
  stage.say(dora, MESSAGES[2] as LogMessage)
  await process.idle()
  const problem = process.replica.problem
  assert.notEqual(problem, undefined)
  assert.deepEqual(
    stage.notices.map(({ level, code }) => [level, code]),
    [['error', problem?.code]],
  )
  assert.deepEqual(kinds(role.events), ['token'])
  const asked = stage.asked().length
  stage.clock.run(stage.clock.nowMs() + 60_000)
  assert.equal(stage.asked().length, asked)
})

test('batches that came too early take no more room than they may', async () => {
  const { stage, process } = await reader(1)
  const { log } = logMessages([() => {}])
  const room = LIMITS.messageBytesMax - 8192
  for (let count = 0; count < 20; count++) {
    log.append(makeToken({ amount: count + 1 }))
    log.anchor()
  }
  const early = log.anchors.slice(2)
  for (const [count, anchor] of early.entries()) {
    const filling = new Uint8Array(room).fill(count)
    stage.say(bruno, { type: 'log', anchor, blocks: [log.get(anchor) as Uint8Array, filling] })
    await process.idle()
  }
  const waiting = process.replica.waiting.size
  const most = Math.floor(LIMITS.logBytesWaitingMax / room)
  assert.equal(waiting, Math.min(most, early.length))
  assert(waiting < early.length)
})

test('the writer’s own process reads what it had anchored before it crashed', async () => {
  const stage = openStage({ self: dora })
  const answering = (react: (event: Event) => readonly WireMessage[]): Role => ({
    name: 'ledger',
    init: () => null,
    step: (state, event) => ({
      state,
      effects: react(event).map((message) => ({ do: 'send', to: dora.did, message })),
    }),
  })
  const writer = answering((event) =>
    event.type === 'message' && event.message.type === 'behind' ? MESSAGES : [],
  )
  const ports = {
    clock: stage.clock,
    exec: { run: () => new Promise<never>(() => {}), close: async () => {} },
    blocks: stage.memory.openBlocks(),
    journal: stage.memory.openJournal(),
    transport: stage.hub.join(dora.did),
  }
  const options = { signer: dora, genesis: CHARTER.cid, writer: dora.did, ports }
  const process = await serve([writer], options)
  await process.idle()
  assert.equal(process.replica.ledger.size, LOG.size)
})
