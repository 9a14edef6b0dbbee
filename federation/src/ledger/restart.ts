/** A writer that starts reads its own journal: the fold is made again, nothing is signed twice. */
import {
  Anchor,
  assert,
  Cosignature,
  cidOf,
  type Effect,
  type Env,
  equalBytes,
  type Linked,
  openCosignature,
} from '@planetary-mesh/spec'
import { anchorOpen, forgetFolded, openBatch } from './anchoring.ts'
import { type Book, entryTime, type LedgerConfig, write } from './book.ts'
import { readJournal, recordEntries } from './journal.ts'
import { watch } from './settling.ts'

export function restart(
  book: Book,
  journal: readonly unknown[],
  env: Env,
  config: LedgerConfig,
): Effect[] {
  for (const entry of journal) replay(book, entry, env)
  forgetFolded(book, env)
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

function replay(book: Book, value: unknown, env: Env): void {
  const entry = readJournal(value)
  if (entry.type === 'entries') {
    const names = entry.names.map((bytes) => env.open(bytes))
    const linked: Linked = (cid) => names.find((record) => record.cid.equals(cid))
    for (const { record, atMs } of entry.entries) write(book, env.open(record), atMs, linked)
    return
  }
  if (entry.type === 'cosignature') {
    const { note } = Cosignature.decode(entry.cosignature)
    book.cosigned.set(
      openCosignature(note, { verify: env.verify }).witness,
      cidOf('dag-cbor', entry.cosignature),
    )
    return
  }
  const anchor = Anchor.decode(entry.anchor)
  const made = anchorOpen(book, () => anchor.checkpoint)
  assert(
    equalBytes(made.anchor.bytes, entry.anchor),
    'the journal gives the very anchors that were signed',
  )
}
