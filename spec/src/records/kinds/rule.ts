/** The weights by which bids are ranked. */
import { z } from 'zod'
import { Ppm } from '../fields.ts'

const SUM = 1_000_000

/**
 * How a chooser ranks bids: weights in ppm that sum to 10^6 (decisions 14). Made from a CCL
 * `selection`; it stands in the manifest, so that anybody ranks the same bids the same way.
 */
export const SelectionRule = z
  .strictObject({ price: Ppm, resources: Ppm, reputation: Ppm, timeliness: Ppm })
  .refine(
    (rule) => rule.price + rule.resources + rule.reputation + rule.timeliness === SUM,
    'weights sum to 1',
  )
export type SelectionRule = z.infer<typeof SelectionRule>

/** The weights that count when nobody wrote a rule (requirements S1-9). */
export const DEFAULT_RULE: SelectionRule = {
  price: 400_000,
  resources: 200_000,
  reputation: 300_000,
  timeliness: 100_000,
}
