/** How a hold ends; spec/records/settle.md. */
import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { Amount } from '../fields.ts'
import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

export const SETTLE_REASONS = [
  'verified',
  'receipted',
  'refuted',
  'disputed',
  'failed',
  'expired',
  'cancelled',
] as const

/**
 * "Post this much to the executor, release the rest." With `post` 0 it is the release of a hold
 * whose job was refuted, disputed, failed, expired or cancelled.
 */
export const Settle = defineRecord('settle', {
  hold: Link,
  lease: Link.nullable(),
  receipt: Link.nullable(),
  verdicts: z.array(Link).max(LIMITS.verdictsMax),
  post: Amount,
  release: Amount,
  reason: z.enum(SETTLE_REASONS),
})
export type Settle = SealedOf<typeof Settle>
