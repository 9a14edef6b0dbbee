/**
 * The third verb, *belong*: every author held the role for the act in the charter that was in force
 * where the act stands in the log. The award is recomputed here, because who may win is part of who
 * may act.
 */
import type { Charter } from '../../records/kinds/charter.ts'
import { ensureRole } from '../ledger/charter-in-force.ts'
import { judgeAward } from '../ledger/judge-award.ts'
import type { Policies } from '../policy/policies.ts'
import type { Past } from '../reputation.ts'
import { isIssuer } from '../token-chain.ts'
import type { Chain } from './chain.ts'
import { type Finding, finding, findingOf } from './finding.ts'

/** The versions in force at the three places of a chain: what was legal then stays legal. */
export type ChartersAt = { hold: Charter; lease: Charter; receipt: Charter }

/** `past` are the settled receipts that the log holds; an award counts those before its size. */
export function checkAuthors(
  chain: Chain,
  at: ChartersAt,
  { past, policies }: { past: Past; policies: Policies },
): Finding[] {
  const { receipt, lease, hold, decision, award, bids, manifest, tokens } = chain
  const findings: Finding[] = []
  const written = [
    { record: decision, writer: at.hold.body.writer },
    { record: lease, writer: at.lease.body.writer },
  ]
  for (const { record, writer } of written) {
    if (record.author !== writer) {
      const detail = `only the writer ${writer} seals a ${record.kind}`
      findings.push(finding('AUTHOR_MISMATCH', record.cid, detail))
    }
  }
  if (hold.author !== manifest.author) {
    findings.push(finding('AUTHOR_MISMATCH', hold.cid, 'hold and manifest differ in author'))
  }
  if (receipt.author !== lease.body.executor) {
    const detail = `the lease is of ${lease.body.executor}, the receipt of ${receipt.author}`
    findings.push(finding('AUTHOR_MISMATCH', receipt.cid, detail))
  }
  const root = tokens.at(-1)
  if (root === undefined || !isIssuer(at.hold, root.author, root.body.scope)) {
    const detail = `${root?.author} is no issuer of ${root?.body.scope}`
    findings.push(finding('TOKEN_ISSUER_UNKNOWN', manifest.body.token, detail))
  }
  return [
    ...findings,
    ...findingOf(receipt.cid, () => ensureRole(at.receipt, receipt.author, 'executor')),
    ...findingOf(manifest.cid, () => ensureRole(at.hold, manifest.author, 'member')),
    ...findingOf(award.cid, () => {
      judgeAward({ charter: at.lease, manifest, award, bids, past, policies })
    }),
  ]
}
