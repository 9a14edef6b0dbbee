/** A replica forgets what is closed, and still says what one says that keeps everything. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addOutcome,
  anchorAt,
  attempt,
  balances,
  conservationProblems,
  forgetClosed,
  LIMITS,
  openReplica,
  Refusal,
  receive,
  standingOf,
} from '@planetary-mesh/spec'
import { Log } from './log.ts'
import { appendHold, judge, leased, past, receipted, settleDue } from './story.ts'
import { bruno, dora, emil, fatou, makeHold, makeToken, makeVerdict } from './world.ts'

const FOLLOWED = LIMITS.entriesAfterSettle
/** Entries of no job, to make time pass in the log. */
function pass(log: Log, count: number): void {
  for (let made = 0; made < count; made++) log.append(makeToken({ amount: 1_000_000 + log.size }))
}

function settled() {
  const story = receipted()
  for (const verifier of [dora, emil]) judge(story.log, story.receipt, verifier)
  assert.equal(settleDue(story.log, story.job)?.body.reason, 'verified')
  return story
}

function closed() {
  const story = settled()
  story.log.atMs = story.hold.body.untilMs
  pass(story.log, FOLLOWED)
  return story
}

const codeOf = (action: () => unknown) => (attempt(action) as Refusal).code

test('a job is closed when its hold is over and enough entries followed its settle', () => {
  const early = settled()
  pass(early.log, FOLLOWED + 1)
  assert.deepEqual(forgetClosed(early.log.ledger), [], 'its time is not over')
  const late = settled()
  late.log.atMs = late.hold.body.untilMs
  pass(late.log, FOLLOWED - 1)
  assert.deepEqual(forgetClosed(late.log.ledger), [], 'not enough has followed')
  pass(late.log, 1)
  const gone = forgetClosed(late.log.ledger).map(({ kind }) => kind)
  const kinds = ['decision', 'hold', 'lease', 'receipt', 'verdict', 'verdict', 'settle']
  assert.deepEqual(gone.toSorted(), kinds.toSorted())
  assert.deepEqual(forgetClosed(late.log.ledger), [], 'once')
})

test('an open job is never forgotten, however long the log', () => {
  const story = leased()
  story.log.atMs = story.hold.body.untilMs + 1
  pass(story.log, FOLLOWED + 2)
  assert.deepEqual(forgetClosed(story.log.ledger), [])
  assert.ok(story.log.ledger.jobs.has(story.manifest.cid.toString()))
})

test('sums and standing stay when a job is forgotten', () => {
  const { log } = closed()
  const before = [balances(log.ledger), past(log)]
  const [jobs, acts] = [log.ledger.jobs.size, log.ledger.acts.size]
  assert.equal(forgetClosed(log.ledger).length, 7)
  assert.deepEqual([balances(log.ledger), past(log)], before)
  assert.deepEqual(conservationProblems(log.ledger), [])
  assert.equal(log.ledger.jobs.size, jobs - 1)
  assert.equal(log.ledger.jobOf.size, 0)
  assert.ok(log.ledger.acts.size < acts)
})

test('how a standing grew goes with the jobs, but for what an award may still ask', () => {
  const { log } = closed()
  pass(log, 100)
  const { past, size } = log.ledger
  const of = { scope: 'default', executor: bruno.did }
  const horizon = size - LIMITS.awardLagMax
  const more = [horizon - 2, horizon - 1, horizon, size - 1]
  for (const index of more) addOutcome(past, { ...of, index, valid: true, onTime: false })
  const asked = () => [horizon, horizon + 1, size].map((before) => standingOf(past, of, before))
  const before = asked()
  assert.equal(forgetClosed(log.ledger).length, 7)
  assert.deepEqual(asked(), before)
  const kept = past.get(`default|${bruno.did}`)?.map(({ index }) => index)
  assert.deepEqual(kept, [horizon - 1, horizon, size - 1])
})

test('what names a closed job is refused by those that remember it and those that do not', () => {
  for (const forgets of [false, true]) {
    const { log, manifest, hold, receipt, lease } = closed()
    if (forgets) assert.equal(forgetClosed(log.ledger).length, 7)
    const { size } = log.ledger
    const verdict = makeVerdict(receipt, {}, fatou)
    assert.equal(
      codeOf(() => log.append(verdict)),
      forgets ? 'RECEIPT_UNKNOWN' : 'JOB_ENDED',
    )
    const again = [hold, makeHold(manifest, { amount: hold.body.amount })]
    for (const same of again) {
      const code = codeOf(() => appendHold(log, same, manifest))
      assert.ok(['JOB_ENDED', 'RECORD_DUPLICATE', 'HOLD_DUPLICATE'].includes(code), code)
    }
    for (const record of [lease, receipt])
      assert.ok(attempt(() => log.append(record)) instanceof Refusal)
    const decisions = log.ledger.size - size
    assert.ok(decisions <= again.length, 'a decision without its hold counts for nothing')
  }
})

test('a verdict that comes before the job is closed is still taken', () => {
  const { log, receipt, hold } = settled()
  log.atMs = hold.body.untilMs
  pass(log, FOLLOWED - 2)
  log.append(makeVerdict(receipt, {}, fatou))
})

test('a replica keeps the newest anchors, and marks on the way to the others', () => {
  const log = new Log()
  const forgetful = openReplica(log.genesis)
  const keeping = openReplica(log.genesis, { keepsAll: true })
  const count = 2 * LIMITS.anchorsKept + 3
  for (let made = 0; made < count; made++) {
    if (made > 0) pass(log, 1)
    const batch = { anchor: log.anchor(), get: log.get }
    for (const replica of [forgetful, keeping]) {
      assert.equal(receive(replica, batch).type, 'applied')
    }
  }
  assert.equal(keeping.anchors.length, count)
  assert.equal(forgetful.anchors.length + forgetful.anchorsBefore, count)
  assert.ok(forgetful.anchors.length < LIMITS.anchorsKept + LIMITS.anchorsPerMark)
  assert.ok(forgetful.anchors.length >= LIMITS.anchorsKept)
  assert.equal(forgetful.placeOf.size, forgetful.anchors.length)
  const marks = Math.floor((count - LIMITS.anchorsKept) / LIMITS.anchorsPerMark)
  assert.equal(forgetful.marks.length, marks)
  assert.deepEqual(forgetful.marks.at(-1)?.cid, log.anchors[(marks - 1) * LIMITS.anchorsPerMark])
  assert.deepEqual(anchorAt(forgetful, count - 1)?.cid, log.anchors.at(-1))
  assert.equal(anchorAt(forgetful, 0), undefined)
  const old = { anchor: log.anchors[5] as never, get: log.get }
  for (const replica of [forgetful, keeping]) assert.equal(receive(replica, old).type, 'duplicate')
})
