/** How bids are ranked: by weights, or by a selection written in CCL. */
import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { Bytes, Ppm } from '../fields.ts'

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

/** A `selection` of CCL with a score of its own, as compiled (spec/ccl-abi.md). */
export const CompiledSelection = z.strictObject({
  module: Bytes.refine(
    (bytes) => bytes.length <= LIMITS.policyModuleBytesMax,
    `longer than ${LIMITS.policyModuleBytesMax} bytes`,
  ),
})
export type CompiledSelection = z.infer<typeof CompiledSelection>

/** What a manifest says about the choice. */
export const ChoiceRule = z.union([SelectionRule, CompiledSelection])
export type ChoiceRule = z.infer<typeof ChoiceRule>

/** The weights that count when nobody wrote a rule (requirements S1-9). */
export const DEFAULT_RULE: SelectionRule = {
  price: 400_000,
  resources: 200_000,
  reputation: 300_000,
  timeliness: 100_000,
}
