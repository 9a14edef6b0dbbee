/** When a lease is live, and what of it counts. */
import type { Job, LeaseState, ReceiptState } from './state.ts'

/** The newest lease of a job, live or not. */
export const lastLease = (job: Job): LeaseState | undefined => job.leases.at(-1)

/**
 * A lease is live until its term, its decline, or its job's settle; with its executor's receipt in
 * the log it stays live until the settle, whatever the time.
 */
export function isLive(job: Job, lease: LeaseState, atMs: number): boolean {
  if (job.settle !== undefined || lease.decline !== undefined) return false
  if (lease !== lastLease(job)) return false
  return ownReceipts(lease).length > 0 || atMs <= lease.record.body.untilMs
}

/**
 * The receipts that the lease's own executor sealed for it; more than one is a lie, since no body
 * is in the log twice.
 */
export function ownReceipts(lease: LeaseState): ReceiptState[] {
  return lease.receipts.filter(({ record }) => record.author === lease.record.body.executor)
}
