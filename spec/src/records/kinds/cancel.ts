import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

/** "I no longer want it." Before a lease it voids the hold; after, the executor stops, paid. */
export const Cancel = defineRecord('cancel', { manifest: Link })
export type Cancel = SealedOf<typeof Cancel>
