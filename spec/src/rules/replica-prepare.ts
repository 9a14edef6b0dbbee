/**
 * Judging a batch before it is folded: what was lost or altered on the way is found here, before
 * the first change, and told apart from what the writer signed and may not have written.
 */
import { type Code, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { AnyRecord } from '../records/any-record.ts'
import { ensureHash, equalBytes } from '../records/block.ts'
import { type CID, textOf } from '../records/cid.ts'
import type { Did } from '../records/did.ts'
import type { Anchor, LogEntry } from '../records/kinds/log.ts'
import { type Checkpoint, openCheckpoint, originOf } from '../records/note.ts'
import type { Linked } from './ledger/append.ts'
import { charterAt } from './ledger/charter-in-force.ts'
import type { AnchorTaken, Batch, Problem, Reader, Replica } from './replica.ts'
import { appendLeaf, NO_PEAKS, type Peaks, rootOf } from './tree.ts'

/** Why a batch is not taken. With `lie`, the writer signed it. */
export class Stopped extends Error {
  readonly problem: Problem
  readonly lie: boolean
  constructor(code: Code, detail: string, cid: CID, lie: boolean) {
    super(detail)
    this.problem = { code, detail, cid }
    this.lie = lie
  }
}

export type Prepared = {
  anchor: Anchor
  entries: { entry: LogEntry; record: AnyRecord }[]
  linked: Linked
  peaks: Peaks
  writer: Did
}

/** The batch, ready to fold; or that it is folded already; or that one before it is missing. */
export function prepare(
  replica: Replica,
  batch: Batch,
  reader: Reader,
): Prepared | 'known' | 'later' {
  const anchor = readBlock(batch, batch.anchor, false, reader.anchor)
  if (replica.placeOf.has(textOf(batch.anchor))) return 'known'
  if (!sameCid(anchor.previous, replica.head)) {
    ensureSameLog(replica, batch.anchor, anchor, reader)
    if (anchor.size <= replica.ledger.size) return 'known'
    keepForLater(replica, anchor.previous, batch)
    return 'later'
  }
  const writer = writerAfter(replica, batch, anchor, reader)
  const checkpoint = openCheckpointOf(replica, batch.anchor, anchor, writer, reader)
  const peaks = growPeaks(replica.peaks, anchor)
  const problem = mismatch(anchor, checkpoint, peaks)
  if (problem !== undefined) throw new Stopped('CHECKPOINT_INVALID', problem, batch.anchor, false)
  // the checkpoint covers these very CIDs, so from here on what they hold is the writer's doing
  const entries = anchor.entries.map((cid) => readEntry(batch, cid, reader))
  const named = new Map<string, AnyRecord>()
  for (const { record } of entries) openLinked(batch, record, reader, named)
  return { anchor, entries, linked: (cid) => named.get(textOf(cid)), peaks, writer }
}

/** Turns a refusal into a stop that names the block. */
export function refusedAs<T>(cid: CID, lie: boolean, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof Refusal) throw new Stopped(error.code, error.detail, cid, lie)
    throw error
  }
}

/** The writer in force before the batch; for the first one, that of the pinned charter in it. */
function writerAfter(replica: Replica, batch: Batch, anchor: Anchor, reader: Reader): Did {
  const { ledger } = replica
  if (ledger.size > 0) return charterAt(ledger, ledger.size).body.writer
  const [first] = anchor.entries
  const record = first === undefined ? undefined : readEntry(batch, first, reader, false).record
  if (record?.kind === 'charter' && record.cid.equals(ledger.genesis)) return record.body.writer
  const detail = `the log does not begin with ${ledger.genesis}`
  throw new Stopped('CHARTER_UNKNOWN', detail, batch.anchor, false)
}

function openCheckpointOf(
  { ledger }: Replica,
  cid: CID,
  anchor: Anchor,
  writer: Did,
  { verify }: Reader,
): Checkpoint {
  return refusedAs(cid, false, () => {
    const checkpoint = openCheckpoint(anchor.checkpoint, { writer, verify })
    if (checkpoint.origin === originOf(ledger.genesis)) return checkpoint
    throw new Refusal('CHECKPOINT_INVALID', `it is of the log ${checkpoint.origin}`)
  })
}

/** Why an anchor is not what its checkpoint covers: anybody can wrap a checkpoint in an anchor. */
function mismatch(anchor: Anchor, checkpoint: Checkpoint, peaks: Peaks): string | undefined {
  if (anchor.size !== peaks.size || checkpoint.size !== peaks.size) {
    return `sizes ${anchor.size} and ${checkpoint.size}, the entries make ${peaks.size}`
  }
  if (!equalBytes(anchor.root, rootOf(peaks)) || !equalBytes(checkpoint.root, anchor.root)) {
    return 'the root is not that of the entries'
  }
  if (!checkpoint.charter.equals(anchor.charter)) {
    return 'anchor and checkpoint name different charters'
  }
  return undefined
}

/**
 * An anchor that is not the next one: if the writer signed it, it may not contradict the fold. Two
 * roots for one size do, and so do other entries after an anchor that both histories share.
 */
function ensureSameLog(replica: Replica, cid: CID, anchor: Anchor, reader: Reader): void {
  const { anchors, placeOf, anchorsBefore } = replica
  const equivocation = (detail: string) => new Stopped('EQUIVOCATION', detail, cid, true)
  const ofSize = anchorOfSize(anchors, anchor.size)
  if (ofSize !== undefined) {
    const checkpoint = openCheckpointOf(replica, cid, anchor, ofSize.writer, reader)
    if (checkpoint.size === ofSize.size && !equalBytes(checkpoint.root, ofSize.root)) {
      throw equivocation(`the writer signed two roots for ${ofSize.size}`)
    }
  }
  // places among the anchors that are kept; what both histories share before them is not looked at
  const place = anchor.previous === null ? -1 : placeOf.get(textOf(anchor.previous))
  const shared = (place ?? Number.NaN) - anchorsBefore
  const next = anchors[shared + 1]
  if (next === undefined) return
  const checkpoint = openCheckpointOf(replica, cid, anchor, next.writer, reader)
  const before = anchors[shared]?.peaks ?? NO_PEAKS
  const problem = mismatch(anchor, checkpoint, growPeaks(before, anchor))
  if (problem !== undefined) throw new Stopped('CHECKPOINT_INVALID', problem, cid, false)
  const folded = anchors.slice(shared + 1, shared + 1 + anchor.entries.length)
  const ours = folded.flatMap(({ entries }) => entries)
  const at = anchor.entries.findIndex((entry, index) => ours[index]?.equals(entry) === false)
  if (at >= 0) throw equivocation(`the writer signed two entries ${before.size + at}`)
}

/** The anchor whose checkpoint has this size; sizes only grow. */
function anchorOfSize(anchors: readonly AnchorTaken[], size: number): AnchorTaken | undefined {
  let [low, high] = [0, anchors.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((anchors[middle] as AnchorTaken).size < size) low = middle + 1
    else high = middle
  }
  return anchors[low]?.size === size ? anchors[low] : undefined
}

/** Bounded: nobody has checked these yet, so the oldest make room for newer ones. */
function keepForLater({ waiting }: Replica, previous: CID | null, batch: Batch): void {
  if (previous === null) return
  const oldest = waiting.keys().next().value
  if (waiting.size >= LIMITS.anchorsWaitingMax && oldest !== undefined) waiting.delete(oldest)
  waiting.set(textOf(previous), batch)
}

function growPeaks(peaks: Peaks, { entries }: Anchor): Peaks {
  return entries.reduce((at, cid) => appendLeaf(at, cid.bytes), peaks)
}

function readEntry(batch: Batch, cid: CID, reader: Reader, lie = true) {
  const entry = readBlock(batch, cid, lie, reader.entry)
  return { entry, record: readBlock(batch, entry.record, lie, reader.open) }
}

/** Adds to `named` the records that the fold will ask for: manifests, awards and their bids. */
function openLinked(
  batch: Batch,
  record: AnyRecord,
  { open }: Reader,
  named: Map<string, AnyRecord>,
): void {
  const add = (cid: CID): AnyRecord => {
    const found = readBlock(batch, cid, true, open)
    named.set(textOf(cid), found)
    return found
  }
  if (record.kind === 'hold') add(record.body.manifest)
  if (record.kind !== 'lease') return
  const award = add(record.body.award)
  if (award.kind === 'award') for (const bid of award.body.bids) add(bid)
}

/**
 * Reads one block. What `read` refuses is held against the writer only if these are the very bytes
 * that the CID names: altered bytes may be refused (as too large) before anybody hashed them.
 */
function readBlock<T>(
  batch: Batch,
  cid: CID,
  lie: boolean,
  read: (bytes: Uint8Array, cid: CID) => T,
): T {
  const bytes = batch.get(cid)
  if (bytes === undefined) throw new Stopped('BLOCK_MISSING', `${cid}`, cid, false)
  try {
    return read(bytes, cid)
  } catch (error) {
    refusedAs(cid, false, () => ensureHash(cid, bytes))
    return refusedAs(cid, lie, () => {
      throw error
    })
  }
}

function sameCid(a: CID | null, b: CID | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
