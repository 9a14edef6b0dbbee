/**
 * What a CCL program asks of the mesh when it calls `submit_job`: the DAG-CBOR map that the
 * compiled module hands to `mesh.host_submit_job(ptr, len) -> i32`. Names are those of the language
 * (S1), so that a host in another language reads the same map. The first five are always there; the
 * others only if the program says them.
 */
import { z } from 'zod'
import { attempt, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { ensureFileCid, parseCid } from '../records/cid.ts'
import { Amount, Ppm, Priority, ResourceType, Scope, text } from '../records/fields.ts'
import { FileName } from '../records/file-name.ts'
import { SelectionRule } from '../records/kinds/rule.ts'

/** The text of a file's CID. */
const CidText = z
  .string()
  .refine(
    (text) => !(attempt(() => ensureFileCid(parseCid(text))) instanceof Refusal),
    'expected the CID of a file',
  )

export { FileName } from '../records/file-name.ts'
export { PRIORITIES } from '../records/priorities.ts'

export const JobRequest = z.strictObject({
  wasm_cid: CidText,
  description: text(),
  resource_type: ResourceType,
  resource_amount: Amount,
  priority: Priority,
  inputs: z
    .record(FileName, CidText)
    .refine((inputs) => Object.keys(inputs).length <= LIMITS.inputsMax, 'too many inputs')
    .optional(),
  args: z.array(text(LIMITS.argBytesMax)).max(LIMITS.argsMax).optional(),
  scope: Scope.optional(),
  /** MB of memory and cores that a node must have free. */
  min_memory: z.int().min(1).max(2048).optional(),
  min_cpu: z.int().min(0).max(1024).optional(),
  max_bid: Amount.optional(),
  reputation_min: z.int().min(0).max(100).optional(),
  /** Counted from the submission. */
  deadline_ms: z.int().min(1).optional(),
  /** Valid verdicts asked for, and the share of verifiers in ppm; the larger number counts. */
  required_validators: z.int().min(0).max(LIMITS.verdictsMax).optional(),
  federation_quorum: Ppm.optional(),
  /** The weights of the program's `selection`, in ppm, by CCL's names. */
  selection: SelectionRule.optional(),
})
export type JobRequest = z.infer<typeof JobRequest>
