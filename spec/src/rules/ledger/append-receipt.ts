/**
 * Receipts in the log. A member's receipt for a known lease is admitted even where it is wrong (a
 * stranger to the lease, a second body, more than the manifest allows): it is evidence, judged by
 * verdicts, and only the first of the lease's own executor can ever settle (requirements S1-14).
 */

import { admit } from '../../errors.ts'
import { textOf } from '../../records/cid.ts'
import type { Receipt } from '../../records/kinds/receipt.ts'
import { leaseByCid } from './append-lease.ts'
import { charterAt, ensureRole } from './charter-in-force.ts'
import { isLive } from './lease-state.ts'
import type { LedgerState, Logged } from './state.ts'

/** Evidence kept for one lease: its executor's two bodies prove a lie, strangers add a few. */
const RECEIPTS_PER_LEASE_MAX = 8

/**
 * Refuses with LEASE_UNKNOWN, LEASE_ENDED, ROLE_MISSING, LINK_MISMATCH, CANCEL_UNKNOWN,
 * RECEIPT_DUPLICATE.
 */
export function appendReceipt(ledger: LedgerState, logged: Logged<Receipt>): void {
  const { record, index, atMs } = logged
  const { job, lease } = leaseByCid(ledger, record.body.lease)
  ensureRole(charterAt(ledger, index), record.author, 'executor')
  admit(
    record.body.manifest.equals(job.manifest.cid),
    'LINK_MISMATCH',
    'the receipt names another job than its lease',
  )
  admit(isLive(job, lease, atMs), 'LEASE_ENDED', () => `lease ${record.body.lease} has ended`)
  admit(
    record.body.result.outcome.type !== 'cancelled' || job.cancel !== undefined,
    'CANCEL_UNKNOWN',
    'nobody cancelled the job: its executor declines what it will not finish',
  )
  const mine = lease.receipts.filter((other) => other.record.author === record.author).length
  const isOwn = record.author === lease.record.body.executor
  admit(
    mine < (isOwn ? 2 : 1) && (isOwn || lease.receipts.length < RECEIPTS_PER_LEASE_MAX),
    'RECEIPT_DUPLICATE',
    () => `${record.author} has ${mine} receipts for this lease`,
  )
  lease.receipts.push({ ...logged, verdicts: [] })
  ledger.jobOf.set(textOf(record.cid), job)
}
