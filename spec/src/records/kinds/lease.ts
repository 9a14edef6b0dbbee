import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { AtMs, text } from '../fields.ts'
import { DidText, Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/** "This award is the live one." At most one live lease per (manifest, slot); epochs only grow. */
export const Lease = defineRecord('lease', {
  hold: Link,
  award: Link,
  decision: Link,
  slot: z.int().min(0).max(LIMITS.bidsMax),
  epoch: z.int().min(1).max(LIMITS.attemptsMax),
  executor: DidText,
  untilMs: AtMs,
  profile: text(64),
})
export type Lease = SealedOf<typeof Lease>
