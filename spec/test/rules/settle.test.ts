/** The one settle that follows from receipt and verdicts, cancels included. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { balances, Cancel, Decline, Settle, seal } from '@planetary-mesh/spec'
import {
  account,
  judge,
  leased,
  leaseTo,
  oneReceipt,
  openLog,
  past,
  receipted,
  settleDue,
  submit,
  trust,
} from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  dora,
  emil,
  fatou,
  hans,
  hourMs,
  makeReceipt,
  makeSettle,
  makeVerdict,
  membersWith,
  nextCharter,
  nonce,
  startMs,
} from './world.ts'

const cancelOf = ({ manifest }: { manifest: { cid: Cancel['cid'] } }, signer = alice) =>
  seal(Cancel, { manifest: manifest.cid }, signer)

describe('S1-15 a job is settled', () => {
  test('at the threshold of valid verdicts: the charge posted, the rest released', () => {
    const { log, job, receipt, hold, lease } = receipted()
    judge(log, receipt, dora)
    assert.equal(settleDue(log, job), undefined)
    judge(log, receipt, emil)
    const { body } = settleDue(log, job) as Settle
    const verdicts = [makeVerdict(receipt), makeVerdict(receipt, {}, emil)]
    // price 40 for half of the fuel
    assert.deepEqual(body, makeSettle({ hold, lease, receipt, verdicts }, { release: 80 }).body)
    assert.equal(body.post, 20)
    assert.deepEqual(account(log), [980, 0, 20])
    const [asset] = balances(log.ledger)
    assert.deepEqual([asset?.issued, asset?.spent, asset?.earned], [1000, 20, 20])
    assert.deepEqual(past(log), oneReceipt({ valid: true, onTime: true }))
  })
  test('at the receipt, if nobody is to verify', () => {
    for (const verification of ['none', 'self'] as const) {
      const { log, job } = receipted({ trust: trust(verification) })
      assert.equal(settleDue(log, job)?.body.reason, 'receipted')
      assert.deepEqual(account(log), [980, 0, 20])
    }
  })
  test('by the higher threshold of charter and manifest', () => {
    const { log, job, receipt } = receipted({ trust: trust('replay', 3) })
    judge(log, receipt, dora)
    judge(log, receipt, emil)
    assert.equal(settleDue(log, job), undefined)
    judge(log, receipt, fatou)
    assert.equal(settleDue(log, job)?.body.verdicts.length, 3)
  })
  test('as refuted at that many invalid verdicts: nothing is posted', () => {
    const { log, job, receipt } = receipted()
    judge(log, receipt, dora, 'invalid')
    judge(log, receipt, emil, 'invalid')
    assert.deepEqual(settleDue(log, job)?.body.reason, 'refuted')
    assert.deepEqual(account(log), [1000, 0, 0])
    assert.deepEqual(past(log), oneReceipt({ valid: false, onTime: true }))
  })
  test('one invalid verdict stops it until all have spoken', () => {
    const { log, job, receipt } = receipted()
    judge(log, receipt, dora, 'invalid')
    judge(log, receipt, emil)
    assert.equal(settleDue(log, job), undefined)
    judge(log, receipt, fatou)
    assert.equal(settleDue(log, job)?.body.reason, 'verified')
  })
  test('as disputed when all have spoken and no side has the threshold', () => {
    const { log, job, receipt } = receipted()
    judge(log, receipt, dora, 'invalid')
    judge(log, receipt, emil)
    judge(log, receipt, fatou, 'cannot-replay')
    const { body } = settleDue(log, job) as Settle
    assert.deepEqual([body.reason, body.post, body.verdicts], ['disputed', 0, []])
    assert.deepEqual(past(log), {})
  })
  test('without waiting for a verifier who left before speaking', () => {
    const { log, job, receipt } = receipted()
    judge(log, receipt, dora, 'invalid')
    judge(log, receipt, emil)
    assert.equal(settleDue(log, job), undefined)
    log.append(nextCharter(CHARTER, { members: membersWith(CHARTER, fatou, 'gone') }))
    assert.equal(settleDue(log, job)?.body.reason, 'disputed')
  })
  test('whatever the time: a receipt in the log keeps hold and lease', () => {
    const { log, job, receipt, hold } = receipted()
    log.atMs = hold.body.untilMs + 24 * hourMs
    assert.equal(settleDue(log, job), undefined)
    judge(log, receipt, dora)
    judge(log, receipt, emil)
    assert.equal(settleDue(log, job)?.body.reason, 'verified')
  })
  test('late work is paid and remembered as late', () => {
    const measured = { startedAtMs: startMs, finishedAtMs: startMs, wallMs: 2001, rssBytes: 0 }
    const { log, job } = receipted({ trust: trust('self') }, { measured })
    settleDue(log, job)
    assert.deepEqual(past(log), oneReceipt({ valid: true, onTime: false }))
  })
  test('as failed after the last attempt, as expired after the hold', () => {
    const failed = leased({ attemptsMax: 1 })
    failed.log.append(seal(Decline, { lease: failed.lease.cid, reason: 'host-fault' }, bruno))
    assert.equal(settleDue(failed.log, failed.job)?.body.reason, 'failed')
    const { log, token } = openLog()
    const { job, hold } = submit(log, token)
    log.atMs = hold.body.untilMs
    assert.equal(settleDue(log, job), undefined)
    log.atMs += 1
    const { body } = settleDue(log, job) as Settle
    assert.deepEqual([body.reason, body.lease, body.post, body.release], ['expired', null, 0, 100])
    const gone = leased()
    gone.log.atMs = gone.hold.body.untilMs + 1
    assert.equal(settleDue(gone.log, gone.job)?.body.reason, 'expired')
  })
  test('a released hold no longer counts as use', () => {
    const { log, token } = openLog()
    const { job, hold } = submit(log, token)
    log.atMs = hold.body.untilMs + 1
    settleDue(log, job)
    const next = submit(log, token, { nonce: nonce(1) })
    assert.equal(next.decision.body.values.used, 0)
    const third = submit(log, token, { nonce: nonce(2) })
    assert.equal(third.decision.body.values.used, 100)
  })
})

describe('a settle that is not exactly the one due is refused', () => {
  const { log, job, receipt, hold, lease, token } = receipted()
  const verdicts = [makeVerdict(receipt), makeVerdict(receipt, {}, emil)]
  const honest = makeSettle({ hold, lease, receipt, verdicts })
  const refused = (code: string, over: Partial<Settle['body']>, signer = dora) => {
    const before = account(log)
    const settle = seal(Settle, { ...honest.body, ...over }, signer)
    assert.throws(() => log.append(settle), { code })
    assert.deepEqual(account(log), before)
  }
  test('before the threshold', () => {
    judge(log, receipt, dora)
    refused('SETTLE_INVALID', {})
    judge(log, receipt, emil)
  })
  test('above the hold, or one unit off', () => {
    refused('SETTLE_INVALID', { post: 101, release: 0 })
    refused('SETTLE_INVALID', { post: 21, release: 79 })
    refused('SETTLE_INVALID', { post: 19, release: 81 })
    refused('SETTLE_INVALID', { release: 79 })
  })
  test('with another reason, lease, receipt or other verdicts', () => {
    refused('SETTLE_INVALID', { reason: 'receipted' })
    refused('SETTLE_INVALID', { lease: null })
    refused('SETTLE_INVALID', { receipt: null })
    refused('SETTLE_INVALID', { verdicts: honest.body.verdicts.slice(1) })
    refused('SETTLE_INVALID', { verdicts: [...honest.body.verdicts].reverse() })
  })
  test('of a hold that is not in the log, or by somebody else than the writer', () => {
    refused('HOLD_UNKNOWN', { hold: token.cid })
    refused('AUTHOR_MISMATCH', {}, emil)
    refused('AUTHOR_MISMATCH', {}, bruno)
  })
  test('and a second one, however good', () => {
    settleDue(log, job)
    assert.throws(() => log.append(seal(Settle, honest.body, dora)), { code: 'RECORD_DUPLICATE' })
    refused('HOLD_ENDED', { post: 0, release: 100, reason: 'refuted' })
  })
})

describe('a cancel', () => {
  test('before a lease voids the hold', () => {
    const { log, token } = openLog()
    const { job, manifest } = submit(log, token)
    log.append(cancelOf({ manifest }))
    assert.throws(() => leaseTo(log, { manifest }), { code: 'JOB_ENDED' })
    assert.equal(settleDue(log, job)?.body.reason, 'cancelled')
    assert.deepEqual(account(log), [1000, 0, 0])
  })
  test('is the submitter’s alone, of a job in the log, once', () => {
    const { log, manifest } = leased()
    for (const other of [bruno, dora, hans]) {
      assert.throws(() => log.append(cancelOf({ manifest }, other)), { code: 'AUTHOR_MISMATCH' })
    }
    assert.throws(() => log.append(cancelOf({ manifest: CHARTER })), { code: 'JOB_UNKNOWN' })
    log.append(cancelOf({ manifest }))
    assert.throws(() => log.append(cancelOf({ manifest })), { code: 'RECORD_DUPLICATE' })
  })
  test('after the lease: the executor stops and is paid for the fuel it reached', () => {
    const { log, manifest, lease, job } = leased()
    log.append(cancelOf({ manifest }))
    assert.equal(settleDue(log, job), undefined)
    const fuel = 25_000_000_000
    const changed = { outcome: { type: 'cancelled', atFuel: fuel }, fuel } as const
    const receipt = makeReceipt({ lease, manifest }, { changed })
    log.append(receipt)
    judge(log, receipt, dora)
    judge(log, receipt, emil)
    const { body } = settleDue(log, job) as Settle
    assert.deepEqual([body.reason, body.post], ['cancelled', 10])
    assert.deepEqual(past(log), oneReceipt({ valid: true, onTime: true }))
  })
  test('of a lease that ends without a receipt releases the hold', () => {
    const { log, manifest, lease, job } = leased()
    log.append(cancelOf({ manifest }))
    log.atMs = lease.body.untilMs + 1
    assert.equal(settleDue(log, job)?.body.reason, 'cancelled')
    assert.deepEqual(past(log), {})
  })
  test('that nobody sealed is no outcome: an executor may not stop on its own account', () => {
    const { log, manifest, lease } = leased()
    const changed = { outcome: { type: 'cancelled', atFuel: 1 }, fuel: 1 } as const
    const receipt = makeReceipt({ lease, manifest }, { changed })
    assert.throws(() => log.append(receipt), { code: 'CANCEL_UNKNOWN' })
    log.append(cancelOf({ manifest }))
    log.append(receipt)
  })
  test('racing a receipt takes effect if it comes first, and the work is paid', () => {
    const { log, manifest, lease, job } = leased()
    log.append(cancelOf({ manifest }))
    const receipt = makeReceipt({ lease, manifest })
    log.append(receipt)
    judge(log, receipt, dora)
    judge(log, receipt, emil)
    const { body } = settleDue(log, job) as Settle
    assert.deepEqual([body.reason, body.post], ['cancelled', 20])
  })
  test('racing a receipt has none if the receipt comes first', () => {
    const { log, manifest, job, receipt } = receipted()
    assert.throws(() => log.append(cancelOf({ manifest })), { code: 'JOB_ENDED' })
    judge(log, receipt, dora)
    judge(log, receipt, emil)
    assert.equal(settleDue(log, job)?.body.reason, 'verified')
    assert.throws(() => log.append(cancelOf({ manifest })), { code: 'JOB_ENDED' })
  })
})
