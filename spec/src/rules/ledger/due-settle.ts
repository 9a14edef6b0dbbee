/**
 * How a job must be settled right now, if it must: the one function from which the writer makes
 * its settle and everybody else judges it. Source: protocol.md "Settle", decisions 3.
 */

import type { Settle } from '../../records/kinds/settle.ts'
import type { SealedOf } from '../../records/record.ts'
import { settleAmount } from '../settle-amount.ts'
import { tally } from '../tally.ts'
import { panelOf } from './charter-in-force.ts'
import { isLive, lastLease, ownReceipts } from './lease-state.ts'
import type { Job, LeaseState, LedgerState, ReceiptState } from './state.ts'

export type SettleBody = SealedOf<typeof Settle>['body']

export function dueSettle(ledger: LedgerState, job: Job, atMs: number): SettleBody | undefined {
  if (job.settle !== undefined) return undefined
  const lease = lastLease(job)
  if (lease !== undefined && isLive(job, lease, atMs)) return dueOfLease(ledger, job, lease)
  const release = (reason: SettleBody['reason']) => settleBody(job, { lease, post: 0, reason })
  if (job.cancel !== undefined) return release('cancelled')
  if (job.leases.length >= job.manifest.body.attemptsMax) return release('failed')
  if (atMs > job.hold.record.body.untilMs) return release('expired')
  return undefined
}

function dueOfLease(ledger: LedgerState, job: Job, lease: LeaseState): SettleBody | undefined {
  const [receipt, other] = ownReceipts(lease)
  if (receipt === undefined) return undefined
  // two bodies of one author for one lease: neither is paid
  if (other !== undefined) return settleBody(job, { lease, receipt, post: 0, reason: 'refuted' })
  const { result } = receipt.record.body
  const { price } = lease.winner.body
  const post = settleAmount(job.manifest, price, job.hold.record.body.amount, result)
  // a cancel that came before the receipt took effect, however far the run had come
  const done = job.cancel === undefined ? undefined : 'cancelled'
  if (job.manifest.body.trust.verification !== 'replay') {
    return settleBody(job, { lease, receipt, post, reason: done ?? 'receipted' })
  }
  const { verifiers, threshold } = panelOf(ledger, job, lease, receipt)
  const verdicts = receipt.verdicts.map(({ record }) => record)
  const { standing, valid, invalid } = tally(verdicts, verifiers, threshold)
  switch (standing) {
    case 'pending':
      return undefined
    case 'verified':
      return settleBody(job, { lease, receipt, verdicts: valid, post, reason: done ?? 'verified' })
    case 'refuted':
      return settleBody(job, { lease, receipt, verdicts: invalid, post: 0, reason: 'refuted' })
    case 'disputed':
      return settleBody(job, { lease, receipt, verdicts: [], post: 0, reason: 'disputed' })
  }
}

function settleBody(
  job: Job,
  parts: {
    lease: LeaseState | undefined
    receipt?: ReceiptState
    verdicts?: readonly { cid: SettleBody['hold'] }[]
    post: number
    reason: SettleBody['reason']
  },
): SettleBody {
  const hold = job.hold.record
  return {
    hold: hold.cid,
    lease: parts.lease?.record.cid ?? null,
    receipt: parts.receipt?.record.cid ?? null,
    verdicts: (parts.verdicts ?? []).map(({ cid }) => cid),
    post: parts.post,
    release: hold.body.amount - parts.post,
    reason: parts.reason,
  }
}
