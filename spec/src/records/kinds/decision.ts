import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { Amount, AtMs, ResourceType, Scope, text } from '../fields.ts'
import { DidText, FileLink, Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/** What the policies were asked, as data: enough to decide again (protocol.md, "Submit"). */
export const AuthorisationRequest = z.strictObject({
  holder: DidText,
  scope: Scope,
  resourceType: ResourceType,
  amount: Amount,
  atMs: AtMs,
  token: Link,
})
export type AuthorisationRequest = z.infer<typeof AuthorisationRequest>

/** The counters seen when deciding, so that a replay need not count again. */
export const AuthorisationValues = z.strictObject({
  /** What the token had left. */
  tokenFree: Amount,
  /** Posted and pending use of (scope, type, holder) over all time. */
  used: Amount,
  /** The same within each sliding period that a policy counts, in the order of the policies. */
  usedInPeriods: z.array(Amount).max(LIMITS.policiesMax),
})
export type AuthorisationValues = z.infer<typeof AuthorisationValues>

/** "I was asked this, saw these values, and these rules fired." Links what decided. */
export const Decision = defineRecord('decision', {
  /** What decided: the charter in force, or the module of its first policy in CCL. */
  policy: z.union([Link, FileLink]),
  hold: Link,
  request: AuthorisationRequest,
  values: AuthorisationValues,
  rules: z
    .array(
      z.strictObject({
        name: text(128),
        effect: z.enum(['allow', 'deny']),
        /** Of a rule in CCL that ended in one. */
        error: text(32).optional(),
      }),
    )
    .max(256),
  effect: z.enum(['allow', 'deny']),
  /** The refusal code of a deny. */
  code: text(64).nullable(),
  cost: Amount,
  /** What policies in CCL logged. */
  log: z.array(text()).max(LIMITS.cclEffectsMax).optional(),
})
export type Decision = SealedOf<typeof Decision>
