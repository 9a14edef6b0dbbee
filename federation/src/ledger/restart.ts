/**
 * A writer that starts reads its own journal: the fold is made again, nothing is signed twice. What
 * an anchor holds was proven before that was signed, and its bytes are in the anchor's hashes: only
 * what no anchor holds yet is proven again. Source: ADR 0010.
 */
import {
  Anchor,
  type AnyRecord,
  assert,
  Cosignature,
  cidOf,
  type Effect,
  type Env,
  equalBytes,
  type Linked,
  openAny,
  openCosignature,
} from '@planetary-mesh/spec'
import { anchorOpen, forgetFolded, openBatch } from './anchoring.ts'
import { type Book, entryTime, type LedgerConfig, write } from './book.ts'
import { type JournalEntry, readJournal, recordEntries } from './journal.ts'
import { watch } from './settling.ts'

type Open = (bytes: Uint8Array) => AnyRecord

/** In shape, but whoever signed it: the caller holds it against what was signed over it. */
const openProven: Open = (bytes) => openAny(bytes, { verify: () => true })

export function restart(
  book: Book,
  journal: readonly unknown[],
  env: Env,
  config: LedgerConfig,
): Effect[] {
  const batch: EntriesOf[] = []
  for (const value of journal) {
    const entry = readJournal(value)
    if (entry.type === 'entries') batch.push(entry)
    else if (entry.type === 'cosignature') keep(book, entry.cosignature, env)
    else {
      for (const entries of batch.splice(0)) writeAll(book, entries, openProven)
      anchorAgain(book, entry.anchor)
      forgetFolded(book, env)
    }
  }
  for (const entries of batch) writeAll(book, entries, env.open)
  // the last anchor may be as new as that
  book.closedAtMs = env.nowMs
  const effects: Effect[] = []
  if (book.ledger.size === 0) {
    const atMs = entryTime(book, env)
    const charter = write(book, config.charter, atMs, () => undefined)
    effects.push(recordEntries([charter], atMs))
  }
  effects.push(...openBatch(book, env, config))
  for (const job of book.ledger.jobs.keys()) effects.push(...watch(book, job, env.nowMs))
  return effects
}

type EntriesOf = Extract<JournalEntry, { type: 'entries' }>

function writeAll(book: Book, { entries, names }: EntriesOf, open: Open): void {
  const named = names.map((bytes) => open(bytes))
  const linked: Linked = (cid) => named.find((record) => record.cid.equals(cid))
  for (const { record, atMs } of entries) write(book, open(record), atMs, linked)
}

function anchorAgain(book: Book, bytes: Uint8Array): void {
  const made = anchorOpen(book, () => Anchor.decode(bytes).checkpoint)
  assert(
    equalBytes(made.anchor.bytes, bytes),
    'the journal gives the very anchors that were signed',
  )
}

function keep(book: Book, cosignature: Uint8Array, env: Env): void {
  const { note } = Cosignature.decode(cosignature)
  const { witness } = openCosignature(note, { verify: env.verify })
  book.cosigned.set(witness, cidOf('dag-cbor', cosignature))
}
