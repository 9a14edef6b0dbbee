/** Witnesses' cosignatures are kept beside the anchor they are for; the writer waits for none. */
import {
  Anchor,
  anchorAt,
  attempt,
  type CID,
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
  textOf,
} from '@planetary-mesh/spec'
import type { Book } from './book.ts'
import { recordCosignature } from './journal.ts'

type Cosigned = Extract<Message, { type: 'cosigned' }>

export function cosigned(book: Book, message: Cosigned, from: Did, env: Env): Effect[] {
  const { anchor, note } = message
  const signed = anchorOf(book, anchor, env)
  if (signed === undefined || !hasRole(charterNow(book.ledger), from, 'witness')) return []
  const opened = attempt(() => openCosignature(note, { verify: env.verify }))
  if (opened instanceof Refusal || opened.witness !== from) return []
  if (opened.size !== signed.size || !equalBytes(opened.root, signed.root)) return []
  const block = Cosignature.encode({ anchor, note })
  book.cosigned.set(from, block.cid)
  return [recordCosignature(block)]
}

/** An anchor of this log, folded by this process or about to be. */
function anchorOf(book: Book, cid: CID, env: Env): { size: number; root: Uint8Array } | undefined {
  const batch = book.batches.find(({ anchor }) => anchor.cid.equals(cid))
  if (batch !== undefined) return Anchor.decode(batch.anchor.bytes)
  const place = env.replica.placeOf.get(textOf(cid))
  return place === undefined ? undefined : anchorAt(env.replica, place)
}
