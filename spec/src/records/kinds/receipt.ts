/** What an executor says came out of a job; spec/records/receipt.md. */
import { z } from 'zod'
import { TRAPS } from '../../sandbox.ts'
import { Amount, AtMs, FileRef, Hash, text } from '../fields.ts'
import { Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

export const OutcomeShape = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('exited'), code: z.int().min(0).max(0xffff_ffff) }),
  z.strictObject({ type: z.literal('trapped'), trap: z.enum(TRAPS) }),
  z.strictObject({ type: z.literal('out-of-fuel') }),
  z.strictObject({ type: z.literal('depth') }),
  z.strictObject({ type: z.literal('output-limit') }),
  z.strictObject({ type: z.literal('cancelled'), atFuel: Amount }),
])

/** The part that anybody who runs the job again must get, to the bit. */
export const Result = z.strictObject({
  outcome: OutcomeShape,
  stdout: FileRef,
  stderr: FileRef,
  /** Everything under `/out`, as one UnixFS directory. */
  output: FileRef,
  fuel: Amount,
  memoryPages: Amount,
  hostCallDigest: Hash,
  profile: text(64),
})
export type Result = z.infer<typeof Result>

/** "I ran it, and this came out." Only `result` is ever compared between executors. */
export const Receipt = defineRecord('receipt', {
  lease: Link,
  manifest: Link,
  decision: Link,
  result: Result,
  measured: z.strictObject({
    startedAtMs: AtMs,
    finishedAtMs: AtMs,
    wallMs: Amount,
    rssBytes: Amount,
  }),
})
export type Receipt = SealedOf<typeof Receipt>
