/** Roles that start again go on with what they wrote down, and with nothing that is over. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExecutorConfig, executorRole, homeRole } from '@planetary-mesh/mesh-node'
import { type Effect, type LedgerState, openAny, recordsMessage } from '@planetary-mesh/spec'
import {
  awardOn,
  judge,
  leased,
  leaseOn,
  openLog,
  receipted,
  settleDue,
  submit,
} from '../../spec/test/rules/story.ts'
import { alice, bruno, chiara, dora, emil, makeBid, PROFILE } from '../../spec/test/rules/world.ts'
import type { ExecutorJournal } from '../src/executor/leases.ts'
import { answersIn, kindsOf, openStep, saidTo } from './open-step.ts'

const HOME = { bidWindowMs: 500, rebidMs: 2000, resendMs: 500, submitTries: 3 }
const BID_VALID_MS = 60_000
const EXECUTOR: ExecutorConfig = {
  slots: 2,
  memoryPages: 8192,
  cores: 4,
  location: 'us-east',
  pricePpm: 800_000,
  fuelPerMs: 1_000_000,
  scopes: ['coop'],
  profile: PROFILE,
  bidValidMs: BID_VALID_MS,
  resendMs: 500,
}

const writtenIn = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'record' ? [effect.entry] : []))

/** Chiara's home carries a job of alice's, who has chosen bruno's bid. */
function chosen() {
  const { log, token } = openLog()
  const story = submit(log, token, { chooser: 'submitter', rule: null })
  const { manifest } = story
  const home = openStep(homeRole(HOME), chiara, log)
  const carried = home.call(1, { type: 'bids', job: manifest.cid })
  const bid = makeBid(manifest, { validUntilMs: log.atMs + BID_VALID_MS })
  home.hear(bruno.did, recordsMessage('offer', [bid]))
  const award = awardOn(log, manifest, [bid], {}, alice)
  const effects = home.call(2, { type: 'award', award })
  const journal = [...writtenIn(carried), ...writtenIn(effects)]
  return { ...story, log, home, award, effects, journal }
}

test('a choice is durable before it is acknowledged, and brought again after a restart', () => {
  const { home, award, effects, journal } = chosen()
  assert.deepEqual(kindsOf(effects), ['record', 'send', 'timer', 'answer'])
  assert.deepEqual(answersIn(effects), [[2, { type: 'awarded' }]])
  const again = home.start(journal)
  assert.deepEqual(kindsOf(again), ['send', 'timer'], 'no new round of bids')
  assert.deepEqual(saidTo(bruno.did, again), saidTo(bruno.did, effects))
  assert.ok(award.author === alice.did)
})

test('a choice that has its lease, or whose bid ran out, is brought no more', () => {
  const taken = chosen()
  leaseOn(taken.log, taken.award)
  taken.home.follow()
  const afterLease = taken.home.start(taken.journal)
  assert.deepEqual(saidTo(bruno.did, afterLease), [])
  const late = chosen()
  late.log.atMs += BID_VALID_MS + 1
  const timer = late.home.start(late.journal).at(-1)
  assert.ok(timer?.do === 'timer' && timer.name === `rebid:${late.manifest.cid}`)
})

test('a job whose hold is over is not announced again, though the log has forgotten it', () => {
  const { journal, hold } = chosen()
  const { log } = openLog()
  const home = openStep(homeRole(HOME), chiara, log)
  assert.ok(home.start(journal).length > 0, 'this copy of the log may merely be behind')
  log.atMs = hold.body.untilMs + 1
  assert.deepEqual(home.start(journal), [])
})

test('a lease given up is declined until the log says so, after a restart too', () => {
  const { log, lease } = leased()
  const executor = openStep(executorRole(EXECUTOR), bruno, log)
  const said = (effects: readonly Effect[]) =>
    saidTo(dora.did, effects).map((message) => {
      assert.ok(message.type === 'append')
      const record = openAny(message.records[0] as Uint8Array)
      assert.ok(record.kind === 'decline')
      return record
    })
  const first = executor.start([{ started: lease.cid }])
  assert.deepEqual(kindsOf(first).slice(0, 2), ['record', 'send'], 'durable before it is said')
  const [declined] = said(first)
  assert.ok(declined)
  assert.ok(declined.body.lease.equals(lease.cid))
  assert.deepEqual(said(executor.timer('resend')), [declined])
  const journal = [{ started: lease.cid }, ...writtenIn(first)]
  assert.deepEqual(said(executor.start(journal)), [declined])
  log.append(declined)
  executor.follow()
  assert.deepEqual(said(executor.timer('resend')), [])
  assert.deepEqual(said(executor.start(journal)), [])
})

/** A copy of the log that has forgotten every job. */
const forgotten = (ledger: LedgerState): LedgerState => ({
  ...ledger,
  jobs: new Map(),
  jobOf: new Map(),
})

test('of a settled job, or one that the log has forgotten, an executor carries nothing on', () => {
  const { log, lease, receipt, job } = receipted()
  const { isOver } = executorRole(EXECUTOR)
  const entries = [
    { started: lease.cid },
    { declined: lease.cid },
    { receipt: receipt.bytes },
  ] satisfies ExecutorJournal[]
  const over = (ledger: LedgerState) => entries.map((entry) => isOver?.(entry, ledger))
  assert.deepEqual(over(log.ledger), [false, false, false], 'the receipt may not have been heard')
  assert.deepEqual(over(forgotten(log.ledger)), [true, true, true])
  for (const verifier of [dora, emil]) judge(log, receipt, verifier)
  settleDue(log, job)
  assert.deepEqual(over(log.ledger), [true, true, true])
})

test('a home carries no job whose hold is over by the log’s clock, and every choice of hers', () => {
  const { log, hold, journal } = chosen()
  const { isOver } = homeRole(HOME)
  const over = (ledger: LedgerState) => journal.map((entry) => isOver?.(entry, ledger))
  const { untilMs } = hold.body
  assert.deepEqual(over({ ...log.ledger, lastAtMs: untilMs }), [false, false])
  assert.deepEqual(over({ ...log.ledger, lastAtMs: untilMs + 1 }), [true, false])
})
