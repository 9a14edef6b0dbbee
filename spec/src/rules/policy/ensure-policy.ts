/**
 * Whether a policy or a selection in CCL can be in force: checked once, when its charter or its
 * manifest enters the log, so that no decision meets one that cannot be asked.
 */
import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import { readPolicyHeader } from '../../wire/policy-header.ts'
import type { Policies } from './policies.ts'
import { ensureAnswerable } from './question.ts'

/** What a policy in force may ask for: the rest the mesh does not carry out. */
const CARRIED_OUT = ['log']

type Scoped = Charter['body']['policies'][number]

/**
 * Refuses with CHARTER_INVALID a policy for another scope or resource, LIMIT_EXCEEDED one that may
 * take too long, EFFECT_UNSUPPORTED, POLICY_UNSUPPORTED, and MODULE_REFUSED or IMPORT_REFUSED.
 */
export function ensurePolicy(entry: Scoped, charter: Charter, policies: Policies): void {
  const { policy, scope, resourceType } = entry
  if (policy.type !== 'ccl') return
  const header = readPolicyHeader(policy.module)
  const { name } = header
  admit(header.kind === 'policy', 'CHARTER_INVALID', () => `${name} is a ${header.kind}`)
  admit(
    (header.scope ?? scope) === scope && (header.resource ?? resourceType) === resourceType,
    'CHARTER_INVALID',
    () => `policy ${name} is not written for ${resourceType} in ${scope}`,
  )
  ensureCost(header)
  const beyond = header.actions?.find(([action]) => !CARRIED_OUT.includes(action))
  admit(
    beyond === undefined,
    'EFFECT_UNSUPPORTED',
    () => `policy ${name} asks for ${beyond?.[0]}; in force it may ask for ${CARRIED_OUT}`,
  )
  ensureAnswerable(header, charter)
  policies.ensure(policy.module)
}

export function ensureCost({ name, costMax }: { name: string; costMax: number }): void {
  admit(
    costMax <= LIMITS.policyStepsMax,
    'LIMIT_EXCEEDED',
    () => `${name} may take ${costMax} steps a decision, at most ${LIMITS.policyStepsMax}`,
  )
}
