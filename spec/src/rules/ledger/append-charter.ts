/** Charters in the log: the pinned genesis first, then versions sealed by an admin of the last. */
import { admit } from '../../errors.ts'
import { type Charter, ROLES } from '../../records/kinds/charter.ts'
import { ensurePolicy } from '../policy/ensure-policy.ts'
import type { Policies } from '../policy/policies.ts'
import { charterNow, ensureRole, hasRole } from './charter-in-force.ts'
import type { LedgerState, Logged } from './state.ts'

/** Refuses with CHARTER_UNKNOWN, CHARTER_INVALID, ROLE_MISSING, and as `ensurePolicy` does. */
export function appendCharter(ledger: LedgerState, logged: Logged<Charter>): void {
  const { record } = logged
  ensureCharter(record, ledger.policies)
  if (ledger.charters.length === 0) {
    admit(
      record.cid.equals(ledger.genesis) && record.body.previous === null,
      'CHARTER_UNKNOWN',
      () => `the first entry is not the pinned charter ${ledger.genesis}`,
    )
    ensureRole(record, record.author, 'admin')
  } else {
    const last = charterNow(ledger)
    const { previous, version } = record.body
    admit(
      previous?.equals(last.cid) === true && version === last.body.version + 1,
      'CHARTER_UNKNOWN',
      () => `it does not follow version ${last.body.version}`,
    )
    ensureRole(last, record.author, 'admin')
  }
  ledger.charters.push(logged)
}

/** Refuses with CHARTER_INVALID one that contradicts itself, and a policy that cannot be asked. */
export function ensureCharter(charter: Charter, policies: Policies): void {
  const { members, writer, threshold, floor, circles = [] } = charter.body
  const dids = members.map(({ did }) => did)
  const names = members.map(({ name }) => name)
  admit(new Set(dids).size === dids.length, 'CHARTER_INVALID', 'a member is listed twice')
  admit(new Set(names).size === names.length, 'CHARTER_INVALID', 'a name is given twice')
  admit(
    hasRole(charter, writer, 'ledger'),
    'CHARTER_INVALID',
    'the writer is no member in the role ledger',
  )
  const verifiers = members.filter(({ roles }) => roles.includes('verifier')).length
  admit(
    floor !== 'replay' || threshold <= verifiers,
    'CHARTER_INVALID',
    () => `threshold ${threshold} with ${verifiers} verifiers`,
  )
  const called = circles.map(({ name }) => name)
  const taken = new Set([...called, ...ROLES]).size < called.length + ROLES.length
  admit(!taken, 'CHARTER_INVALID', 'two circles, or a circle and a role, have one name')
  for (const entry of charter.body.policies) ensurePolicy(entry, charter, policies)
}
