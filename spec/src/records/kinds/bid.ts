import { z } from 'zod'
import { Amount, AtMs, text } from '../fields.ts'
import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/** "I would run it, for this many units." Links to the manifest it answers. */
export const Bid = defineRecord('bid', {
  manifest: Link,
  /** For the whole `fuelMax`, in units of the job's resource type. */
  price: Amount,
  expectedMs: z.int().min(1),
  validUntilMs: AtMs,
  free: z.strictObject({ slots: Amount, memoryPages: Amount, cores: Amount }),
  location: text(64),
})
export type Bid = SealedOf<typeof Bid>
