/**
 * The same job told otherwise by everybody who has a key: one act is a lie, sealed by the right
 * key, and whoever comes after it seals again what links to it. The writer logs it all and signs
 * its checkpoints, whatever the fold says.
 */
import {
  Anchor,
  type AnyRecord,
  appendLeaf,
  type Block,
  type CID,
  type Did,
  encodeBlock,
  equalBytes,
  KINDS,
  LogEntry,
  NO_PEAKS,
  originOf,
  type Peaks,
  type RecordKind,
  rootOf,
  type Sealed,
  type Signer,
  seal,
  signCheckpoint,
} from '@planetary-mesh/spec'
import { type Evidence, logOf, recordOf } from './evidence.ts'

export type Keys = ReadonlyMap<Did, Signer>

/** What becomes of a record of that kind: another body, another author, or both. */
export type Changes = {
  [R in AnyRecord as R['kind']]?: (record: R) => { body?: R['body']; author?: Did } | undefined
}

export type Entry = { record: AnyRecord; atMs: number }

/** Changes the order, the times or the number of entries. */
export type Rewrite = (entries: readonly Entry[], keys: Keys) => readonly Entry[]

export function retell(
  evidence: Evidence,
  keys: Keys,
  changes: Changes,
  rewrite: Rewrite = (entries) => entries,
): Evidence {
  const [receipt, , genesis] = evidence.roots
  const blocks = new Map(evidence.blocks)
  const told = new Map<string, AnyRecord>()

  /** The record as it is told now; whatever it links to is told first. */
  const tell = (record: AnyRecord): AnyRecord => {
    const before = told.get(`${record.cid}`)
    if (before !== undefined) return before
    const linked = relink(record.body, (cid) => {
      const target = openIfRecord(evidence, cid)
      return target === undefined ? cid : tell(target).cid
    })
    const honest = { ...record, body: linked } as AnyRecord
    const change = (changes[record.kind] as ((record: AnyRecord) => object) | undefined)?.(honest)
    const { body, author } = { body: linked, author: record.author, ...change }
    const isSame = author === record.author && equalBytes(encoded(body), encoded(record.body))
    const now = isSame ? record : sealAs(record.kind, body, signerOf(keys, author))
    told.set(`${record.cid}`, now)
    blocks.set(`${now.cid}`, now)
    return now
  }

  const log = logOf(evidence)
  const entries = rewrite(
    log.map(({ record, atMs }) => ({ record: tell(record), atMs })),
    keys,
  )
  const charter = tell(recordOf(evidence, genesis))
  if (charter.kind !== 'charter') throw new Error('the third root is the charter')
  const writer = signerOf(keys, charter.body.writer)
  const anchored = anchor(entries, charter.cid, writer)
  for (const block of [...anchored.blocks, ...entries.map(({ record }) => record)]) {
    blocks.set(`${block.cid}`, block)
  }
  const root = tell(recordOf(evidence, receipt))
  return { roots: [root.cid, anchored.head, charter.cid], blocks }
}

const ENTRIES_PER_ANCHOR = 4

/** A log with these entries, signed by its writer. */
function anchor(
  entries: readonly Entry[],
  charter: CID,
  writer: Signer,
): { head: CID; blocks: Block[] } {
  const blocks: Block[] = []
  let head: CID | null = null
  let peaks: Peaks = NO_PEAKS
  for (let at = 0; at < entries.length; at += ENTRIES_PER_ANCHOR) {
    const batch = entries
      .slice(at, at + ENTRIES_PER_ANCHOR)
      .map(({ record, atMs }) => LogEntry.encode({ record: record.cid, atMs }))
    peaks = batch.reduce((before, { cid }) => appendLeaf(before, cid.bytes), peaks)
    const tree = { size: peaks.size, root: rootOf(peaks), charter }
    const checkpoint = signCheckpoint({ origin: originOf(charter), ...tree }, writer)
    const made = Anchor.encode({
      ...{ previous: head, entries: batch.map(({ cid }) => cid), checkpoint },
      ...tree,
    })
    head = made.cid
    blocks.push(...batch, made)
  }
  if (head === null) throw new Error('a log has entries')
  return { head, blocks }
}

/** The same data with every link put through `move`. */
function relink(value: unknown, move: (cid: CID) => CID): unknown {
  if (Array.isArray(value)) return value.map((item) => relink(item, move))
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  if ('asCID' in value || 'multihash' in value) return move(value as CID)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, relink(item, move)]))
}

function openIfRecord(evidence: Evidence, cid: CID): AnyRecord | undefined {
  try {
    return evidence.blocks.has(`${cid}`) ? recordOf(evidence, cid) : undefined
  } catch {
    return undefined // a file, or a part of one
  }
}

/** Seals a body of any kind. */
export function sealAs(kind: AnyRecord['kind'], body: unknown, signer: Signer): AnyRecord {
  const found = KINDS.find((one) => one.kind === kind) as RecordKind
  return seal(found, body, signer) as Sealed as AnyRecord
}

export function signerOf(keys: Keys, did: Did): Signer {
  const signer = keys.get(did)
  if (signer === undefined) throw new Error(`nobody here has the key of ${did}`)
  return signer
}

const encoded = (body: unknown) => encodeBlock(body).bytes
