// A process asks the writer to log records of its own, outside any role.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt, Refusal, toWireError, type WireMessage } from '@planetary-mesh/spec'
import { makeToken } from '../../spec/test/rules/world.ts'
import { alice, dora } from '../../tools/vectors/people.ts'
import { openStage, play } from './stage.ts'

const TOKEN = makeToken({ amount: 7 })

async function asking() {
  const stage = openStage()
  stage.join(dora).listen(() => {})
  const process = await stage.start([play('witness')])
  const answer = process.append([TOKEN]).then(
    (index) => index,
    (error: unknown) => error,
  )
  await process.idle()
  const asked = () => stage.sent.filter(({ message }) => message.type === 'append').length
  return { stage, process, answer, asked }
}

test('the writer says at which index it logged them; another member says nothing', async () => {
  const { stage, answer, asked } = await asking()
  const done: WireMessage = { type: 'appended', request: TOKEN.cid, records: [], index: 4 }
  stage.say(alice, { ...done, index: 9 })
  stage.say(dora, done)
  assert.equal(await answer, 4)
  assert.equal(asked(), 1)
})

test('what the writer refuses is refused with its code and numbers', async () => {
  const { stage, answer } = await asking()
  const refusal = new Refusal('TOKEN_EXPIRED', 'too late', { values: { atMs: 5 } })
  const error = toWireError(refusal)
  stage.say(dora, { type: 'refused', request: TOKEN.cid, error, records: [] })
  const refused = (await answer) as Refusal
  assert.deepEqual([refused.code, refused.values], ['TOKEN_EXPIRED', { atMs: 5 }])
})

test('a writer that is away is asked again and again, then it is LEDGER_AWAY', async () => {
  const { stage, answer, asked } = await asking()
  stage.clock.run(stage.clock.nowMs() + 60_000)
  assert.equal(((await answer) as Refusal).code, 'LEDGER_AWAY')
  assert.equal(asked(), 20)
})

test('the same request twice at once is refused, and a stop answers all who wait', async () => {
  const { process, answer } = await asking()
  const twice = await process.append([TOKEN]).catch((error: unknown) => error)
  assert.equal((twice as Refusal).code, 'OVERLOADED')
  await process.close()
  assert.equal(((await answer) as Refusal).code, 'STORE_CLOSED')
  const late = await process.append([TOKEN]).catch((error: unknown) => error)
  assert.equal((late as Refusal).code, 'STORE_CLOSED')
  assert.ok(attempt(() => TOKEN.cid))
})

test('a watcher hears of every event until it leaves', async () => {
  const { stage, process } = await asking()
  let heard = 0
  const leave = process.watch(() => {
    heard += 1
  })
  stage.say(dora, { type: 'behind', from: 0 })
  await process.idle()
  const before = heard
  assert.ok(before > 0)
  leave()
  stage.say(dora, { type: 'behind', from: 0 })
  await process.idle()
  assert.equal(heard, before)
})
