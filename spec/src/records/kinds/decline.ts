import { z } from 'zod'
import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/** "I end my lease without a receipt." */
export const Decline = defineRecord('decline', {
  lease: Link,
  reason: z.enum(['host-fault', 'restart', 'no-capacity', 'module-missing', 'refused']),
})
export type Decline = SealedOf<typeof Decline>
