import type { z } from 'zod'
import { Ppm } from '../fields.ts'
import { defineBlock } from '../record.ts'

/**
 * How a chooser ranks bids: weights in ppm that sum to 10^6 (decisions 14). Made from a CCL
 * `selection`; the manifest names it by CID, so that anybody ranks the same bids the same way.
 */
export const SelectionRule = defineBlock('selection', {
  price: Ppm,
  resources: Ppm,
  reputation: Ppm,
  timeliness: Ppm,
})
export type SelectionRule = z.infer<typeof SelectionRule.schema>

/** The weights that count when nobody wrote a rule (requirements S1-9). */
export const DEFAULT_RULE: SelectionRule = {
  price: 400_000,
  resources: 200_000,
  reputation: 300_000,
  timeliness: 100_000,
}
