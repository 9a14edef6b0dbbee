// What people hear from a process, and the ways in which it ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Event, Fault, LIMITS, recordsMessage, type WireMessage } from '@planetary-mesh/spec'
import { alice, bruno, chiara, dora } from '../../tools/vectors/people.ts'
import { blockOf, gate, refuses } from './exams/refuses.ts'
import { BID, behind, logMessages, MANIFEST, openStage, play, settle, words } from './stage.ts'

const types = (events: readonly Event[]) => events.map(({ type }) => type)
const opening = () => logMessages([() => {}]).messages[0] as WireMessage

test('a call gets its answer, or is refused with why there is none', async () => {
  const stage = openStage()
  const job = MANIFEST.cid
  const home = play('home', (event) => {
    if (event.type !== 'call' || event.request.type !== 'status') return []
    return [{ do: 'answer', call: event.call, answer: { type: 'submitted', job } }]
  })
  const process = await stage.start([home])
  await refuses(() => process.call({ type: 'status', job }), 'LEDGER_AWAY')
  stage.say(dora, opening())
  assert.deepEqual(await process.call({ type: 'status', job }), { type: 'submitted', job })
  const waiting = Array.from({ length: LIMITS.callsWaitingMax }, () =>
    process.call({ type: 'bids', job }).catch((error) => error.code),
  )
  await refuses(() => process.call({ type: 'bids', job }), 'OVERLOADED')
  await process.close()
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['STORE_CLOSED']))
  await refuses(() => process.call({ type: 'bids', job }), 'STORE_CLOSED')
  const homeless = await openStage().start([play('ledger')])
  await refuses(() => homeless.call({ type: 'bids', job }), 'REQUEST_UNKNOWN')
})

test('a fault in a step stops the process: nothing more is done, and callers hear it', async () => {
  const stage = openStage()
  const home = play('home', (event) => {
    if (event.type === 'message') throw new Fault('expected that this cannot be')
    return event.type === 'start' ? [{ do: 'timer', name: 'x', atMs: 0 }] : []
  })
  const process = await stage.start([home])
  stage.say(dora, opening())
  const call = process.call({ type: 'bids', job: MANIFEST.cid })
  const rejected = assert.rejects(() => call, Fault)
  await process.idle()
  stage.say(bruno, recordsMessage('offer', [BID]))
  stage.say(bruno, recordsMessage('offer', [BID]))
  await rejected
  assert(process.fault instanceof Fault)
  assert.equal(await process.ended, process.fault)
  const before = [...stage.touched]
  stage.clock.run(stage.clock.nowMs() + 60_000)
  await process.idle()
  assert.equal(types(home.events).filter((type) => type === 'message').length, 1)
  await assert.rejects(() => process.call({ type: 'bids', job: MANIFEST.cid }), Fault)
  assert.deepEqual(stage.touched, before)
  assert.equal(stage.notices.at(-1)?.level, 'error')
  process.kill()
  await process.close()
  assert(stage.touched.includes('journal.close'))
})

test('a record that cannot be written stops the process before anything is said', async () => {
  const stage = openStage()
  stage.disk.sync = async () => {
    throw new Error('input/output error')
  }
  const ledger = play('ledger', () => [
    { do: 'record', entry: 1 },
    { do: 'send', to: bruno.did, message: words('too early') },
  ])
  stage.join(bruno).listen(() => {})
  const process = await stage.start([ledger])
  assert.match(String(await process.ended), /input\/output/)
  assert.deepEqual(stage.said(), [])
})

test('after a kill nothing happens any more, and no port is touched', async () => {
  const stage = openStage()
  const { pass, open } = gate()
  const ledger = play('ledger', ({ type }) =>
    type === 'start'
      ? [{ do: 'timer', name: 'due', atMs: stage.clock.nowMs() + 5 }]
      : [
          { do: 'record', entry: 1, blocks: [blockOf('named')] },
          { do: 'send', to: bruno.did, message: words('too late') },
        ],
  )
  stage.join(bruno).listen(() => {})
  const process = await stage.start([ledger])
  await process.idle()
  stage.disk.sync = () => pass
  stage.say(alice, behind(0))
  await settle()
  process.kill()
  const touched = [...stage.touched]
  open()
  stage.say(alice, behind(0))
  stage.clock.run(stage.clock.nowMs() + 60_000)
  await settle()
  await process.close()
  assert.equal(await process.ended, undefined)
  assert.deepEqual(stage.touched, touched)
  assert.deepEqual([touched.at(-1), stage.said()], ['blocks.put', []])
  assert.deepEqual(types(ledger.events), ['start', 'message'])
  assert.equal(stage.clock.waiting, 0)
})

test('closing finishes the event in hand, drops what waits, and closes the ports', async () => {
  const stage = openStage()
  const { pass, open } = gate()
  const ledger = play('ledger', ({ type }) =>
    type === 'message'
      ? [
          { do: 'record', entry: 1 },
          { do: 'send', to: bruno.did, message: words('done') },
        ]
      : [],
  )
  stage.join(bruno).listen(() => {})
  const process = await stage.start([ledger])
  await process.idle()
  stage.disk.sync = () => pass
  stage.say(chiara, behind(0))
  stage.say(chiara, behind(0))
  const closing = process.close()
  open()
  await Promise.all([closing, process.close()])
  assert.deepEqual(types(ledger.events), ['start', 'message'])
  stage.clock.run(stage.clock.nowMs())
  assert.deepEqual(stage.said(), ['done'])
  assert.deepEqual(stage.touched.slice(-3), ['exec.close', 'journal.close', 'blocks.close'])
  assert.equal(stage.clock.waiting, 0)
})
