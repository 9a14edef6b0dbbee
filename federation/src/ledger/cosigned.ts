/** Witnesses' cosignatures are kept beside the anchor they are for; the writer waits for none. */
import {
  Anchor,
  attempt,
  Cosignature,
  charterNow,
  type Did,
  type Effect,
  type Env,
  equalBytes,
  hasRole,
  type Message,
  openCosignature,
  Refusal,
} from '@planetary-mesh/spec'
import type { Book } from './book.ts'
import { recordCosignature } from './journal.ts'

type Cosigned = Extract<Message, { type: 'cosigned' }>

export function cosigned(book: Book, message: Cosigned, from: Did, env: Env): Effect[] {
  const { anchor, note } = message
  const batch = book.batches.find((known) => known.anchor.cid.equals(anchor))
  if (batch === undefined || !hasRole(charterNow(book.ledger), from, 'witness')) return []
  const opened = attempt(() => openCosignature(note, { verify: env.verify }))
  if (opened instanceof Refusal || opened.witness !== from) return []
  const { size, root } = Anchor.decode(batch.anchor.bytes)
  if (opened.size !== size || !equalBytes(opened.root, root)) return []
  return [recordCosignature(Cosignature.encode({ anchor, note }))]
}
