/** Leases and declines: the fence. At most one live lease of a job; epochs only grow. */
import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { AnyRecord } from '../../records/any-record.ts'
import { type CID, textOf } from '../../records/cid.ts'
import type { Award } from '../../records/kinds/award.ts'
import type { Bid } from '../../records/kinds/bid.ts'
import type { Decline } from '../../records/kinds/decline.ts'
import type { Lease } from '../../records/kinds/lease.ts'
import type { SealedOf } from '../../records/record.ts'
import type { Linked } from './append.ts'
import { ensureWriter } from './append-hold.ts'
import { charterAt, ensureVerifiable } from './charter-in-force.ts'
import { judgeAward } from './judge-award.ts'
import { isLive, lastLease, ownReceipts } from './lease-state.ts'
import type { Job, LeaseState, LedgerState, Logged } from './state.ts'

export type LeaseBody = SealedOf<typeof Lease>['body']

/** Added to four times the estimate: what a start and a late message may cost. */
const TERM_SLACK_MS = 5000

/**
 * The lease that `award` gives at `atMs`, with what it follows from; not yet signed. Refuses with
 * HOLD_UNKNOWN, HOLD_ENDED, JOB_ENDED, LEASE_LIVE, ATTEMPTS_EXHAUSTED, AWARD_INVALID, BID_EXPIRED,
 * VERIFICATION_UNSUPPORTED and what `judgeAward` refuses.
 */
export function leaseOf(
  ledger: LedgerState,
  award: Award,
  atMs: number,
  linked: Linked,
): { body: LeaseBody; job: Job; bids: readonly Bid[]; winner: Bid } {
  const job = ledger.jobs.get(textOf(award.body.manifest))
  admit(
    job !== undefined,
    'HOLD_UNKNOWN',
    () => `job ${award.body.manifest} has no hold in the log`,
  )
  admit(job.settle === undefined, 'HOLD_ENDED', () => `settled: ${job.settle?.record.body.reason}`)
  admit(job.cancel === undefined, 'JOB_ENDED', 'the submitter cancelled the job')
  const last = lastLease(job)
  admit(
    last === undefined || !isLive(job, last, atMs),
    'LEASE_LIVE',
    () => `lease ${last?.record.cid} of epoch ${last?.record.body.epoch} is live`,
  )
  const { body: manifest } = job.manifest
  const epoch = job.leases.length + 1
  admit(
    epoch <= manifest.attemptsMax,
    'ATTEMPTS_EXHAUSTED',
    () => `${job.leases.length} of ${manifest.attemptsMax} attempts made`,
  )
  const deadlineAtMs = manifest.createdAtMs + manifest.deadlineMs
  admit(
    atMs < deadlineAtMs,
    'JOB_ENDED',
    () => `the deadline ${deadlineAtMs} is over, it is ${atMs}`,
  )
  admit(
    award.body.logSize <= ledger.size,
    'AWARD_INVALID',
    () => `it folds ${award.body.logSize} entries, the log has ${ledger.size}`,
  )
  // an old award, heard again, must not start another attempt
  admit(
    last === undefined || award.body.logSize > last.index,
    'AWARD_INVALID',
    () =>
      `it folds ${award.body.logSize} entries, lease ${last?.record.cid} is entry ${last?.index}`,
  )
  // a home whose copy is behind chooses all the same, but none looks for the log that suits it
  admit(
    award.body.logSize + LIMITS.awardLagMax > job.hold.index,
    'AWARD_INVALID',
    () => `it folds ${award.body.logSize} entries, the hold is entry ${job.hold.index}`,
  )
  const charter = charterAt(ledger, ledger.size)
  const bids = award.body.bids.map((cid) => linkedBid(linked, cid))
  const winner = judgeAward({
    charter,
    manifest: job.manifest,
    award,
    bids,
    past: ledger.past,
    policies: ledger.policies,
  })
  admit(
    winner.body.validUntilMs >= atMs,
    'BID_EXPIRED',
    () => `it ended at ${winner.body.validUntilMs}`,
  )
  ensureVerifiable(charter, job.manifest, winner.author)
  const termMs = Math.min(4 * winner.body.expectedMs + TERM_SLACK_MS, deadlineAtMs - atMs)
  const body = {
    hold: job.hold.record.cid,
    award: award.cid,
    decision: job.decision.record.cid,
    slot: 0,
    epoch,
    executor: winner.author,
    untilMs: atMs + termMs,
    profile: manifest.profile,
  }
  return { body, job, bids, winner }
}

/** Refuses as `leaseOf` does, and with LINK_MISMATCH if the lease is not exactly that one. */
export function appendLease(ledger: LedgerState, logged: Logged<Lease>, linked: Linked): void {
  const { record: lease, index, atMs } = logged
  ensureWriter(ledger, lease.author, index)
  const award = linkedRecord(linked, lease.body.award)
  admit(award.kind === 'award', 'LINK_MISMATCH', () => `the lease links a ${award.kind}`)
  const { body, job, bids, winner } = leaseOf(ledger, award, atMs, linked)
  const same =
    body.hold.equals(lease.body.hold) &&
    body.decision.equals(lease.body.decision) &&
    body.slot === lease.body.slot &&
    body.epoch === lease.body.epoch &&
    body.executor === lease.body.executor &&
    body.untilMs === lease.body.untilMs &&
    body.profile === lease.body.profile
  admit(same, 'LINK_MISMATCH', 'the lease is not the one that its award gives')
  const state: LeaseState = { ...logged, award, bids, winner, decline: undefined, receipts: [] }
  job.leases.push(state)
  ledger.jobOf.set(textOf(lease.cid), job)
}

/** Refuses with LEASE_UNKNOWN, AUTHOR_MISMATCH, LEASE_ENDED, RECEIPT_DUPLICATE. */
export function appendDecline(ledger: LedgerState, logged: Logged<Decline>): void {
  const { record, atMs } = logged
  const { job, lease } = leaseByCid(ledger, record.body.lease)
  admit(
    record.author === lease.record.body.executor,
    'AUTHOR_MISMATCH',
    () => `the lease is of ${lease.record.body.executor}`,
  )
  admit(isLive(job, lease, atMs), 'LEASE_ENDED', () => `lease ${record.body.lease}`)
  admit(ownReceipts(lease).length === 0, 'RECEIPT_DUPLICATE', 'the lease has its receipt')
  lease.decline = logged
}

/** Refuses with LEASE_UNKNOWN. */
export function leaseByCid(ledger: LedgerState, cid: CID): { job: Job; lease: LeaseState } {
  const job = ledger.jobOf.get(textOf(cid))
  const lease = job?.leases.find(({ record }) => record.cid.equals(cid))
  admit(job !== undefined && lease !== undefined, 'LEASE_UNKNOWN', () => `${cid}`)
  return { job, lease }
}

function linkedRecord(linked: Linked, cid: CID): AnyRecord {
  const record = linked(cid)
  admit(record !== undefined, 'BLOCK_MISSING', () => `${cid}`)
  return record
}

function linkedBid(linked: Linked, cid: CID): Bid {
  const bid = linkedRecord(linked, cid)
  admit(bid.kind === 'bid', 'LINK_MISMATCH', () => `the award lists a ${bid.kind} as a bid`)
  return bid
}
