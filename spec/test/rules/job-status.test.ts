/** S1-16 a job's status: the same records give the same state, in any order, to anybody. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AnyRecord,
  Cancel,
  type CID,
  Decline,
  type JobStatus,
  jobStatus,
  Manifest,
  Settle,
  seal,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { Log } from './log.ts'
import { recordsOf, tellJob } from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  makeBid,
  makeHold,
  makeLease,
  makeReceipt,
  makeSettle,
  makeVerdict,
  mallory,
  membersWith,
  nextCharter,
  nonce,
  startMs,
} from './world.ts'

const told = tellJob(new Log())
const { manifest, hold, decision, bid, otherBid, award, lease, receipt, verdicts, settle } = told
const job = manifest.cid
const UPTO = {
  bids: [manifest, hold, bid, otherBid],
  lease: [manifest, hold, bid, otherBid, lease],
}

const at = (
  records: readonly AnyRecord[],
  { nowMs = startMs, anchored = [] as readonly CID[], of = job, charters = [CHARTER] } = {},
): JobStatus =>
  jobStatus(of, records, nowMs, (cid) => anchored.some((one) => one.equals(cid)), charters)

const ended = (over: Partial<Settle['body']>) =>
  at([
    ...UPTO.lease,
    receipt,
    seal(Settle, { ...settle.body, post: 0, release: 100, ...over }, dora),
  ])

describe('a job is', () => {
  test('unknown without its manifest', () => {
    assert.deepEqual(at([]), { state: 'unknown' })
    assert.deepEqual(at([hold, lease, receipt, settle]), { state: 'unknown' })
  })
  test('submitted with its manifest', () => {
    assert.deepEqual(at([manifest]), { state: 'submitted' })
  })
  test('bidding with its hold', () => {
    assert.deepEqual(at([manifest, hold]), { state: 'bidding', bids: 0, attempt: 1 })
    assert.deepEqual(at(UPTO.bids), { state: 'bidding', bids: 2, attempt: 1 })
  })
  test('leased until the term of its lease', () => {
    const { executor, untilMs } = lease.body
    const leased = { state: 'leased', executor, untilMs, attempt: 1 }
    assert.deepEqual(at(UPTO.lease), leased)
    assert.deepEqual(at(UPTO.lease, { nowMs: untilMs }), leased)
    const again = { state: 'bidding', bids: 2, attempt: 2 }
    assert.deepEqual(at(UPTO.lease, { nowMs: untilMs + 1 }), again)
  })
  test('bidding again after a decline, leased again with the next epoch', () => {
    const declined = seal(Decline, { lease: lease.cid, reason: 'host-fault' }, bruno)
    assert.deepEqual(at([...UPTO.lease, declined]), { state: 'bidding', bids: 2, attempt: 2 })
    const parts = { hold, decision, award, winner: otherBid, atMs: startMs }
    const second = makeLease(parts, { epoch: 2 })
    const { executor, untilMs } = second.body
    const leased = { state: 'leased', executor, untilMs, attempt: 2 }
    assert.deepEqual(at([...UPTO.lease, declined, second]), leased)
    assert.deepEqual(at([second, ...UPTO.lease]), leased)
  })
  test('receipted, then anchored with its verdicts counted', () => {
    const upto = [...UPTO.lease, receipt]
    assert.deepEqual(at(upto), { state: 'receipted', receipt: receipt.cid })
    const anchored = [receipt.cid]
    const none = { state: 'anchored', receipt: receipt.cid, valid: 0, invalid: 0 }
    assert.deepEqual(at(upto, { anchored }), none)
    const judged = [
      ...upto,
      verdicts[0] as AnyRecord,
      makeVerdict(receipt, { result: 'invalid' }, emil),
    ]
    assert.deepEqual(at(judged, { anchored }), { ...none, valid: 1, invalid: 1 })
  })
  test('verified when its receipt is settled', () => {
    const verified = { state: 'verified', receipt: receipt.cid, post: 20 }
    assert.deepEqual(at([...UPTO.lease, receipt, settle]), verified)
    assert.deepEqual(ended({ reason: 'receipted', post: 20, release: 80 }), verified)
  })
  test('disputed, refuted, failed, expired or cancelled by the settle that says so', () => {
    const none = { receipt: null, verdicts: [] }
    assert.deepEqual(ended({ reason: 'disputed' }), { state: 'disputed', receipt: receipt.cid })
    assert.deepEqual(ended({ reason: 'refuted' }), { state: 'failed', reason: 'refuted' })
    assert.deepEqual(ended({ reason: 'failed', ...none }), {
      state: 'failed',
      reason: 'host-fault',
    })
    assert.deepEqual(ended({ reason: 'expired', ...none }), { state: 'expired' })
    assert.deepEqual(ended({ reason: 'cancelled', ...none }), { state: 'cancelled', receipt: null })
    const paid = { state: 'cancelled', receipt: receipt.cid }
    assert.deepEqual(ended({ reason: 'cancelled', post: 20, release: 80 }), paid)
  })
  test('not ended by a cancel alone: the ledger says how it ends', () => {
    const cancel = seal(Cancel, { manifest: job }, alice)
    assert.equal(at([...UPTO.lease, cancel]).state, 'leased')
  })
})

describe('what does not count', () => {
  const anchored = [receipt.cid]
  test('records of another job', () => {
    const other = tellJob(new Log(), {
      manifest: (honest) => seal(Manifest, { ...honest.body, nonce: nonce(5) }, alice),
    })
    const before = at(UPTO.bids)
    assert.deepEqual(at([...UPTO.bids, ...recordsOf(other)]), before)
    assert.equal(at([...recordsOf(other)]).state, 'unknown')
  })
  test('a hold, lease, receipt, decline, verdict or settle by whoever may not say so', () => {
    const stolen = makeHold(manifest, { amount: 1 }, mallory)
    assert.equal(at([manifest, stolen]).state, 'submitted')
    const parts = { hold, decision, award, winner: bid, atMs: startMs }
    const forged = makeLease(parts, { epoch: 2, executor: mallory.did }, mallory)
    assert.deepEqual(at([...UPTO.lease, forged]), at(UPTO.lease))
    const claimed = makeReceipt({ lease, manifest }, {}, chiara)
    assert.equal(at([...UPTO.lease, claimed]).state, 'leased')
    const declined = seal(Decline, { lease: lease.cid, reason: 'restart' }, chiara)
    assert.equal(at([...UPTO.lease, declined]).state, 'leased')
    const noise = [mallory, alice, bruno].map((who) => makeVerdict(receipt, {}, who))
    const judged = at([...UPTO.lease, receipt, ...noise], { anchored })
    assert.deepEqual(judged, { state: 'anchored', receipt: receipt.cid, valid: 0, invalid: 0 })
    const paid = makeSettle({ hold, lease, receipt, verdicts: [] }, {}, mallory)
    assert.equal(at([...UPTO.lease, receipt, paid], { anchored }).state, 'anchored')
    assert.equal(at([manifest, hold, makeBid(manifest, {}, mallory)]).state, 'bidding')
    const bidding = at([manifest, hold, makeBid(manifest, {}, mallory)])
    assert.deepEqual(bidding, { state: 'bidding', bids: 0, attempt: 1 })
  })
  test('what an earlier charter allowed stays', () => {
    const members = membersWith(CHARTER, emil, ['ledger'])
    const next = nextCharter(CHARTER, { writer: emil.did, members })
    const records = [...UPTO.lease, receipt, settle]
    assert.equal(at(records, { charters: [CHARTER, next] }).state, 'verified')
    assert.equal(at(records, { charters: [next] }).state, 'bidding')
  })
})

test('any order and any duplicates of any part of the records give the same state', () => {
  const records = recordsOf(told)
  const indices = records.map((_, index) => index)
  fc.assert(
    fc.property(
      fc.subarray(indices),
      fc.integer({ min: 0, max: 20_000 }),
      fc.infiniteStream(fc.nat()),
      (part, laterMs, swaps) => {
        const some = part.map((index) => records[index] as AnyRecord)
        const options = { nowMs: startMs + laterMs, anchored: [receipt.cid] }
        const shuffled = [...some, ...some.slice(0, 4)]
          .map((record) => ({ record, key: swaps.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ record }) => record)
        assert.deepEqual(at(shuffled, options), at(some, options))
      },
    ),
  )
})
