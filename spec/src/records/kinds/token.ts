import { Amount, AtMs, ResourceType, Scope } from '../fields.ts'
import { DidText, Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/**
 * "The holder may use up to this much, here, until then." Sealed by an issuer that the charter
 * lists for the scope; or, with `parent`, by the holder of the parent, which it narrows and debits.
 */
export const Token = defineRecord('token', {
  charter: Link,
  parent: Link.nullable(),
  /** If present, equals the author (S1-1). */
  issuer: DidText.nullable(),
  holder: DidText,
  resourceType: ResourceType,
  amount: Amount,
  scope: Scope,
  expiresAtMs: AtMs.nullable(),
})
export type Token = SealedOf<typeof Token>
