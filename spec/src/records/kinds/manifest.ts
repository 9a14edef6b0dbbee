/** The whole of a job but who runs it; spec/records/manifest.md. */
import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import {
  Amount,
  AtMs,
  Bytes,
  FileRef,
  Priority,
  ResourceType,
  Scope,
  text,
  Verification,
} from '../fields.ts'
import { FileName } from '../file-name.ts'
import { FileLink, Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'
import { ChoiceRule } from './rule.ts'

const unique = (names: readonly string[]) => new Set(names).size === names.length

export const Trust = z.strictObject({
  verification: Verification,
  /** Valid verdicts asked for; the charter's threshold counts if it is higher. */
  threshold: z.int().min(0).max(LIMITS.verdictsMax),
  reputationMin: z.int().min(0).max(100),
})

/**
 * "I want this run": the whole of a job but who runs it. Its CID is the job's id, its author the
 * submitter. Links to the token that pays, the module, the inputs and the CCL program it came from.
 */
export const Manifest = defineRecord('manifest', {
  token: Link,
  description: text(),
  module: FileRef,
  args: z.array(text(LIMITS.argBytesMax)).max(LIMITS.argsMax),
  env: z
    .array(z.tuple([text(256).regex(/^[^=\0]+$/), text(LIMITS.argBytesMax)]))
    .max(LIMITS.argsMax)
    .refine((pairs) => unique(pairs.map(([name]) => name)), 'a variable is named twice'),
  stdin: FileRef.nullable(),
  inputs: z
    .array(z.strictObject({ name: FileName, file: FileRef }))
    .max(LIMITS.inputsMax)
    .refine((inputs) => unique(inputs.map(({ name }) => name)), 'an input is named twice'),
  fuelMax: z.int().min(1).max(LIMITS.fuelMax),
  memoryPagesMax: z.int().min(1).max(LIMITS.memoryPagesMax),
  coresMin: z.int().min(0).max(1024),
  outputBytesMax: z.int().min(0).max(LIMITS.outputBytesMax),
  deadlineMs: z.int().min(1).max(LIMITS.amountMax),
  resourceType: ResourceType,
  /** The most the job may cost, in units of its resource type: what the hold reserves. */
  amount: Amount,
  scope: Scope,
  priority: Priority,
  priceMax: Amount,
  trust: Trust,
  replicas: z.int().min(1).max(LIMITS.bidsMax),
  /** Who makes the award: the submitter, or any member in the role home by `rule`. */
  chooser: z.enum(['submitter', 'home']),
  /** Null for the default weights. */
  rule: ChoiceRule.nullable(),
  attemptsMax: z.int().min(1).max(LIMITS.attemptsMax),
  profile: text(64),
  /** The compiled CCL program that asked for this job, if one did. */
  program: FileLink.nullable(),
  createdAtMs: AtMs,
  nonce: Bytes.refine((bytes) => bytes.length === 16, 'expected 16 bytes'),
})
export type Manifest = SealedOf<typeof Manifest>
