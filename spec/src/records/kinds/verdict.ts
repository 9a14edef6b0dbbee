/** What a verifier found; spec/records/verdict.md. */
import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { text } from '../fields.ts'
import { FileLink, Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

export const FindingShape = z.strictObject({
  code: text(64),
  cid: z.union([Link, FileLink]).nullable(),
  detail: text(512),
})

/** "I checked this receipt under that charter, and this is what I found." */
export const Verdict = defineRecord('verdict', {
  receipt: Link,
  charter: Link,
  method: z.enum(['structure', 'replay']),
  result: z.enum(['valid', 'invalid', 'cannot-replay']),
  findings: z.array(FindingShape).max(LIMITS.findingsMax),
})
export type Verdict = SealedOf<typeof Verdict>
