/** alice calls a job off at bruno's home: what she hears, and when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { homeRole } from '@planetary-mesh/mesh-node'
import {
  appendMessage,
  attempt,
  Cancel,
  type Manifest,
  Refusal,
  seal,
  toWireError,
  type WireMessage,
} from '@planetary-mesh/spec'
import type { Log } from '../../spec/test/rules/log.ts'
import { judge, leased, receipted, settleDue } from '../../spec/test/rules/story.ts'
import { alice, bruno, dora, emil } from '../../spec/test/rules/world.ts'
import { answersIn, kindsOf, openStep, saidTo, timerIn } from './open-step.ts'

const TRIES = 3

/** bruno's home, asked twice for the same cancel. */
function cancelling({ log, manifest }: { log: Log; manifest: Manifest }) {
  const home = openStep(
    homeRole({ bidWindowMs: 500, rebidMs: 2000, resendMs: 500, submitTries: TRIES }),
    bruno,
    log,
  )
  const cancel = seal(Cancel, { manifest: manifest.cid }, alice)
  const asked = home.call(1, { type: 'cancel', cancel })
  assert.deepEqual(saidTo(dora.did, asked), [appendMessage([cancel])])
  assert.deepEqual(home.call(2, { type: 'cancel', cancel }), [], 'asked already')
  return { home, cancel, timer: timerIn(asked) }
}

test('a cancel that the log took is answered `cancelled`, to all who asked', () => {
  const story = leased()
  const { home, cancel, timer } = cancelling(story)
  const { index } = story.log.append(cancel)
  const effects = home.hear(dora.did, {
    type: 'appended',
    request: cancel.cid,
    records: [],
    index,
  })
  assert.deepEqual(answersIn(effects), [
    [1, { type: 'cancelled' }],
    [2, { type: 'cancelled' }],
  ])
  assert.deepEqual(home.timer(timer), [], 'the writer is asked no more')
})

test('a cancel of a job that has ended is refused as the fold refuses it: JOB_ENDED', () => {
  const ran = receipted()
  const paid = receipted()
  for (const verifier of [dora, emil]) judge(paid.log, paid.receipt, verifier)
  assert.equal(settleDue(paid.log, paid.job)?.body.reason, 'verified')
  for (const story of [ran, paid]) {
    const { home, cancel, timer } = cancelling(story)
    const refusal = attempt(() => story.log.append(cancel))
    assert.ok(refusal instanceof Refusal)
    assert.equal(refusal.code, 'JOB_ENDED')
    const error = toWireError(refusal)
    const effects = home.hear(dora.did, {
      type: 'refused',
      request: cancel.cid,
      error,
      records: [],
    })
    assert.deepEqual(answersIn(effects), [
      [1, { type: 'refused', error }],
      [2, { type: 'refused', error }],
    ])
    assert.deepEqual(home.timer(timer), [])
  }
})

test('without a word of the writer it is asked as often as said, then: LEDGER_AWAY', () => {
  const { home, cancel, timer } = cancelling(leased())
  for (let tries = 2; tries <= TRIES; tries++) {
    const again = home.timer(timer)
    assert.deepEqual(kindsOf(again), ['send', 'timer'])
    assert.deepEqual(saidTo(dora.did, again), [appendMessage([cancel])])
    assert.equal(timerIn(again), timer)
  }
  const answers = answersIn(home.timer(timer))
  assert.deepEqual(
    answers,
    [1, 2].map((call) => [
      call,
      {
        type: 'refused',
        error: {
          code: 'LEDGER_AWAY',
          detail: `the log writer ${dora.did} gave no answer to ${TRIES} requests`,
          values: {},
        },
      },
    ]),
  )
  const late: WireMessage = { type: 'appended', request: cancel.cid, records: [], index: 5 }
  assert.deepEqual(home.hear(dora.did, late), [], 'nobody waits for it any more')
  const anew = home.call(3, { type: 'cancel', cancel })
  assert.deepEqual(kindsOf(anew), ['send', 'timer'], 'whoever asks again is heard again')
  assert.deepEqual(answersIn(home.hear(dora.did, late)), [[3, { type: 'cancelled' }]])
})
