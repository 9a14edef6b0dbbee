/**
 * Batches become anchors: an IPLD node over the entries with a signed checkpoint. The anchor is
 * durable before anybody hears of it, so that no two roots are ever signed for one size.
 */
import {
  Anchor,
  type AnyRecord,
  assert,
  charterAt,
  type Did,
  type Effect,
  type Env,
  forgetClosed,
  LIMITS,
  originOf,
  rootOf,
  signCheckpoint,
  textOf,
} from '@planetary-mesh/spec'
import { type Batched, type Book, isFull, type LedgerConfig } from './book.ts'
import { recordAnchor } from './journal.ts'

/**
 * After new entries: close the batch if it is full, or if none was closed for `batchMs`, so that
 * what comes alone waits for nothing; else see to it that its time comes. A batch that a receipt
 * opens always waits: of two for one lease that come together, verifiers shall hear together.
 */
export function openBatch(book: Book, env: Env, config: LedgerConfig): Effect[] {
  if (book.open.length === 0) return []
  if (isFull(book)) return closeBatch(book, env)
  // the first entry sets the time: later ones must not put it off
  if (book.closesAtMs !== undefined) return []
  const hasReceipt = book.open.some(({ record }) => record.kind === 'receipt')
  // a clock that was set back must not hold it up
  const sinceMs = hasReceipt ? env.nowMs : Math.min(book.closedAtMs, env.nowMs)
  const closesAtMs = sinceMs + config.batchMs
  if (closesAtMs <= env.nowMs) return closeBatch(book, env)
  book.closesAtMs = closesAtMs
  return [{ do: 'timer', name: 'anchor', atMs: book.closesAtMs }]
}

/** Anchors whatever is open: durable first, then heard by everybody. */
export function closeBatch(book: Book, env: Env): Effect[] {
  const effects: Effect[] = []
  book.closedAtMs = env.nowMs
  while (book.open.length > 0) {
    assert(book.open.length <= LIMITS.batchEntriesMax, 'a batch is closed when it is full')
    const batch = anchorOpen(book, (note) => signCheckpoint(note, env.self))
    effects.push(recordAnchor(batch.anchor.bytes), { do: 'broadcast', message: logMessage(batch) })
  }
  return effects
}

/**
 * What a reader lacks from `size` on, oldest first, of what this very process has not folded yet:
 * the rest it gives from its blocks.
 */
export function sendBehind(book: Book, size: number, to: Did): Effect[] {
  return book.batches
    .filter((batch) => batch.size > size)
    .slice(0, LIMITS.batchesPerAnswerMax)
    .map((batch) => ({ do: 'send', to, message: logMessage(batch) }))
}

/** The process's copy of the log holds these now, with their blocks on disk. */
export function forgetFolded(book: Book, env: Env): void {
  const { size } = env.replica.ledger
  book.batches = book.batches.filter((batch) => batch.size > size)
  forgetClosed(book.ledger)
}

/** Takes the open entries into a batch whose checkpoint `sign` makes. */
export function anchorOpen(
  book: Book,
  sign: (checkpoint: Parameters<typeof signCheckpoint>[0]) => string,
): Batched {
  const { size, genesis } = book.ledger
  const charter = charterAt(book.ledger, size).cid
  const root = rootOf(book.peaks)
  const anchor = Anchor.encode({
    previous: book.head,
    entries: book.open.map(({ entry }) => entry.cid),
    size,
    root,
    charter,
    checkpoint: sign({ origin: originOf(genesis), size, root, charter }),
  })
  const batch = { anchor, size, blocks: blocksOf(book, anchor.bytes) }
  book.batches.push(batch)
  book.head = anchor.cid
  book.open = []
  book.closesAtMs = undefined
  return batch
}

function blocksOf(book: Book, anchor: Uint8Array): Uint8Array[] {
  const records = new Map<string, AnyRecord>()
  for (const { record, names } of book.open) {
    for (const one of [record, ...names]) records.set(textOf(one.cid), one)
  }
  const entries = book.open.map(({ entry }) => entry.bytes)
  return [anchor, ...entries, ...[...records.values()].map(({ bytes }) => bytes)]
}

function logMessage({ anchor, blocks }: Batched): Extract<Effect, { do: 'send' }>['message'] {
  return { type: 'log', anchor: anchor.cid, blocks: [...blocks] }
}
