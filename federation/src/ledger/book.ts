/**
 * The writer's book: the fold of all it accepted, the entries that no anchor holds yet, and the
 * newest batches for readers.
 */
import {
  type AnyRecord,
  append,
  appendLeaf,
  type Block,
  type Charter,
  type CID,
  type Decision,
  type Did,
  type Env,
  type LedgerState,
  LIMITS,
  type Linked,
  LogEntry,
  type Logged,
  NO_PEAKS,
  openLedger,
  type Peaks,
  type Policies,
  type Refusal,
  textOf,
} from '@planetary-mesh/spec'

/** An accepted record with its entry block and the records that the fold needs beside it. */
export type Written = { entry: Block; record: AnyRecord; names: readonly AnyRecord[] }

export type Batched = { anchor: Block; size: number; blocks: readonly Uint8Array[] }

export type LedgerConfig = {
  /** The genesis charter: the first entry of a new log. */
  charter: Charter
  /** Between two anchors at least, unless a batch is full. */
  batchMs: number
  /** What policies in CCL are asked through. */
  policies?: Policies
}

export type Book = {
  readonly ledger: LedgerState
  /** The tree over every entry, anchored or not. */
  peaks: Peaks
  /** Accepted and durable, waiting for their anchor. */
  open: Written[]
  /** When the open batch is anchored; undefined while it is empty. */
  closesAtMs: number | undefined
  /** When a batch was last anchored here. */
  closedAtMs: number
  /** The newest anchor. */
  head: CID | null
  /** Anchored, and not folded by this process yet. */
  batches: Batched[]
  /** The newest cosignature of each witness. */
  readonly cosigned: Map<Did, CID>
  /** What was answered to holds that policies denied, by their act, the oldest first. */
  readonly denied: Map<string, Denial>
}

/** Said once, it stays so: a resend that comes late must not be granted behind a refusal. */
export type Denial = { readonly refusal: Refusal; readonly decision: Decision }

export function openBook({ charter, policies }: LedgerConfig): Book {
  return {
    ledger: openLedger(charter.cid, policies),
    peaks: NO_PEAKS,
    open: [],
    closesAtMs: undefined,
    closedAtMs: Number.NEGATIVE_INFINITY,
    head: null,
    batches: [],
    cosigned: new Map(),
    denied: new Map(),
  }
}

/** The time of the next entry: this clock, but never before the last entry. */
export const entryTime = (book: Book, env: Env) => Math.max(env.nowMs, book.ledger.lastAtMs)

/** Remembers a denial; of more than there is room for, the oldest is forgotten. */
export function remember(book: Book, act: string, denial: Denial): void {
  book.denied.set(act, denial)
  const [oldest] = book.denied.keys()
  if (oldest !== undefined && book.denied.size > LIMITS.denialsRememberedMax) {
    book.denied.delete(oldest)
  }
}

/** Folds one record into the book, or refuses and leaves the book as it was. */
export function write(book: Book, record: AnyRecord, atMs: number, linked: Linked): Written {
  const logged = append(book.ledger, record, atMs, linked)
  const entry = LogEntry.encode({ record: record.cid, atMs })
  book.peaks = appendLeaf(book.peaks, entry.cid.bytes)
  const written = { entry, record, names: namesOf(book.ledger, logged) }
  book.open.push(written)
  return written
}

/** The records outside the log that the fold of this one needs. */
function namesOf(ledger: LedgerState, { record }: Logged<AnyRecord>): AnyRecord[] {
  const job = ledger.jobOf.get(textOf(record.cid))
  if (job === undefined) return []
  if (record.kind === 'hold') return [job.manifest]
  if (record.kind !== 'lease') return []
  const lease = job.leases.find((state) => state.record.cid.equals(record.cid))
  return lease === undefined ? [] : [lease.award, ...lease.bids]
}

/** What one request can add: eight records asked for, with decision, lease and settle. */
const ENTRIES_PER_ANSWER_MAX = 16

/** Full enough to be anchored at once: by entries, or by what a message can carry. */
export function isFull(book: Book): boolean {
  if (book.open.length + ENTRIES_PER_ANSWER_MAX > LIMITS.batchEntriesMax) return true
  let bytes = 0
  for (const { record, names } of book.open) {
    bytes += record.bytes.length + names.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }
  return bytes >= LIMITS.messageBytesMax / 4
}
