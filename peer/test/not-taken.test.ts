// What a role refuses: a stranger's message costs that message, a call its answer, but what the
// process owes itself, its journal first, must be taken or it stops.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Event, Refusal, type WireMessage } from '@planetary-mesh/spec'
import { leased } from '../../spec/test/rules/story.ts'
import { makeReceipt, makeToken, RESULT } from '../../spec/test/rules/world.ts'
import { bruno, chiara, dora } from '../../tools/vectors/people.ts'
import { refuses } from './exams/refuses.ts'
import { behind, logMessages, MANIFEST, openStage, play, settle, words } from './stage.ts'

const { messages } = logMessages([() => {}, (log) => log.append(makeToken())])
const [opening, more] = messages as [WireMessage, WireMessage]
const STATUS = { type: 'status', job: MANIFEST.cid } as const

test('a message that a role refuses is dropped, counted and told, and the next is heard', async () => {
  const stage = openStage()
  const ledger = play('ledger', (event) => {
    if (event.type !== 'message' || event.message.type !== 'behind') return []
    const { from } = event.message
    if (from === 13) throw new Refusal('LIMIT_EXCEEDED', 'thirteen is too much')
    return [{ do: 'send', to: bruno.did, message: words(`${from}`) }]
  })
  stage.join(bruno).listen(() => {})
  const process = await stage.start([ledger])
  for (const from of [12, 13, 14]) stage.say(chiara, behind(from))
  await process.idle()
  stage.clock.run(stage.clock.nowMs())
  assert.deepEqual(stage.said(), ['12', '14'])
  assert.deepEqual(process.dropped, { overload: 0, refused: 1 })
  assert.deepEqual(stage.notices, [
    {
      level: 'warn',
      message: 'ledger refused a message',
      code: 'LIMIT_EXCEEDED',
      detail: 'thirteen is too much',
      from: chiara.did,
    },
  ])
  assert.equal(process.fault, undefined)
  assert.equal(process.states.get('ledger'), 3, 'the refused step left the state as it was')
})

test('a message that one role refuses is still heard by the others', async () => {
  const stage = openStage()
  const refusing = play('ledger', ({ type }) => {
    if (type === 'message') throw new Refusal('LINK_MISMATCH', 'not mine')
    return []
  })
  const home = play('home')
  const process = await stage.start([refusing, home])
  stage.say(dora, opening)
  stage.say(dora, { type: 'appended', request: MANIFEST.cid, records: [], index: 1 })
  await process.idle()
  assert.equal(home.events.at(-1)?.type, 'message')
  assert.deepEqual(process.dropped, { overload: 0, refused: 1 })
})

test('a call that a role refuses is rejected with its code, and the next is answered', async () => {
  const stage = openStage()
  const home = play('home', (event) => {
    if (event.type !== 'call') return []
    if (event.request.type === 'bids') throw new Refusal('JOB_UNKNOWN', 'no such job')
    return [{ do: 'answer', call: event.call, answer: { type: 'awarded' } }]
  })
  const process = await stage.start([home])
  stage.say(dora, opening)
  await process.idle()
  await refuses(() => process.call({ type: 'bids', job: MANIFEST.cid }), 'JOB_UNKNOWN')
  assert.deepEqual(await process.call(STATUS), { type: 'awarded' })
  assert.deepEqual(process.dropped, { overload: 0, refused: 0 })
  assert.equal(process.fault, undefined)
})

test('a role that refuses its own journal stops the process, and callers hear why', async () => {
  const stage = openStage()
  const writing = play('home', ({ type }) =>
    type === 'start' ? [{ do: 'record', entry: 'spoiled' }] : [],
  )
  const before = await stage.start([writing])
  stage.say(dora, opening)
  await before.idle()
  await before.close()

  const reading = play('home', (event) => {
    if (event.type !== 'start') return []
    throw new Refusal('JOURNAL_CORRUPT', `an entry says ${event.journal[0]}`)
  })
  const process = await stage.start([reading])
  await process.idle()
  const { fault } = process
  assert.ok(fault instanceof Refusal && fault.code === 'JOURNAL_CORRUPT', String(fault))
  assert.equal(fault.detail, 'an entry says spoiled')
  assert.equal(await process.ended, fault)
  assert.equal(stage.notices.at(-1)?.level, 'error')
  await refuses(() => process.call(STATUS), 'JOURNAL_CORRUPT')
})

/** A role that has a timer, a run and a log, and refuses its first event of this type. */
async function refusing(refused: Event['type']) {
  const { manifest, lease } = leased()
  const { measured } = makeReceipt({ manifest, lease }).body
  const stage = openStage({ exec: (_, { resolve }) => resolve({ result: RESULT, measured }) })
  const executor = play('executor', ({ type }) => {
    if (type === refused) throw new Refusal('ENTRY_INVALID', `a ${type}`)
    if (type !== 'start') return []
    const atMs = stage.clock.nowMs() + 5
    return [
      { do: 'timer', name: 'due', atMs },
      { do: 'run', run: 'one', manifest, wallMs: 1000 },
    ]
  })
  const process = await stage.start([executor])
  stage.say(dora, opening)
  await settle()
  stage.say(dora, more)
  await settle()
  stage.clock.run(stage.clock.nowMs() + 5)
  await settle()
  const types = executor.events.map(({ type }) => type)
  return { process, types }
}

test('a role that refuses a timer, a run or the log stops the process too', async () => {
  const taken = await refusing('message')
  assert.equal(taken.process.fault, undefined)
  assert.deepEqual(taken.types, ['start', 'ran', 'log', 'timer'])
  for (const [type, before] of [
    ['ran', ['start']],
    ['log', ['start', 'ran']],
    ['timer', ['start', 'ran', 'log']],
  ] as const) {
    const { process, types } = await refusing(type)
    assert.ok(process.fault instanceof Refusal, type)
    assert.equal(process.fault.detail, `a ${type}`)
    assert.deepEqual(types, [...before, type], 'nothing is handled after it')
    assert.equal(process.dropped.refused, 0)
  }
})
