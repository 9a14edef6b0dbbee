/**
 * A replica is one reader's copy of a log: it takes anchors in any order, any number of times, and
 * folds them in their one order. What the writer may not have written stops it, with the finding.
 * Witnesses, verifiers, homes and offline readers all hold one. Source: protocol.md "The ledger".
 */
import type { Code } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type AnyRecord, openAny } from '../records/any-record.ts'
import { type CID, textOf } from '../records/cid.ts'
import type { Did } from '../records/did.ts'
import { Anchor, LogEntry } from '../records/kinds/log.ts'
import { type Verify, verifySignature } from '../records/signature.ts'
import { append } from './ledger/append.ts'
import { charterAt } from './ledger/charter-in-force.ts'
import { forgetClosed } from './ledger/forget.ts'
import { type LedgerState, type Logged, openLedger } from './ledger/state.ts'
import type { Policies } from './policy/policies.ts'
import { type Prepared, prepare, refusedAs, Stopped } from './replica-prepare.ts'
import { NO_PEAKS, type Peaks } from './tree.ts'

/** An anchor and a way to its entries, their records, and the blocks that those name. */
export type Batch = { anchor: CID; get: (cid: CID) => Uint8Array | undefined }

/**
 * How a reader turns bytes into what they say. Each function proves the bytes against the CID and
 * refuses with BLOCK_CID_MISMATCH; a shell may remember what it has proven once.
 */
export type Reader = {
  open: (bytes: Uint8Array, cid: CID) => AnyRecord
  entry: (bytes: Uint8Array, cid: CID) => LogEntry
  anchor: (bytes: Uint8Array, cid: CID) => Anchor
  verify: Verify
}

/** A reader that remembers nothing. */
export function plainReader(verify: Verify = verifySignature): Reader {
  return {
    open: (bytes, cid) => openAny(bytes, { cid, verify }),
    entry: (bytes, cid) => LogEntry.decode(bytes, cid),
    anchor: (bytes, cid) => Anchor.decode(bytes, cid),
    verify,
  }
}

export type Problem = { code: Code; detail: string; cid: CID }

/** An anchor that the replica folded; its checkpoint is signed by `writer`. */
export type AnchorTaken = {
  cid: CID
  size: number
  root: Uint8Array
  checkpoint: string
  writer: Did
  readonly entries: readonly CID[]
  /** The tree after its entries. */
  readonly peaks: Peaks
}

export type Replica = {
  readonly ledger: LedgerState
  peaks: Peaks
  head: CID | null
  /** Batches that came before the one they follow, by the anchor they wait for. */
  readonly waiting: Map<string, Batch>
  /** Which anchor holds each record, by the record's CID. */
  readonly anchorOf: Map<string, CID>
  /** The newest anchors taken, oldest first; all of them where nothing is forgotten. */
  anchors: AnchorTaken[]
  /** How many anchors came before those. */
  anchorsBefore: number
  /** The place of each of those anchors in the whole log, by its CID. */
  readonly placeOf: Map<string, number>
  /** Of the anchors forgotten, every 64th, oldest first: the way back to old ranges. */
  readonly marks: { cid: CID; size: number }[]
  /** Keeps every anchor and every job: for one look at a whole log. */
  readonly keepsAll: boolean
  /** Why it stopped for good: the writer signed what no fold allows. */
  problem: Problem | undefined
}

export type Received =
  | { type: 'applied'; entries: Logged<AnyRecord>[]; anchors: CID[] }
  | { type: 'duplicate' }
  /** Something before it is missing: ask for the log from this size on. */
  | { type: 'gap'; from: number }
  /** Not taken. With `lie` the writer signed it; else the blocks were missing or altered. */
  | { type: 'stopped'; problem: Problem; lie: boolean }

export function openReplica(
  genesis: CID,
  { keepsAll = false, policies }: { keepsAll?: boolean; policies?: Policies } = {},
): Replica {
  return {
    ledger: openLedger(genesis, policies),
    peaks: NO_PEAKS,
    head: null,
    waiting: new Map(),
    anchorOf: new Map(),
    anchors: [],
    anchorsBefore: 0,
    placeOf: new Map(),
    marks: [],
    keepsAll,
    problem: undefined,
  }
}

/** Takes one batch, and whatever was waiting for it. Never throws for what others sent. */
export function receive(replica: Replica, batch: Batch, reader: Reader = plainReader()): Received {
  if (replica.problem !== undefined) {
    return { type: 'stopped', problem: replica.problem, lie: true }
  }
  const done = { entries: [] as Logged<AnyRecord>[], anchors: [] as CID[] }
  try {
    let next: Batch | undefined = batch
    while (next !== undefined) {
      const prepared = prepare(replica, next, reader)
      if (prepared === 'known') break
      if (prepared === 'later') return { type: 'gap', from: replica.ledger.size }
      done.entries.push(...apply(replica, next, prepared))
      done.anchors.push(next.anchor)
      const key = textOf(next.anchor)
      next = replica.waiting.get(key)
      replica.waiting.delete(key)
    }
    return done.anchors.length === 0 ? { type: 'duplicate' } : { type: 'applied', ...done }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    const { problem, lie } = error
    if (lie) replica.problem = problem
    // what was applied before the bad batch stays; only a lie hides it
    if (done.anchors.length > 0 && !lie) return { type: 'applied', ...done }
    return { type: 'stopped', problem, lie }
  }
}

/** From here on every refusal is the writer's: it signed a checkpoint over these very entries. */
function apply(replica: Replica, batch: Batch, prepared: Prepared): Logged<AnyRecord>[] {
  const { anchor, entries, linked, peaks } = prepared
  const logged = entries.map(({ entry, record }) =>
    refusedAs(record.cid, true, () => append(replica.ledger, record, entry.atMs, linked)),
  )
  const inForce = charterAt(replica.ledger, replica.ledger.size)
  if (!anchor.charter.equals(inForce.cid)) {
    const detail = `it names charter ${anchor.charter}, ${inForce.cid} is in force`
    throw new Stopped('CHECKPOINT_INVALID', detail, batch.anchor, true)
  }
  for (const { record } of logged) replica.anchorOf.set(textOf(record.cid), batch.anchor)
  replica.peaks = peaks
  replica.head = batch.anchor
  replica.placeOf.set(textOf(batch.anchor), replica.anchorsBefore + replica.anchors.length)
  const { size, root, checkpoint, entries: cids } = anchor
  const { writer } = prepared
  replica.anchors.push({ cid: batch.anchor, size, root, checkpoint, writer, entries: cids, peaks })
  if (!replica.keepsAll) forget(replica)
  return logged
}

/** The anchor at a place in the whole log, if it is kept. */
export function anchorAt(replica: Replica, place: number): AnchorTaken | undefined {
  return replica.anchors[place - replica.anchorsBefore]
}

/** Drops closed jobs, and the oldest anchors, as many at once as have one mark. */
function forget(replica: Replica): void {
  for (const { cid } of forgetClosed(replica.ledger)) replica.anchorOf.delete(textOf(cid))
  const { anchors, marks, placeOf } = replica
  if (anchors.length < LIMITS.anchorsKept + LIMITS.anchorsPerMark) return
  const [first] = anchors
  if (first !== undefined) marks.push({ cid: first.cid, size: first.size })
  replica.anchors = anchors.slice(LIMITS.anchorsPerMark)
  for (const { cid } of anchors.slice(0, LIMITS.anchorsPerMark)) placeOf.delete(textOf(cid))
  replica.anchorsBefore += LIMITS.anchorsPerMark
}
