/**
 * The fourth verb, *account*: the numbers hold. The receipt stays within its manifest and is the
 * one receipt of a live lease; the fold of the log accepts the hold, the lease and the settle.
 */
import { textOf } from '../../records/cid.ts'
import { receiptByCid } from '../ledger/append-verdict.ts'
import { ownReceipts } from '../ledger/lease-state.ts'
import type { LedgerState } from '../ledger/state.ts'
import type { Chain } from './chain.ts'
import { type Finding, finding, findingOf } from './finding.ts'

/** What a receipt says against what its manifest and lease allow. */
export function checkUsage({ receipt, manifest, lease }: Chain): Finding[] {
  const { result } = receipt.body
  const { fuelMax, memoryPagesMax, outputBytesMax } = manifest.body
  const outputBytes = result.output.bytes + result.stdout.bytes + result.stderr.bytes
  const claims: [string, number, number][] = [
    ['fuel', result.fuel, fuelMax],
    ['memory pages', result.memoryPages, memoryPagesMax],
    ['output bytes', outputBytes, outputBytesMax],
  ]
  if (result.outcome.type === 'cancelled') {
    claims.push(['fuel at the cancel', result.outcome.atFuel, result.fuel])
  }
  const findings = claims
    .filter(([, claimed, limit]) => claimed > limit)
    .map(([what, claimed, limit]) =>
      finding('RECEIPT_OVERUSE', receipt.cid, `${claimed} ${what}, at most ${limit}`),
    )
  if (result.profile !== lease.body.profile || lease.body.profile !== manifest.body.profile) {
    const detail = `profiles ${manifest.body.profile}, ${lease.body.profile}, ${result.profile}`
    findings.push(finding('LINK_MISMATCH', receipt.cid, detail))
  }
  return findings
}

/** The receipt's place in the fold: known, of its lease's executor, and the only one. */
export function checkPlace({ receipt }: Chain, ledger: LedgerState): Finding[] {
  return findingOf(receipt.cid, () => receiptByCid(ledger, receipt.cid)).concat(
    duplicates(receipt, ledger),
  )
}

function duplicates(receipt: Chain['receipt'], ledger: LedgerState): Finding[] {
  const job = ledger.jobOf.get(textOf(receipt.cid))
  const lease = job?.leases.find(({ record }) => record.cid.equals(receipt.body.lease))
  if (lease === undefined || ownReceipts(lease).length < 2) return []
  if (receipt.author !== lease.record.body.executor) return []
  const detail = `${receipt.author} sealed two receipts for one lease`
  return [finding('EQUIVOCATION', receipt.cid, detail)]
}
