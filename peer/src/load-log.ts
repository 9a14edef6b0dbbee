/**
 * After a restart the process's copy of the log is folded again from the blocks on its disk, up to
 * the newest anchor it had folded: from its own snapshot on (ADR 0011), or from the first entry.
 * What the disk lost or spoiled is not trusted: folding stops before it, and the writer is asked
 * for the rest.
 *
 * Every block is hashed and every rule of the fold holds again. The signatures of records are not
 * checked a second time: this process did that before it wrote down that anchor, and the writer's
 * newest checkpoint, which is checked, covers their bytes. So are charters, which say whose
 * checkpoint that must be. Where it does not hold, everything is proven anew. Source: ADR 0010.
 */
import {
  type Anchor,
  type AnyRecord,
  type Batch,
  type Block,
  type CID,
  openAny,
  openCheckpoint,
  type Reader,
  Refusal,
  type Replica,
  receive,
  textOf,
} from '@planetary-mesh/spec'
import type { Blocks } from './ports.ts'

/** A replica of what is there, and the refusal that stopped it before the head, if any. */
export type Loaded = { replica: Replica; stopped: Refusal | undefined }

/** What this process had written down of its fold, in place of an empty one; if it can be used. */
export type Restore = (
  empty: Replica,
  open: (cid: CID) => Promise<AnyRecord>,
) => Promise<Replica | undefined>

/**
 * Folds the log on this disk up to `head` into a replica that `create` opens, or several in turn.
 * What is wrong with a snapshot costs only time.
 */
export async function loadLog(
  create: () => Replica,
  head: CID,
  blocks: Blocks,
  reader: Reader,
  restore?: Restore,
): Promise<Loaded> {
  const proving = readerOfProven(reader)
  const open = async (cid: CID) => proving.open(await readHere(cid, blocks), cid)
  const restored = await restore?.(create(), open)
  const starts = restored === undefined ? [create()] : [restored, create()]
  for (const start of starts) {
    const loaded = await fold(start, head, blocks, proving)
    const isWhole = loaded.stopped === undefined && loaded.replica.head?.equals(head) === true
    const isLast = start === starts.at(-1)
    if ((isWhole || isLast) && isSigned(loaded.replica, reader)) return loaded
  }
  return fold(create(), head, blocks, reader)
}

/** Only what this process itself has proven may be read like this. */
function readerOfProven(reader: Reader): Reader {
  return {
    ...reader,
    open(bytes, cid) {
      const record = openAny(bytes, { cid, verify: () => true })
      return record.kind === 'charter' ? reader.open(bytes, cid) : record
    },
    verify: () => true,
  }
}

/** Whether the newest anchor's checkpoint is the writer's; so it is where there is no anchor. */
function isSigned({ anchors }: Replica, { verify }: Reader): boolean {
  const newest = anchors.at(-1)
  if (newest === undefined) return true
  try {
    openCheckpoint(newest.checkpoint, { writer: newest.writer, verify })
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

async function fold(replica: Replica, head: CID, blocks: Blocks, reader: Reader): Promise<Loaded> {
  try {
    for (const anchor of await anchorsOnDisk(replica.head, head, blocks, reader)) {
      const once = openOnce(reader)
      const held = await readBatch(anchor, blocks, once)
      const batch: Batch = { anchor, get: (cid) => held.get(textOf(cid))?.bytes }
      const received = receive(replica, batch, once)
      if (received.type === 'stopped') {
        const { code, detail } = received.problem
        return { replica, stopped: new Refusal(code, detail) }
      }
    }
    return { replica, stopped: undefined }
  } catch (error) {
    if (error instanceof Refusal) return { replica, stopped: error }
    throw error
  }
}

/** For blocks that stay as they are while it is used: each is opened once. */
function openOnce(reader: Reader): Reader {
  return {
    open: remembering(reader.open),
    entry: remembering(reader.entry),
    anchor: remembering(reader.anchor),
    verify: reader.verify,
  }
}

function remembering<T>(open: (bytes: Uint8Array, cid: CID) => T) {
  const known = new Map<string, T>()
  return (bytes: Uint8Array, cid: CID): T => {
    const found = known.get(textOf(cid))
    if (found !== undefined) return found
    const opened = open(bytes, cid)
    known.set(textOf(cid), opened)
    return opened
  }
}

/** Those that follow `folded`, up to the head. */
async function anchorsOnDisk(
  folded: CID | null,
  head: CID,
  blocks: Blocks,
  reader: Reader,
): Promise<CID[]> {
  const anchors: CID[] = []
  for (let at: CID | null = head; at !== null && folded?.equals(at) !== true; ) {
    anchors.push(at)
    const anchor: Anchor = reader.anchor(await readHere(at, blocks), at)
    at = anchor.previous
  }
  return anchors.reverse()
}

/**
 * An anchor first, then its entries, their records, and the records that the fold needs beside
 * them, by CID. Refuses with BLOCK_MISSING, BLOCK_CID_MISMATCH and what the reader refuses.
 */
export async function readBatch(
  cid: CID,
  blocks: Blocks,
  reader: Reader,
): Promise<ReadonlyMap<string, Block>> {
  const held = new Map<string, Block>()
  const load = async (cid: CID): Promise<Uint8Array> => {
    const found = held.get(textOf(cid))
    if (found !== undefined) return found.bytes
    const bytes = await readHere(cid, blocks)
    held.set(textOf(cid), { cid, bytes })
    return bytes
  }
  const loadRecord = async (cid: CID): Promise<void> => {
    for (const named of namedBy(reader.open(await load(cid), cid))) await loadRecord(named)
  }
  const anchor = reader.anchor(await load(cid), cid)
  for (const entry of anchor.entries) {
    await loadRecord(reader.entry(await load(entry), entry).record)
  }
  return held
}

/** What stands beside the log: a hold's manifest, a lease's award, and the bids of that. */
function namedBy(record: AnyRecord): readonly CID[] {
  switch (record.kind) {
    case 'hold':
      return [record.body.manifest]
    case 'lease':
      return [record.body.award]
    case 'award':
      return record.body.bids
    default:
      return []
  }
}

/** A block of the log. Only what is here: nobody else is asked before the process listens. */
export async function readHere(cid: CID, blocks: Blocks): Promise<Uint8Array> {
  const bytes = (await blocks.has(cid)) ? await blocks.get(cid) : undefined
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid} of the log`)
  return bytes
}
