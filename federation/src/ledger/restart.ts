/**
 * A writer that starts goes on from what its process has folded, and reads in its own journal what
 * came after: nothing is signed twice. What an anchor holds was proven before that was signed, and
 * its bytes are in the anchor's hashes: only what no anchor holds yet is proven again. Source:
 * ADR 0010.
 */
import {
  Anchor,
  type AnyRecord,
  assert,
  Cosignature,
  charterNow,
  cidOf,
  copyGraph,
  type Effect,
  type Env,
  equalBytes,
  hasRole,
  type Linked,
  openAny,
  openCosignature,
} from '@planetary-mesh/spec'
import { ownLog } from './adopt.ts'
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
  for (const value of journal.slice(adoptFolded(book, journal, env))) {
    const entry = readJournal(value)
    if (entry.type === 'entries') batch.push(entry)
    else if (entry.type === 'anchor') {
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
  keepNewest(book, journal, env)
  effects.push(...openBatch(book, env, config))
  for (const job of book.ledger.jobs.keys()) effects.push(...watch(book, job, env.nowMs))
  return effects
}

/**
 * What the copy of the log holds was written here, and folded there by the same rules: the
 * book goes on from a copy of that fold. Gives the place in the journal of what it lacks.
 */
function adoptFolded(book: Book, journal: readonly unknown[], { replica }: Env): number {
  const { head, ledger, peaks } = replica
  if (head === null) return 0
  const last = journal.findLastIndex((value) => ownLog.isAnchor(value, head))
  if (last < 0) return 0
  const { policies: _policies, ...folded } = ledger
  Object.assign(book.ledger, copyGraph(folded))
  book.peaks = peaks
  book.head = head
  return last + 1
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

/** The newest of each witness, which alone is proven; the search ends when each has one. */
function keepNewest(book: Book, journal: readonly unknown[], env: Env): void {
  const charter = charterNow(book.ledger)
  const members = charter.body.members.map(({ did }) => did)
  const missing = new Set(members.filter((did) => hasRole(charter, did, 'witness')))
  for (let at = journal.length - 1; at >= 0 && missing.size > 0; at--) {
    const entry = readJournal(journal[at])
    if (entry.type !== 'cosignature') continue
    const bytes = entry.cosignature
    const { note } = Cosignature.decode(bytes)
    const { witness } = openCosignature(note, { verify: () => true })
    if (book.cosigned.has(witness)) continue
    openCosignature(note, { verify: env.verify })
    book.cosigned.set(witness, cidOf('dag-cbor', bytes))
    missing.delete(witness)
  }
}
