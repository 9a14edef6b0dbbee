/** By which rule the best bid is chosen, in words and as data. */
import { type ChoiceRule, readPolicyHeader } from '@planetary-mesh/spec'

/** `the default weights`, `price 40 %, …`, or `the selection NAME`. */
export function ruleText(rule: ChoiceRule | null): string {
  if (rule === null) return 'the default weights'
  if ('module' in rule) return `the selection ${readPolicyHeader(rule.module).name}`
  return Object.entries(rule)
    .map(([what, ppm]) => `${what} ${ppm / 10_000} %`)
    .join(', ')
}

/** The weights in ppm, or the name of a selection in CCL. */
export const ruleJson = (rule: ChoiceRule | null) =>
  rule !== null && 'module' in rule ? { selection: readPolicyHeader(rule.module).name } : rule
