import { Amount, AtMs } from '../fields.ts'
import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/** "Reserve this much of my token for this job until then." Names no executor. */
export const Hold = defineRecord('hold', {
  token: Link,
  manifest: Link,
  amount: Amount,
  untilMs: AtMs,
})
export type Hold = SealedOf<typeof Hold>
