/** Charters and jobs under rules written in CCL, for the tests beside this file. */
import { compile } from '@planetary-mesh/ccl-compiler'
import type { Charter } from '@planetary-mesh/spec'

/** The first unit of a text that compiles. */
export function compiled(source: string): Uint8Array {
  const built = compile(source)
  if (!built.ok) throw new TypeError(built.diagnostics.map(({ message }) => message).join('\n'))
  const [unit] = built.units
  if (unit === undefined) throw new TypeError('there is no policy and no selection')
  return unit.wasm
}

/** What stands in a charter for the policy of a text. */
export const policyOf = (
  source: string,
  scope = 'default',
): Charter['body']['policies'][number] => ({
  scope,
  resourceType: 'compute',
  policy: { type: 'ccl', module: compiled(source), source },
})

export const QUOTA = `policy quota_pool for token("compute", scope: "default") {
  rule inside: allow when usage.total + request.amount <= cu(250)
    because "inside the member quota";
  rule too_large: deny when request.amount > cu(150)
    because "one job takes too much of the pool" cite "bylaws §4";
  rule hurried: deny when used_within(1min) + request.amount > cu(220)
    because "too much in one minute";
  rule suspended: deny when caller in roles.suspended
    because "suspended by the assembly";
}`

export const CHEAPEST = `selection cheapest_trusted {
  require known: bid.reputation >= 40 because "reputation below 40";
  require near: bid.location == "eu-west" or bid.location == "eu-north" because "too far away";
  score: bid.price * 2 + cu(div_down(bid.est_time, 1h));
  order: "ascending";
  tie_break: [bid.reputation, bid.node];
}`
