/** Settles and cancels in the log: money moves exactly as `dueSettle` says, once. */

import { assert } from '../../assert.ts'
import { admit } from '../../errors.ts'
import { sameValue } from '../../records/block-value.ts'
import { textOf } from '../../records/cid.ts'
import type { Cancel } from '../../records/kinds/cancel.ts'
import type { Settle } from '../../records/kinds/settle.ts'
import { addOutcome } from '../reputation.ts'
import { ensureWriter } from './append-hold.ts'
import { dueSettle } from './due-settle.ts'
import { lastLease, ownReceipts } from './lease-state.ts'
import { accountKey, type Job, type LedgerState, type Logged } from './state.ts'

/** Refuses with HOLD_UNKNOWN, HOLD_ENDED, AUTHOR_MISMATCH, SETTLE_INVALID. */
export function appendSettle(ledger: LedgerState, logged: Logged<Settle>): void {
  const { record, index, atMs } = logged
  ensureWriter(ledger, record.author, index)
  const job = ledger.jobOf.get(textOf(record.body.hold))
  admit(job !== undefined, 'HOLD_UNKNOWN', () => `${record.body.hold}`)
  admit(job.settle === undefined, 'HOLD_ENDED', () => `settled at entry ${job.settle?.index}`)
  const due = dueSettle(ledger, job, atMs)
  admit(
    due !== undefined && sameValue(due, record.body),
    'SETTLE_INVALID',
    due === undefined ? 'nothing is due' : `due is ${due.post} for '${due.reason}'`,
  )
  pay(ledger, job, record)
  remember(ledger, job, logged)
  job.settle = logged
  ledger.ended.set(textOf(job.manifest.cid), job)
}

/** Refuses with JOB_UNKNOWN, AUTHOR_MISMATCH, JOB_ENDED (a receipt or a settle came first). */
export function appendCancel(ledger: LedgerState, logged: Logged<Cancel>): void {
  const { record } = logged
  const job = ledger.jobs.get(textOf(record.body.manifest))
  admit(job !== undefined, 'JOB_UNKNOWN', () => `${record.body.manifest}`)
  admit(record.author === job.manifest.author, 'AUTHOR_MISMATCH', 'only the submitter cancels')
  admit(job.settle === undefined, 'JOB_ENDED', () => `settled: ${job.settle?.record.body.reason}`)
  const lease = lastLease(job)
  admit(
    lease === undefined || ownReceipts(lease).length === 0,
    'JOB_ENDED',
    'its receipt came first',
  )
  job.cancel = logged
}

function pay(ledger: LedgerState, job: Job, settle: Settle): void {
  const { post, release } = settle.body
  const { scope, resourceType } = job.manifest.body
  const executor = lastLease(job)?.record.body.executor
  if (post > 0 && executor !== undefined) {
    const account = accountKey(scope, resourceType, executor)
    ledger.earned.set(account, (ledger.earned.get(account) ?? 0) + post)
  }
  assert(post === 0 || executor !== undefined, 'only a leased job is paid for')
  job.token.held -= post + release
  job.token.spent += post
  job.token.free += release
  job.account.total -= job.use.amount - post
  job.use.amount = post
}

/** Reputation is folded from settled and refuted receipts alone: a dispute blames nobody. */
function remember(ledger: LedgerState, job: Job, { record, index }: Logged<Settle>): void {
  const { reason } = record.body
  const valid = reason === 'verified' || reason === 'receipted' || reason === 'cancelled'
  if ((!valid && reason !== 'refuted') || record.body.receipt === null) return
  const lease = lastLease(job)
  const receipt = lease === undefined ? undefined : ownReceipts(lease)[0]
  if (lease === undefined || receipt === undefined) return
  addOutcome(ledger.past, {
    index,
    executor: lease.record.body.executor,
    scope: job.manifest.body.scope,
    valid,
    onTime: receipt.record.body.measured.wallMs <= lease.winner.body.expectedMs,
  })
}
