/** The blocks of the log that nobody signs: entries, anchors, and the cosignatures that follow. */
import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { Amount, AtMs, Hash, text } from '../fields.ts'
import { Link } from '../links.ts'
import { defineBlock } from '../record.ts'

/** One record at its place in the log; `atMs` never goes back. The leaf is this block's CID. */
export const LogEntry = defineBlock('entry', { record: Link, atMs: AtMs })
export type LogEntry = z.infer<typeof LogEntry.schema>

/**
 * One batch of the log as an IPLD node. The checkpoint (a C2SP signed note over size and root) is
 * its only signature; `size` and `root` are those of the tree after `entries`.
 */
export const Anchor = defineBlock('anchor', {
  previous: Link.nullable(),
  entries: z.array(Link).min(1).max(LIMITS.batchEntriesMax),
  size: Amount,
  root: Hash,
  charter: Link,
  checkpoint: text(4096),
})
export type Anchor = z.infer<typeof Anchor.schema>

/** A witness's cosignature of a checkpoint, as a note of its own (C2SP tlog-cosignature). */
export const Cosignature = defineBlock('cosignature', { anchor: Link, note: text(4096) })
export type Cosignature = z.infer<typeof Cosignature.schema>
