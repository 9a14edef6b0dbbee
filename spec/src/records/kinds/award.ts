import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { Amount, text } from '../fields.ts'
import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/**
 * "Of these bids, this one." Lists every bid considered, so that anybody recomputes the winner
 * from the list by the manifest's rule; `ranking` names the same bids, best first.
 */
export const Award = defineRecord('award', {
  manifest: Link,
  bids: z.array(Link).min(1).max(LIMITS.bidsMax),
  ranking: z.array(Link).min(1).max(LIMITS.bidsMax),
  winner: Link,
  reason: text(256),
  /** The log size at which reputation and on-time share were folded. */
  logSize: Amount,
})
export type Award = SealedOf<typeof Award>
