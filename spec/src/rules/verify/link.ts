/** The second verb, *link*: each record names the one it answers, and they all speak of one job. */
import type { CID } from '../../records/cid.ts'
import type { Chain } from './chain.ts'
import { type Finding, finding } from './finding.ts'

export function checkLinks(chain: Chain): Finding[] {
  const { receipt, lease, hold, decision, award, bids, manifest } = chain
  const links: [at: CID, says: string, named: CID, expected: CID][] = [
    [receipt.cid, 'receipt.manifest', receipt.body.manifest, manifest.cid],
    [receipt.cid, 'receipt.decision', receipt.body.decision, lease.body.decision],
    [hold.cid, 'hold.manifest', hold.body.manifest, manifest.cid],
    [hold.cid, 'hold.token', hold.body.token, manifest.body.token],
    [decision.cid, 'decision.hold', decision.body.hold, hold.cid],
    [decision.cid, 'decision.request.token', decision.body.request.token, hold.body.token],
    ...bids.map((bid): [CID, string, CID, CID] => [
      bid.cid,
      'bid.manifest',
      bid.body.manifest,
      manifest.cid,
    ]),
  ]
  const findings = links
    .filter(([, , named, expected]) => !named.equals(expected))
    .map(([at, says, named, expected]) =>
      finding('LINK_MISMATCH', at, `${says} is ${named}, expected ${expected}`),
    )
  if (!award.body.bids.some((cid) => cid.equals(award.body.winner))) {
    findings.push(finding('AWARD_INVALID', award.cid, 'the winner is not among the listed bids'))
  }
  return findings
}
