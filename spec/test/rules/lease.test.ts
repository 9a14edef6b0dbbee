/** The fence: at most one live lease of a job, by an award that follows from its bids. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Bid,
  Decline,
  isLive,
  Lease,
  type LeaseBody,
  LIMITS,
  lastLease,
  leaseOf,
  seal,
} from '@planetary-mesh/spec'
import { awardOn, judge, leaseOn, leaseTo, openLog, receipted, settleDue, submit } from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  gita,
  hans,
  hourMs,
  makeBid,
  makeReceipt,
  makeToken,
  mallory,
  membersWith,
  nextCharter,
  nonce,
  startMs,
} from './world.ts'

/** A log with one submitted job, ready for its award. */
function submitted(over: Parameters<typeof submit>[2] = {}) {
  const { log, token } = openLog()
  return { log, token, ...submit(log, token, over) }
}

const decline = (lease: Lease, signer = bruno) =>
  seal(Decline, { lease: lease.cid, reason: 'host-fault' }, signer)

describe('S1-9 an award becomes a lease', () => {
  test('of the winner, with the term of its estimate', () => {
    const { log, manifest, hold, decision } = submitted()
    const lease = leaseTo(log, { manifest }, bruno, { expectedMs: 2000 })
    const { award, ...rest } = lease.body
    assert.deepEqual(rest, {
      hold: hold.cid,
      decision: decision.cid,
      slot: 0,
      epoch: 1,
      executor: bruno.did,
      // 4 × 2000 ms and 5 s
      untilMs: startMs + 13_000,
      profile: 'k1',
    })
    assert.equal(award.equals(lease.body.award), true)
  })
  test('but never longer than the deadline', () => {
    const { log, manifest } = submitted({ deadlineMs: 7000 })
    log.atMs += 1000
    assert.equal(leaseTo(log, { manifest }).body.untilMs, startMs + 7000)
  })
  test('by the best bid if home chooses, by any if the submitter does', () => {
    const both = (manifest: Parameters<typeof makeBid>[0]) => [
      makeBid(manifest, { price: 10 }),
      makeBid(manifest, { price: 90 }, chiara),
    ]
    const home = submitted()
    const worse = awardOn(home.log, home.manifest, both(home.manifest), {
      winner: both(home.manifest)[1]?.cid as never,
    })
    assert.throws(() => leaseOn(home.log, worse), { code: 'AWARD_INVALID' })
    const hers = submitted({ chooser: 'submitter' })
    const bids = both(hers.manifest)
    const chosen = awardOn(hers.log, hers.manifest, bids, { winner: bids[1]?.cid as never }, alice)
    assert.equal(leaseOn(hers.log, chosen).body.executor, chiara.did)
  })
  test('only of the chooser that the manifest names', () => {
    const home = submitted()
    for (const other of [alice, chiara, mallory]) {
      const award = awardOn(home.log, home.manifest, [makeBid(home.manifest)], {}, other)
      assert.throws(() => leaseOn(home.log, award), { code: 'ROLE_MISSING' })
    }
    const hers = submitted({ chooser: 'submitter' })
    for (const other of [bruno, hans, mallory]) {
      const award = awardOn(hers.log, hers.manifest, [makeBid(hers.manifest)], {}, other)
      assert.throws(() => leaseOn(hers.log, award), { code: 'AUTHOR_MISMATCH' })
    }
  })
})

describe('an award that does not follow from its bids is refused', () => {
  const { log, manifest, token } = submitted()
  const bid = makeBid(manifest)
  const other = makeBid(manifest, { price: 55 }, chiara)
  const refused = (
    code: string,
    bids: readonly Parameters<typeof awardOn>[2][0][],
    over: Parameters<typeof awardOn>[3] = {},
  ) => {
    const award = awardOn(log, manifest, bids, over)
    assert.throws(() => leaseOf(log.ledger, award, log.atMs, log.linked), { code })
  }
  test('a winner that it does not list', () => {
    refused('AWARD_INVALID', [bid], { winner: other.cid })
  })
  test('a ranking that the rule does not give, or that leaves one out', () => {
    refused('AWARD_INVALID', [bid, other], { ranking: [other.cid, bid.cid] })
    refused('AWARD_INVALID', [bid, other], { ranking: [bid.cid] })
  })
  test('two bids of one node', () => {
    refused('AWARD_INVALID', [bid, makeBid(manifest, { price: 41 })])
  })
  test('a price above the most', () => {
    const dear = makeBid(manifest, { price: 101 })
    refused('AWARD_INVALID', [dear], { ranking: [dear.cid], winner: dear.cid })
  })
  test('a bid of somebody who is no executor', () => {
    refused('ROLE_MISSING', [bid, makeBid(manifest, { price: 99 }, mallory)])
    refused('ROLE_MISSING', [makeBid(manifest, {}, emil)])
  })
  test('a bid for another job', () => {
    const elsewhere = submit(log, token, { nonce: nonce(7) })
    refused('LINK_MISMATCH', [bid, makeBid(elsewhere.manifest, {}, chiara)])
  })
  test('something else than a bid, or a bid that nobody has', () => {
    const award = awardOn(log, manifest, [bid])
    log.know(award)
    refused('LINK_MISMATCH', [bid], { bids: [award.cid] })
    refused('BLOCK_MISSING', [bid], { bids: [makeBid(manifest, { price: 1 }).cid] })
  })
  test('a fold of entries that are not there', () => {
    refused('AWARD_INVALID', [bid], { logSize: log.size + 1 })
  })
  test('a fold that lacks too many of the entries before the hold', () => {
    const busy = submitted()
    for (let more = 1; more <= LIMITS.awardLagMax; more++) {
      busy.log.append(makeToken({ amount: 1000 + more }))
    }
    const job = submit(busy.log, busy.token, { nonce: nonce(3) })
    const oldest = job.job.hold.index - LIMITS.awardLagMax + 1
    const bids = [makeBid(job.manifest)]
    const awarded = (logSize: number) => awardOn(busy.log, job.manifest, bids, { logSize })
    assert.throws(() => leaseOn(busy.log, awarded(oldest - 1)), { code: 'AWARD_INVALID' })
    leaseOn(busy.log, awarded(oldest))
  })
  test('a winning bid that has run out, not one that ends now', () => {
    const ends = makeBid(manifest, { validUntilMs: log.atMs })
    leaseOf(log.ledger, awardOn(log, manifest, [ends]), log.atMs, log.linked)
    refused('BID_EXPIRED', [makeBid(manifest, { validUntilMs: log.atMs - 1 })])
  })
  test('an award for a job without a hold', () => {
    const none = awardOn(log, manifest, [bid], { manifest: bid.cid })
    assert.throws(() => leaseOn(log, none), { code: 'HOLD_UNKNOWN' })
  })
  test('a winner without whom too few verifiers are left', () => {
    const judge = membersWith(CHARTER, emil, ['verifier', 'executor'])
    const job = submitted({ trust: { verification: 'replay', threshold: 3, reputationMin: 0 } })
    job.log.append(nextCharter(CHARTER, { members: judge }))
    assert.throws(() => leaseTo(job.log, job, emil), { code: 'VERIFICATION_UNSUPPORTED' })
    leaseTo(job.log, job, chiara)
  })
})

describe('the past of a bidder counts', () => {
  const late = { startedAtMs: startMs, finishedAtMs: startMs, wallMs: 2001, rssBytes: 0 }
  const refuted = receipted({}, { measured: late })
  judge(refuted.log, refuted.receipt, dora, 'invalid')
  judge(refuted.log, refuted.receipt, emil, 'invalid')
  const { log, token } = refuted
  const { manifest } = submit(log, token, { nonce: nonce(1) })
  const before = log.size
  settleDue(log, refuted.job)
  // chiara's price is 45 to 40: 20,000 of the score; bruno's one bad, late receipt costs 101,000
  const bids = [makeBid(manifest), makeBid(manifest, { price: 45 }, chiara)]
  const [his, hers] = bids as [Bid, Bid]
  test('as it was at the log size that the award names', () => {
    const then = { logSize: before, ranking: [his.cid, hers.cid], winner: his.cid }
    const award = awardOn(log, manifest, bids, then)
    assert.equal(leaseOf(log.ledger, award, log.atMs, log.linked).winner.author, bruno.did)
    const wrong = awardOn(log, manifest, bids, { logSize: before })
    assert.throws(() => leaseOn(log, wrong), { code: 'AWARD_INVALID' })
  })
  test('and as it is now', () => {
    assert.equal(leaseOn(log, awardOn(log, manifest, bids)).body.executor, chiara.did)
  })
  test('in its scope alone', () => {
    const lab = makeToken({ scope: 'lab' })
    log.append(lab)
    const job = submit(log, lab, { nonce: nonce(2) })
    const both = [makeBid(job.manifest), makeBid(job.manifest, { price: 45 }, chiara)]
    assert.equal(leaseOn(log, awardOn(log, job.manifest, both)).body.executor, bruno.did)
  })
  test('against the least reputation of the job', () => {
    const trust = { verification: 'replay', threshold: 2, reputationMin: 34 } as const
    const job = submit(log, token, { nonce: nonce(3), trust })
    const his = makeBid(job.manifest)
    const award = awardOn(log, job.manifest, [his], { ranking: [his.cid], winner: his.cid })
    assert.throws(() => leaseOn(log, award), { code: 'AWARD_INVALID' })
  })
})

describe('one lease is live', () => {
  test('a chooser that awards a live lease again is refused', () => {
    const { log, manifest } = submitted()
    const lease = leaseTo(log, { manifest })
    for (const executor of [bruno, chiara]) {
      assert.throws(() => leaseTo(log, { manifest }, executor, { price: 1 }), {
        code: 'LEASE_LIVE',
      })
    }
    log.atMs = lease.body.untilMs
    assert.throws(() => leaseTo(log, { manifest }, chiara), { code: 'LEASE_LIVE' })
  })
  test('after its term another may come, with the next epoch', () => {
    const { log, manifest, job } = submitted()
    log.atMs = leaseTo(log, { manifest }).body.untilMs + 1
    const second = leaseTo(log, { manifest }, chiara)
    assert.deepEqual([second.body.epoch, second.body.executor], [2, chiara.did])
    const [first, last] = job.leases
    assert.ok(first !== undefined && last !== undefined && lastLease(job) === last)
    assert.deepEqual([isLive(job, first, log.atMs), isLive(job, last, log.atMs)], [false, true])
  })
  test('a decline by its executor ends it at once', () => {
    const { log, manifest } = submitted()
    const lease = leaseTo(log, { manifest })
    assert.throws(() => log.append(decline(lease, chiara)), { code: 'AUTHOR_MISMATCH' })
    log.append(decline(lease))
    assert.equal(leaseTo(log, { manifest }, chiara).body.epoch, 2)
  })
  test('an ended lease cannot be declined, nor one that has its receipt', () => {
    const { log, manifest } = submitted()
    const lease = leaseTo(log, { manifest })
    log.append(makeReceipt({ lease, manifest }))
    assert.throws(() => log.append(decline(lease)), { code: 'RECEIPT_DUPLICATE' })
    const late = submitted()
    const ended = leaseTo(late.log, late)
    late.log.atMs = ended.body.untilMs + 1
    assert.throws(() => late.log.append(decline(ended)), { code: 'LEASE_ENDED' })
    assert.throws(() => submitted().log.append(decline(ended)), { code: 'LEASE_UNKNOWN' })
  })
  test('an award that was made before a lease, replayed after it, starts nothing', () => {
    const { log, manifest } = submitted()
    const award = awardOn(log, manifest, [makeBid(manifest)])
    const unused = awardOn(log, manifest, [makeBid(manifest, {}, chiara)])
    log.append(decline(leaseOn(log, award)))
    assert.throws(() => leaseOn(log, award), { code: 'AWARD_INVALID' })
    assert.throws(() => leaseOn(log, unused), { code: 'AWARD_INVALID' })
    leaseOn(log, awardOn(log, manifest, [makeBid(manifest)]))
  })
  test('attempts are counted', () => {
    const { log, manifest } = submitted({ attemptsMax: 2 })
    log.append(decline(leaseTo(log, { manifest })))
    log.append(decline(leaseTo(log, { manifest }, chiara), chiara))
    assert.throws(() => leaseTo(log, { manifest }, gita), { code: 'ATTEMPTS_EXHAUSTED' })
  })
  test('none is given from the deadline on', () => {
    const { log, manifest } = submitted()
    log.atMs = startMs + hourMs
    assert.throws(() => leaseTo(log, { manifest }), { code: 'JOB_ENDED' })
    log.atMs -= 1
  })
  test('none is given after the settle', () => {
    const { log, manifest, job } = submitted({ attemptsMax: 1 })
    log.append(decline(leaseTo(log, { manifest })))
    assert.equal(settleDue(log, job)?.body.reason, 'failed')
    assert.throws(() => leaseTo(log, { manifest }, chiara), { code: 'HOLD_ENDED' })
  })
})

describe('the writer cannot make another lease than the award gives', () => {
  const { log, manifest } = submitted()
  const award = awardOn(log, manifest, [makeBid(manifest)])
  const { body } = leaseOf(log.ledger, award, log.atMs, log.linked)
  const lies: [string, Partial<LeaseBody>][] = [
    ['another executor', { executor: chiara.did }],
    ['a later epoch', { epoch: 2 }],
    ['a longer term', { untilMs: body.untilMs + 1 }],
    ['a shorter term', { untilMs: body.untilMs - 1 }],
    ['another slot', { slot: 1 }],
    ['another profile', { profile: 'k2' }],
    ['another hold', { hold: manifest.cid }],
    ['another decision', { decision: manifest.cid }],
  ]
  for (const [what, over] of lies) {
    test(what, () => {
      assert.throws(() => log.append(seal(Lease, { ...body, ...over }, dora)), {
        code: 'LINK_MISMATCH',
      })
    })
  }
  test('an award that is none', () => {
    const bid = body.award && manifest.cid
    const lease = seal(Lease, { ...body, award: bid }, dora)
    assert.throws(() => log.append(lease), { code: 'LINK_MISMATCH' })
  })
  test('and nobody else makes one', () => {
    for (const other of [alice, bruno, emil]) {
      assert.throws(() => log.append(seal(Lease, body, other)), { code: 'AUTHOR_MISMATCH' })
    }
    log.append(seal(Lease, body, dora))
  })
})
