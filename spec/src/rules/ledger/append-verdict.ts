/** Verdicts in the log: one a verifier and receipt, never by a party to the job. */
import { admit } from '../../errors.ts'
import { type CID, textOf } from '../../records/cid.ts'
import type { Verdict } from '../../records/kinds/verdict.ts'
import { charterAt, ensureRole } from './charter-in-force.ts'
import { ensureNotClosed } from './forget.ts'
import type { Job, LeaseState, LedgerState, Logged, ReceiptState } from './state.ts'

/**
 * Refuses with RECEIPT_UNKNOWN, JOB_ENDED, ROLE_MISSING, VERDICT_CONFLICT, VERDICT_DUPLICATE,
 * LINK_MISMATCH, VERDICT_INVALID.
 */
export function appendVerdict(ledger: LedgerState, logged: Logged<Verdict>): void {
  const { record, index } = logged
  const { job, lease, receipt } = receiptByCid(ledger, record.body.receipt)
  ensureNotClosed(ledger, job)
  ensureRole(charterAt(ledger, index), record.author, 'verifier')
  admit(
    record.author !== job.manifest.author &&
      record.author !== lease.record.body.executor &&
      record.author !== receipt.record.author,
    'VERDICT_CONFLICT',
    () => `${record.author} is a party to the job`,
  )
  admit(
    receipt.verdicts.every((other) => other.record.author !== record.author),
    'VERDICT_DUPLICATE',
    () => `${record.author} has judged this receipt`,
  )
  admit(
    record.body.charter.equals(charterAt(ledger, receipt.index).cid),
    'LINK_MISMATCH',
    'the verdict is under another charter than the one in force at the receipt',
  )
  ensureSound(record, job)
  receipt.verdicts.push(logged)
}

/** A verdict says why, and is no weaker than what the job asked for. */
function ensureSound({ body }: Verdict, job: Job): void {
  const { result, method, findings } = body
  admit(
    (result === 'invalid') === findings.length > 0,
    'VERDICT_INVALID',
    () => `${result} with ${findings.length} findings`,
  )
  admit(
    result !== 'valid' || method === 'replay' || job.manifest.body.trust.verification !== 'replay',
    'VERDICT_INVALID',
    'valid by structure alone, where the job asks for a replay',
  )
}

/** Refuses with RECEIPT_UNKNOWN. */
export function receiptByCid(
  ledger: LedgerState,
  cid: CID,
): { job: Job; lease: LeaseState; receipt: ReceiptState } {
  const job = ledger.jobOf.get(textOf(cid))
  for (const lease of job?.leases ?? []) {
    const receipt = lease.receipts.find(({ record }) => record.cid.equals(cid))
    if (job !== undefined && receipt !== undefined) return { job, lease, receipt }
  }
  return admit(false, 'RECEIPT_UNKNOWN', () => `${cid}`) as never
}
