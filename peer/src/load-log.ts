/**
 * After a restart the process's copy of the log is folded again from the blocks on its disk, from
 * the newest anchor it had folded back to the first. What the disk lost or spoiled is not trusted:
 * folding stops before it, and the writer is asked for the rest.
 */
import {
  type Anchor,
  type AnyRecord,
  type Batch,
  type Block,
  type CID,
  type Reader,
  Refusal,
  type Replica,
  receive,
  textOf,
} from '@planetary-mesh/spec'
import type { Blocks } from './ports.ts'

/** Folds what is there into `replica`; gives the refusal that stopped it before `head`, if any. */
export async function loadLog(
  replica: Replica,
  head: CID,
  blocks: Blocks,
  reader: Reader,
): Promise<Refusal | undefined> {
  try {
    for (const anchor of await anchorsOnDisk(head, blocks, reader)) {
      const held = await readBatch(anchor, blocks, reader)
      const batch: Batch = { anchor, get: (cid) => held.get(textOf(cid))?.bytes }
      const received = receive(replica, batch, reader)
      if (received.type === 'stopped') {
        return new Refusal(received.problem.code, received.problem.detail)
      }
    }
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

async function anchorsOnDisk(head: CID, blocks: Blocks, reader: Reader): Promise<CID[]> {
  const anchors: CID[] = []
  for (let at: CID | null = head; at !== null; ) {
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
