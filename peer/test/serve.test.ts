// The shell on a stage: write, then speak; one event after another; and what ends a process.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Event,
  encodeBlock,
  encodeMessage,
  LIMITS,
  type RoleName,
  recordsMessage,
  type WireMessage,
} from '@planetary-mesh/spec'
import { makeToken } from '../../spec/test/rules/world.ts'
import { alice, bruno, chiara, dora, fatou, mallory } from '../../tools/vectors/people.ts'
import { blockOf, gate, refuses } from './exams/refuses.ts'
import { BID, behind, logMessages, MANIFEST, openStage, play, settle, words } from './stage.ts'

const types = (events: readonly Event[]) => events.map(({ type }) => type)
const heard = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'message' ? [event.message.type] : []))
const opening = () => logMessages([() => {}]).messages[0] as WireMessage
const CAPACITY = {
  slots: 2,
  freeSlots: 1,
  queued: 0,
  memoryPages: 8192,
  cores: 4,
  location: 'us-east',
  scopes: [],
  profile: 'mesh-runtime/0',
}
const never = () => new Promise<void>(() => {})

test('nothing that follows a record is done before it is durable', async () => {
  const stage = openStage()
  const { pass, open } = gate()
  stage.disk.sync = () => pass
  const ledger = play('ledger', ({ type }) =>
    type === 'start'
      ? [
          { do: 'send', to: bruno.did, message: words('before') },
          { do: 'record', entry: { n: 1 }, blocks: [blockOf('named')] },
          { do: 'broadcast', message: words('after') },
          { do: 'timer', name: 'later', atMs: stage.clock.nowMs() },
        ]
      : [],
  )
  stage.join(bruno).listen(() => {})
  const process = await stage.start([ledger])
  await settle()
  stage.clock.run(stage.clock.nowMs() + 10)
  assert.deepEqual(stage.said(), ['before'])
  assert.deepEqual(types(ledger.events), ['start'])
  open()
  await process.idle()
  stage.clock.run(stage.clock.nowMs() + 10)
  await process.idle()
  assert.deepEqual(stage.said(), ['before', 'after'])
  assert.deepEqual(types(ledger.events), ['start', 'timer'])
  assert.deepEqual(
    stage.touched.filter((name) => /put|append/.test(name)),
    ['blocks.put', 'journal.append'],
  )
})

test('with a disk that never syncs nothing is ever said', async () => {
  const stage = openStage()
  stage.disk.sync = never
  const ledger = play('ledger', () => [
    { do: 'record', entry: 1 },
    { do: 'broadcast', message: words('too early') },
  ])
  stage.join(bruno).listen(() => {})
  await stage.start([ledger])
  stage.say(alice, behind(0))
  await settle()
  stage.clock.run(stage.clock.nowMs() + 60_000)
  await settle()
  assert.deepEqual(stage.said(), [])
})

test('a crash between two records leaves the first, and what was said after it', async () => {
  const stage = openStage()
  let syncs = 0
  stage.disk.sync = () => (++syncs === 2 ? never() : Promise.resolve())
  const steps = play('ledger', ({ type }) =>
    type === 'message'
      ? [
          { do: 'record', entry: 'first' },
          { do: 'send', to: bruno.did, message: words('one') },
          { do: 'record', entry: 'second' },
          { do: 'send', to: bruno.did, message: words('two') },
        ]
      : [],
  )
  stage.join(bruno).listen(() => {})
  const process = await stage.start([steps])
  stage.say(alice, behind(0))
  await settle()
  process.kill()
  stage.memory.crash()
  assert.deepEqual(stage.said(), ['one'])
  const again = play('ledger')
  await (await stage.start([again])).idle()
  assert.deepEqual(again.events, [{ type: 'start', journal: ['first'] }])
})

test('after a restart each role has its own entries, oldest first', async () => {
  const stage = openStage()
  const both = (name: RoleName) =>
    play(name, (event) =>
      event.type === 'message' && event.message.type === 'appended'
        ? [
            { do: 'record', entry: { [name]: event.message.index } },
            { do: 'record', entry: null },
          ]
        : [],
    )
  const process = await stage.start([both('ledger'), both('home')])
  stage.say(dora, opening())
  await process.idle()
  for (const index of [1, 2]) {
    stage.say(alice, { type: 'appended', request: MANIFEST.cid, records: [], index })
    await process.idle()
  }
  await process.close()
  const [ledger, home, witness] = [play('ledger'), play('home'), play('witness')]
  await (await stage.start([ledger, home, witness])).idle()
  const journals = [ledger, home, witness].map(({ events }) => events[0])
  assert.deepEqual(journals, [
    { type: 'start', journal: [{ ledger: 1 }, null, { ledger: 2 }, null] },
    { type: 'start', journal: [{ home: 1 }, null, { home: 2 }, null] },
    { type: 'start', journal: [] },
  ])
})

test('a step opens the records of its journal by the shell, one by one or mapped', async () => {
  const stage = openStage()
  const opened: string[] = []
  const ledger = play('ledger', (_, env) => {
    opened.push(...[BID.bytes, MANIFEST.bytes].map(env.open).map(({ kind }) => kind))
    return []
  })
  const process = await stage.start([ledger])
  await process.idle()
  assert.equal(process.fault, undefined)
  assert.deepEqual(opened, ['bid', 'manifest'])
})

test('the next event waits until all of the one before is done', async () => {
  const stage = openStage()
  const { pass, open } = gate()
  const ledger = play('ledger', ({ type }) =>
    type === 'message' ? [{ do: 'record', entry: 1 }] : [],
  )
  const process = await stage.start([ledger])
  await process.idle()
  stage.disk.sync = () => pass
  stage.say(alice, behind(1))
  stage.say(alice, behind(2))
  await settle()
  assert.deepEqual(types(ledger.events), ['start', 'message'])
  open()
  await process.idle()
  assert.deepEqual(types(ledger.events), ['start', 'message', 'message'])
  assert.deepEqual([...process.states], [['ledger', 3]])
})

test('what does not open at the door is dropped with its code, and the next is heard', async () => {
  const stage = openStage()
  const ledger = play('ledger')
  const process = await stage.start([ledger])
  const forged = BID.bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const bytes: [Uint8Array, string][] = [
    [new Uint8Array(LIMITS.messageBytesMax + 1), 'BLOCK_TOO_LARGE'],
    [new Uint8Array([0xff]), 'BLOCK_MALFORMED'],
    [encodeBlock({ type: 'hello' }).bytes, 'MESSAGE_MALFORMED'],
    [encodeBlock({ ...behind(0), more: 1 }).bytes, 'MESSAGE_MALFORMED'],
    [encodeMessage({ type: 'offer', records: [forged] }), 'SIGNATURE_INVALID'],
    [encodeMessage({ type: 'offer', records: [new Uint8Array()] }), 'BLOCK_MALFORMED'],
  ]
  for (const [message] of bytes) stage.say(bruno, message)
  stage.say(bruno, behind(0))
  await process.idle()
  assert.deepEqual(
    stage.notices.map(({ code, from }) => [code, from]),
    bytes.map(([, code]) => [code, bruno.did]),
  )
  assert.deepEqual(heard(ledger.events), ['behind'])
  assert.deepEqual(process.dropped, { overload: 0, refused: bytes.length })
})

test('each message is heard by the roles that it is for, with its records opened', async () => {
  const stage = openStage()
  const names: RoleName[] = ['home', 'executor', 'ledger', 'witness', 'verifier']
  const roles = names.map((name) => play(name))
  const process = await stage.start(roles)
  stage.say(dora, opening())
  const request = MANIFEST.cid
  const error = { code: 'LEASE_LIVE' as const, detail: '', values: {} }
  const progress = { type: 'progress', manifest: request, phase: 'running', detail: '' } as const
  const messages: WireMessage[] = [
    { type: 'append', records: [BID.bytes], linked: [MANIFEST.bytes] },
    // what this process has folded it gives by itself
    behind(0),
    behind(1),
    { type: 'advert', capacity: CAPACITY },
    { type: 'cosigned', anchor: request, note: 'x' },
    recordsMessage('announce', [MANIFEST]),
    recordsMessage('awarded', [BID]),
    recordsMessage('offer', [BID]),
    { type: 'pass', manifest: request, error },
    progress,
    { type: 'appended', request, records: [BID.bytes], index: 3 },
    { type: 'refused', request, error, records: [] },
  ]
  for (const message of messages) stage.say(bruno, message)
  await process.idle()
  const all = ['appended', 'refused']
  assert.deepEqual(Object.fromEntries(roles.map(({ name, events }) => [name, heard(events)])), {
    home: ['advert', 'offer', 'pass', 'progress', ...all],
    executor: ['announce', 'awarded', ...all],
    ledger: ['append', 'behind', 'cosigned', ...all],
    witness: all,
    verifier: all,
  })
  const append = roles[2]?.events.find(({ type }) => type === 'message')
  assert(append?.type === 'message' && append.from === bruno.did)
  assert.deepEqual(
    append.message.opened.map(({ cid }) => `${cid}`),
    [`${BID.cid}`],
  )
  assert.deepEqual(
    append.message.named.map(({ kind }) => kind),
    ['manifest'],
  )
})

test('a broadcast, and what is sent to oneself, comes back through the door', async () => {
  const stage = openStage()
  const ledger = play('ledger', ({ type }) =>
    type === 'start'
      ? [
          { do: 'broadcast', message: behind(7) },
          { do: 'send', to: stage.self.did, message: behind(8) },
        ]
      : [],
  )
  stage.join(bruno).listen(() => {})
  const process = await stage.start([ledger])
  await process.idle()
  const [, ...own] = ledger.events.map((event) =>
    event.type === 'message' && event.message.type === 'behind'
      ? [event.from, event.message.from]
      : [],
  )
  assert.deepEqual(own, [
    [stage.self.did, 7],
    [stage.self.did, 8],
  ])
  assert.deepEqual(stage.asked(), [7])
})

test('a timer fires once, at its role, and the last of a name counts', async () => {
  const stage = openStage()
  const nowMs = stage.clock.nowMs()
  const setting = (name: RoleName, ...after: number[]) =>
    play(name, ({ type }) =>
      type === 'start'
        ? after.map((ms) => ({ do: 'timer', name: 'same', atMs: nowMs + ms }) as const)
        : [],
    )
  const [ledger, home] = [setting('ledger', 10, 30), setting('home', 20)]
  const process = await stage.start([ledger, home])
  stage.say(dora, opening())
  await process.idle()
  const timers = () => [ledger, home].map(({ events }) => types(events).filter(isTimer).length)
  const isTimer = (type: string) => type === 'timer'
  stage.clock.run(nowMs + 25)
  await process.idle()
  assert.deepEqual(timers(), [0, 1])
  stage.clock.run(nowMs + 100)
  await process.idle()
  assert.deepEqual(timers(), [1, 1])
})

/** A home whose first log entry is still being written, so that what is said to it waits. */
async function openBusyHome(step?: Parameters<typeof play>[1]) {
  const stage = openStage()
  const { pass, open } = gate()
  const home = play('home', step)
  const process = await stage.start([home])
  stage.say(dora, opening())
  await process.idle()
  stage.disk.sync = () => pass
  const { messages } = logMessages([() => {}, (log) => log.append(makeToken())])
  stage.say(dora, messages[1] as WireMessage)
  await settle()
  const done = async () => {
    open()
    await process.idle()
  }
  return { stage, process, home, done }
}

test('when the queue is full messages are dropped and counted, timers are not', async () => {
  const { stage, process, home, done } = await openBusyHome(({ type }, { nowMs }) =>
    type === 'start' ? [{ do: 'timer', name: 'due', atMs: nowMs + 5 }] : [],
  )
  const crowd = [alice, bruno, chiara, fatou]
  for (const one of crowd) {
    const far = stage.join(one)
    for (let count = 0; count < LIMITS.eventsQueuedMax / crowd.length; count++) {
      far.send(stage.self.did, encodeMessage(behind(count)))
    }
  }
  for (let count = 0; count < 10; count++) stage.say(dora, behind(count))
  stage.clock.run(stage.clock.nowMs() + 5)
  await refuses(() => process.call({ type: 'status', job: MANIFEST.cid }), 'OVERLOADED')
  await done()
  assert.equal(process.dropped.overload, 10)
  assert.equal(types(home.events).at(-1), 'timer')
  assert.deepEqual(
    stage.notices.filter(({ code }) => code === 'OVERLOADED').map(({ from }) => from),
    [dora.did],
  )
})

test('a member who says more messages than may wait of one is turned away alone', async () => {
  const { stage, process, home, done } = await openBusyHome()
  const far = stage.join(chiara)
  for (let count = 0; count < LIMITS.heardOfOneMax + 10; count++) {
    far.send(stage.self.did, encodeMessage(behind(count)))
  }
  stage.say(bruno, recordsMessage('offer', [BID]))
  await done()
  assert.equal(process.dropped.overload, 10)
  assert.deepEqual(heard(home.events), ['offer'])
  stage.say(chiara, recordsMessage('offer', [BID]))
  await process.idle()
  assert.deepEqual(heard(home.events), ['offer', 'offer'], 'what was handled counts no more')
})

test('large messages of one member wait up to a bound in bytes, of all together up to another', async () => {
  const { stage, process, home, done } = await openBusyHome()
  const bytes = LIMITS.messageBytesMax - 1024
  const large = new Uint8Array(bytes)
  const ofOne = Math.floor(LIMITS.heardBytesOfOneMax / bytes)
  const inAll = Math.floor(LIMITS.heardBytesMax / bytes)
  for (let count = 0; count < ofOne + 3; count++) stage.join(chiara).send(stage.self.did, large)
  stage.clock.run(stage.clock.nowMs())
  stage.say(bruno, recordsMessage('offer', [BID]))
  const others = [alice, bruno, fatou, mallory]
  for (const one of others) {
    for (let count = 0; count < ofOne; count++) stage.join(one).send(stage.self.did, large)
  }
  stage.clock.run(stage.clock.nowMs())
  await done()
  const turnedAway = 3 + (1 + others.length) * ofOne - inAll
  assert.equal(process.dropped.overload, turnedAway)
  assert.equal(process.dropped.refused, inAll)
  assert.deepEqual(heard(home.events), ['offer'])
})

test('what a member sends that does not open is in the log a few times, then counted', async () => {
  const stage = openStage()
  const process = await stage.start([play('home')])
  const rubbish = () => stage.say(chiara, Uint8Array.of(0xff))
  const said = () => stage.notices.filter(({ message }) => message === 'message refused')
  for (let count = 0; count < LIMITS.noticesMax + 5; count++) rubbish()
  stage.say(bruno, Uint8Array.of(0xff))
  await process.idle()
  assert.equal(said().filter(({ from }) => from === chiara.did).length, LIMITS.noticesMax)
  assert.equal(said().at(-1)?.from, bruno.did, 'another member is another matter')
  stage.clock.run(stage.clock.nowMs() + LIMITS.noticePauseMs)
  rubbish()
  await process.idle()
  assert.match(String(said().at(-1)?.detail), /; 5 more before were left out$/)
  assert.equal(process.dropped.refused, LIMITS.noticesMax + 7)
})
