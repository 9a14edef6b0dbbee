/** Who may do what, asked of the charter version that was in force at a place in the log. */
import { admit } from '../../errors.ts'
import { VERIFICATIONS } from '../../records/fields.ts'
import type { Charter, MemberRole } from '../../records/kinds/charter.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import type { Job, LeaseState, LedgerState, ReceiptState } from './state.ts'

/** The version in force for the entry at `index`: the last one logged before it. */
export function charterAt(ledger: LedgerState, index: number): Charter {
  const found = ledger.charters.findLast((logged) => logged.index < index)
  admit(found !== undefined, 'CHARTER_UNKNOWN', () => `no charter before entry ${index}`)
  return found.record
}

/** The version in force for the next entry. */
export function charterNow(ledger: LedgerState): Charter {
  return charterAt(ledger, Number.POSITIVE_INFINITY)
}

export function hasRole(charter: Charter, did: string, role: MemberRole): boolean {
  return charter.body.members.some((member) => member.did === did && member.roles.includes(role))
}

/** Refuses with ROLE_MISSING. */
export function ensureRole(charter: Charter, did: string, role: MemberRole): void {
  admit(
    hasRole(charter, did, role),
    'ROLE_MISSING',
    () => `${did} is no ${role} of the charter in force`,
  )
}

/** The verifiers that may judge a receipt: the charter's, but neither executor nor submitter. */
export function verifiersOf(charter: Charter, submitter: string, executor?: string): string[] {
  return charter.body.members
    .filter(({ roles }) => roles.includes('verifier'))
    .map(({ did }) => did as string)
    .filter((did) => did !== submitter && did !== executor)
}

/** The stricter of charter and manifest (protocol.md "Verification ladder"). */
export function thresholdOf(charter: Charter, manifest: Manifest): number {
  return Math.max(charter.body.threshold, manifest.body.trust.threshold)
}

/**
 * Refuses with VERIFICATION_UNSUPPORTED what this federation cannot or will not verify: at the
 * hold, and again at the lease, when one more member is known not to be a judge.
 */
export function ensureVerifiable(charter: Charter, manifest: Manifest, executor?: string): void {
  const { trust, replicas } = manifest.body
  const asked = VERIFICATIONS.indexOf(trust.verification)
  const floor = VERIFICATIONS.indexOf(charter.body.floor)
  admit(
    replicas === 1,
    'VERIFICATION_UNSUPPORTED',
    () => `${replicas} replicas, only 1 is available`,
  )
  admit(
    asked >= floor,
    'VERIFICATION_UNSUPPORTED',
    () => `'${trust.verification}' is below the charter's floor '${charter.body.floor}'`,
  )
  if (trust.verification !== 'replay') return
  const threshold = thresholdOf(charter, manifest)
  const verifiers = verifiersOf(charter, manifest.author, executor).length
  admit(
    threshold <= verifiers,
    'VERIFICATION_UNSUPPORTED',
    () => `threshold ${threshold} with ${verifiers} verifiers`,
  )
}

/**
 * The verifiers and the threshold that judge one receipt, by the charter at the receipt's index.
 * Who left the role since without having spoken is not waited for: nobody may speak after that, and
 * a job must be able to end.
 */
export function panelOf(
  ledger: LedgerState,
  job: Job,
  lease: LeaseState,
  receipt: ReceiptState,
): { charter: Charter; verifiers: string[]; threshold: number } {
  const charter = charterAt(ledger, receipt.index)
  const now = charterNow(ledger)
  const spoke = (did: string) => receipt.verdicts.some(({ record }) => record.author === did)
  return {
    charter,
    verifiers: verifiersOf(charter, job.manifest.author, lease.record.body.executor).filter(
      (did) => spoke(did) || hasRole(now, did, 'verifier'),
    ),
    threshold: thresholdOf(charter, job.manifest),
  }
}
