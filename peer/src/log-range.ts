/**
 * Ranges of the log, as one reader gives them to another: from the blocks on its own disk, anchor
 * by anchor. Whoever takes them folds them, so any member may give them. Source: protocol.md
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
import { readBatch, readHere } from './load-log.ts'
import type { Blocks } from './ports.ts'

/** An anchor with every block that folding it needs; the anchor's own is the first. */
export type LogBatch = { anchor: CID; blocks: readonly Block[] }

/** Gives what follows the first `fromSize` entries of the log that `replica` has folded. */
export type LogRange = (fromSize: number, signal?: AbortSignal) => AsyncIterable<LogBatch>

/**
 * `durableSize` says up to which size the entries are on the disk: a replica has folded a batch a
 * moment before its blocks are. Refuses as `readBatch` does what the disk lost or spoiled.
 */
export function openLogRange(
  replica: Replica,
  blocks: Blocks,
  reader: Reader,
  durableSize: () => number = () => replica.ledger.size,
): LogRange {
  const after = (size: number) =>
    replica.anchors.find((anchor) => anchor.size > size && anchor.size <= durableSize())

  return async function* (fromSize, signal) {
    for await (const anchor of anchorsAfter(fromSize)) {
      if (signal?.aborted === true) return
      yield { anchor, blocks: [...(await readBatch(anchor, blocks, reader)).values()] }
    }
  }

  /** Oldest first: those that the replica has forgotten are found from the marks it keeps. */
  async function* anchorsAfter(fromSize: number): AsyncIterable<CID> {
    const kept = replica.anchors
    const ends = [...replica.marks.slice(1), ...kept.slice(0, 1)]
    for (const [index, start] of replica.marks.entries()) {
      const end = ends[index]
      if (end !== undefined && end.size > fromSize)
        yield* await anchorsBetween(start.cid, end.cid, fromSize)
    }
    // the replica may forget some of these meanwhile; they are on disk all the same
    let last = fromSize
    for (const { cid, size } of kept) {
      if (size <= last) continue
      if (size > durableSize()) return
      yield cid
      last = size
    }
    for (let next = after(last); next !== undefined; next = after(last)) {
      yield next.cid
      last = next.size
    }
  }

  /** From `start` to the one before `end`, without those that hold nothing after `fromSize`. */
  async function anchorsBetween(start: CID, end: CID, fromSize: number): Promise<CID[]> {
    const found: CID[] = []
    let at = await anchorOf(end)
    while (at.previous !== null && !found[0]?.equals(start)) {
      const cid = at.previous
      at = await anchorOf(cid)
      if (at.size <= fromSize) break
      found.unshift(cid)
    }
    return found
  }

  async function anchorOf(cid: CID): Promise<Anchor> {
    return reader.anchor(await readHere(cid, blocks), cid)
  }
}

/**
 * The batches in a row of blocks as `openLogRange` gives them: a new one begins with the anchor
 * that names the one before. Nothing is believed: the fold judges each. Refuses a batch that does
 * not end with LIMIT_EXCEEDED.
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
