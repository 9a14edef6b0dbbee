/** Only dora writes the log: her word on a request counts, and nobody else's does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { executorRole, homeRole } from '@planetary-mesh/mesh-node'
import {
  Cancel,
  openAny,
  Refusal,
  recordsMessage,
  seal,
  toWireError,
  type WireMessage,
} from '@planetary-mesh/spec'
import { awardOn, leased, leaseOn, openLog, submit } from '../../spec/test/rules/story.ts'
import {
  alice,
  bruno,
  chiara,
  dora,
  emil,
  gita,
  makeBid,
  makeDecision,
  makeHold,
  makeLease,
  makeManifest,
  PROFILE,
  startMs,
} from '../../spec/test/rules/world.ts'
import { answersIn, kindsOf, openStep, saidTo } from './open-step.ts'

const HOME = { bidWindowMs: 500, rebidMs: 2000, resendMs: 500, submitTries: 3 }
const EXECUTOR = {
  slots: 2,
  memoryPages: 8192,
  cores: 4,
  location: '',
  pricePpm: 800_000,
  fuelPerMs: 1_000_000,
  scopes: [],
  profile: PROFILE,
  bidValidMs: 60_000,
  resendMs: 500,
}
/** A stranger to the job, its submitter, another executor, and the standby of the writer. */
const OTHERS = [gita, alice, chiara, emil]
const refusal = toWireError(new Refusal('LEASE_LIVE', 'another is at it'))

/** bruno's home with a submit of alice's that waits for dora. */
function submitting() {
  const { log, token } = openLog()
  const manifest = makeManifest(token)
  const hold = makeHold(manifest)
  const { bytes } = makeDecision({ hold, manifest, token }, startMs)
  const home = openStep(homeRole(HOME), bruno, log)
  const asked = home.call(1, { type: 'submit', tokens: [token], manifest, hold })
  assert.deepEqual(kindsOf(asked), ['send', 'timer'])
  const appended: WireMessage = { type: 'appended', request: hold.cid, records: [bytes], index: 3 }
  const refused: WireMessage = { type: 'refused', request: hold.cid, error: refusal, records: [] }
  return { home, manifest, hold, appended, refused }
}

test('a home announces a job on the writer’s word, not on that of others', () => {
  const { home, manifest, appended } = submitting()
  for (const { did } of OTHERS) assert.deepEqual(home.hear(did, appended), [])
  const effects = home.hear(dora.did, appended)
  assert.deepEqual(kindsOf(effects), ['record', 'answer', 'broadcast', 'timer'])
  assert.deepEqual(answersIn(effects), [[1, { type: 'submitted', job: manifest.cid }]])
})

test('a submit is refused by the writer, not by others', () => {
  const { home, appended, refused } = submitting()
  for (const { did } of OTHERS) assert.deepEqual(home.hear(did, refused), [])
  const effects = home.hear(dora.did, refused)
  assert.deepEqual(answersIn(effects), [[1, { type: 'refused', error: refusal }]])
  assert.deepEqual(home.hear(dora.did, appended), [], 'it is over')
})

test('a cancel is answered on the writer’s word, not on that of others', () => {
  const { log, manifest } = leased()
  const home = openStep(homeRole(HOME), bruno, log)
  const cancel = seal(Cancel, { manifest: manifest.cid }, alice)
  home.call(1, { type: 'cancel', cancel })
  const request = cancel.cid
  const words: WireMessage[] = [
    { type: 'appended', request, records: [], index: 9 },
    { type: 'refused', request, error: refusal, records: [] },
  ]
  for (const { did } of OTHERS) {
    for (const word of words) assert.deepEqual(home.hear(did, word), [])
  }
  assert.deepEqual(answersIn(home.hear(dora.did, words[0] as WireMessage)), [
    [1, { type: 'cancelled' }],
  ])
})

/** bruno won alice's job at gita's home and has asked dora for the lease. */
function claiming() {
  const { log, token } = openLog()
  const { manifest, hold, decision } = submit(log, token)
  const bid = makeBid(manifest)
  const award = awardOn(log, manifest, [bid])
  const executor = openStep(executorRole(EXECUTOR), bruno, log)
  const asked = executor.hear(gita.did, recordsMessage('awarded', [award, bid]))
  assert.deepEqual(kindsOf(asked), ['send'])
  const refused: WireMessage = { type: 'refused', request: award.cid, error: refusal, records: [] }
  const claims = () =>
    saidTo(dora.did, executor.timer('resend')).map((message) => {
      assert.ok(message.type === 'append')
      return openAny(message.records[0] as Uint8Array).cid.toString()
    })
  return { log, executor, award, bid, hold, manifest, decision, refused, claims }
}

test('an executor gives a claim up on the writer’s word, not on that of others', () => {
  const { executor, award, manifest, refused, claims } = claiming()
  for (const { did } of OTHERS) assert.deepEqual(executor.hear(did, refused), [])
  assert.deepEqual(claims(), [`${award.cid}`], 'the lease is asked for again')
  assert.deepEqual(executor.hear(dora.did, refused), [
    {
      do: 'send',
      to: gita.did,
      message: { type: 'pass', manifest: manifest.cid, error: refusal },
    },
  ])
  assert.deepEqual(claims(), [])
})

test('nobody’s answer starts a run, not even with the lease: the log does', () => {
  const { log, executor, award, hold, bid, decision, claims } = claiming()
  const lease = makeLease({ hold, decision, award, winner: bid, atMs: log.atMs })
  const records = [decision.bytes, lease.bytes]
  const appended: WireMessage = { type: 'appended', request: award.cid, records, index: 5 }
  for (const { did } of [...OTHERS, dora]) assert.deepEqual(executor.hear(did, appended), [])
  assert.deepEqual(claims(), [`${award.cid}`])
  const logged = leaseOn(log, award)
  assert.equal(`${logged.cid}`, `${lease.cid}`, 'the very lease that was told')
  const effects = executor.follow()
  const run = effects.find((effect) => effect.do === 'run')
  assert.equal(run?.do === 'run' && run.run, `${lease.cid}`)
  assert.deepEqual(claims(), [])
})
