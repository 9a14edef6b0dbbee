/**
 * Ranges of the log, as one reader gives them to another: from the blocks on its own disk, anchor
 * by anchor. Whoever takes them folds them, so any member may give them. Source: protocol.md
 * "Transport".
 */
import {
  Anchor,
  admit,
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

/** A range as a row of blocks, and last the `notes` that its readers are given with it. */
export async function* blocksInRange(
  range: AsyncIterable<LogBatch>,
  notes: readonly CID[],
  blocks: Blocks,
): AsyncIterable<Block> {
  for await (const batch of range) yield* batch.blocks
  for (const cid of notes) {
    const bytes = (await blocks.has(cid)) ? await blocks.get(cid) : undefined
    // one that was said a moment ago may not be on the disk yet
    if (bytes !== undefined) yield { cid, bytes }
  }
}

/**
 * The batches in a row of blocks as `openLogRange` gives them: a new one begins with the anchor
 * that names the one before, and what comes before the first anchor belongs to none. Nothing is
 * believed: the fold judges each. Refuses a batch that does not end with LIMIT_EXCEEDED.
 */
export async function* batchesIn(blocks: AsyncIterable<Block>): AsyncIterable<LogBatch> {
  let batch: { anchor: CID; blocks: Block[] } | undefined
  let strange = 0
  for await (const block of blocks) {
    if (batch === undefined && !isAnchor(block)) {
      ensureShort(++strange)
      continue
    }
    if (batch === undefined || follows(block, batch.anchor)) {
      if (batch !== undefined) yield batch
      batch = { anchor: block.cid, blocks: [] }
    }
    batch.blocks.push(block)
    ensureShort(batch.blocks.length)
  }
  if (batch !== undefined) yield batch
}

function ensureShort(blocks: number): void {
  const max = LIMITS.batchBlocksMax
  admit(blocks <= max, 'LIMIT_EXCEEDED', `a batch of more than ${max} blocks`)
}

const isAnchor = ({ cid, bytes }: Block) =>
  !(attempt(() => Anchor.decode(bytes, cid)) instanceof Refusal)

function follows({ cid, bytes }: Block, previous: CID): boolean {
  const anchor = attempt(() => Anchor.decode(bytes, cid))
  return !(anchor instanceof Refusal) && anchor.previous?.equals(previous) === true
}
