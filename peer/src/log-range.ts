/**
 * Ranges of the log, as one reader gives them to another: from the blocks on its own disk, anchor by
 * anchor. Whoever takes them folds them, so any member may give them. Source: protocol.md
 * "Transport".
 */
import {
  Anchor,
  attempt,
  type Block,
  type CID,
  LIMITS,
  type Reader,
  Refusal,
  type Replica,
} from '@planetary-mesh/spec'
import { readBatch } from './load-log.ts'
import type { Blocks } from './ports.ts'

/** An anchor with every block that folding it needs; the anchor's own is the first. */
export type LogBatch = { anchor: CID; blocks: readonly Block[] }

/** Gives what follows the first `fromSize` entries of the log that `replica` has folded. */
export type LogRange = (fromSize: number, signal?: AbortSignal) => AsyncIterable<LogBatch>

/** Refuses as `readBatch` does what the disk lost or spoiled. */
export function openLogRange(replica: Replica, blocks: Blocks, reader: Reader): LogRange {
  return async function* (fromSize, signal) {
    const { anchors } = replica
    // sizes only grow: the first anchor that holds more
    let at = anchors.length
    while (at > 0 && (anchors[at - 1]?.size ?? 0) > fromSize) at -= 1
    for (; at < anchors.length && signal?.aborted !== true; at++) {
      const anchor = anchors[at]?.cid as CID
      yield { anchor, blocks: [...(await readBatch(anchor, blocks, reader)).values()] }
    }
  }
}

/**
 * The batches in a row of blocks as `openLogRange` gives them: a new one begins with the anchor that
 * names the one before. Nothing is believed: the fold judges each. Refuses with LIMIT_EXCEEDED a
 * batch that does not end.
 */
export async function* batchesIn(blocks: AsyncIterable<Block>): AsyncIterable<LogBatch> {
  let batch: { anchor: CID; blocks: Block[] } | undefined
  for await (const block of blocks) {
    if (batch === undefined || follows(block, batch.anchor)) {
      if (batch !== undefined) yield batch
      batch = { anchor: block.cid, blocks: [] }
    }
    if (batch.blocks.length >= LIMITS.batchBlocksMax) {
      throw new Refusal('LIMIT_EXCEEDED', `a batch of more than ${LIMITS.batchBlocksMax} blocks`)
    }
    batch.blocks.push(block)
  }
  if (batch !== undefined) yield batch
}

function follows({ cid, bytes }: Block, previous: CID): boolean {
  const anchor = attempt(() => Anchor.decode(bytes, cid))
  return !(anchor instanceof Refusal) && anchor.previous?.equals(previous) === true
}
