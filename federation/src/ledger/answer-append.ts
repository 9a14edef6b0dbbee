/**
 * Answering "log this": what follows from a record is decided and sealed here, appended with it in
 * one durable write, and only then answered. A resend gets the same answer again.
 */
import {
  type AnyRecord,
  type Award,
  actCid,
  type CID,
  Decision,
  type Did,
  decideHold,
  type Effect,
  type Env,
  type Hold,
  Lease,
  LIMITS,
  type Linked,
  leaseOf,
  type Message,
  manifestOfHold,
  Refusal,
  seal,
  textOf,
  toWireError,
} from '@planetary-mesh/spec'
import { openBatch } from './anchoring.ts'
import {
  type Book,
  type Denial,
  entryTime,
  type LedgerConfig,
  remember,
  type Written,
  write,
} from './book.ts'
import { recordEntries } from './journal.ts'
import { settleOf, watch } from './settling.ts'

type Append = Extract<Message, { type: 'append' }>

export function answerAppend(
  book: Book,
  message: Append,
  from: Did,
  env: Env,
  config: LedgerConfig,
): Effect[] {
  const { opened, named } = message
  const asked = opened.at(-1)
  if (asked === undefined) return []
  const bytes = [...opened, ...named].reduce((sum, record) => sum + record.bytes.length, 0)
  if (bytes > LIMITS.appendBytesMax) {
    const detail = `${bytes} bytes of records, at most ${LIMITS.appendBytesMax}`
    return [refused(from, asked.cid, new Refusal('LIMIT_EXCEEDED', detail))]
  }
  const linked: Linked = (cid) => named.find((record) => record.cid.equals(cid))
  const atMs = entryTime(book, env)
  const written: Written[] = []
  const answer = (): Effect => {
    try {
      for (const record of opened.slice(0, -1)) {
        if (!isLogged(book, record)) written.push(write(book, record, atMs, linked))
      }
      const sealed = accept(book, asked, atMs, linked, env, written)
      const index = book.ledger.acts.get(textOf(actCid(sealed.at(-1) ?? asked))) ?? 0
      const records = sealed.map(({ bytes }) => bytes)
      return {
        do: 'send',
        to: from,
        message: { type: 'appended', request: asked.cid, records, index },
      }
    } catch (error) {
      if (error instanceof Denied) {
        const { refusal, decision } = error.denial
        return refused(from, asked.cid, refusal, [decision.bytes])
      }
      if (error instanceof Refusal) return refused(from, asked.cid, error)
      throw error
    }
  }
  const reply = answer()
  if (written.length === 0) return [reply]
  const jobs = new Set(written.map(({ record }) => jobOf(book, record)).filter((job) => job !== ''))
  return [
    recordEntries(written, atMs),
    reply,
    ...[...jobs].flatMap((job) => watch(book, job, atMs)),
    ...openBatch(book, env, config),
  ]
}

class Denied extends Error {
  readonly denial: Denial
  constructor(denial: Denial) {
    super(denial.refusal.message)
    this.denial = denial
  }
}

/** Appends the record with what follows from it; gives the records sealed for the asker. */
function accept(
  book: Book,
  record: AnyRecord,
  atMs: number,
  linked: Linked,
  env: Env,
  written: Written[],
): AnyRecord[] {
  if (record.kind === 'hold') return acceptHold(book, record, atMs, linked, env, written)
  if (record.kind === 'award') return acceptAward(book, record, atMs, linked, env, written)
  if (isLogged(book, record)) return []
  written.push(write(book, record, atMs, linked))
  const settle = settleOf(book, jobOf(book, record), atMs, env)
  if (settle === undefined) return []
  written.push(write(book, settle, atMs, linked))
  return [settle]
}

/** A denied hold is refused with the sealed decision; nothing of it is logged. */
function acceptHold(
  book: Book,
  hold: Hold,
  atMs: number,
  linked: Linked,
  env: Env,
  written: Written[],
): AnyRecord[] {
  const held = book.ledger.jobs.get(textOf(hold.body.manifest))
  if (held !== undefined && isLogged(book, hold)) return [held.decision.record]
  const act = textOf(actCid(hold))
  const before = book.denied.get(act)
  if (before !== undefined) throw new Denied(before)
  const manifest = manifestOfHold(book.ledger, hold, linked, atMs)
  const { body, authorisation } = decideHold(book.ledger, hold, manifest, atMs)
  const decision = seal(Decision, body, env.self)
  const denial = authorisation.rulings.find(({ effect }) => effect === 'deny')
  if (denial !== undefined) {
    const { asked, available, limit, numbers = { asked, available, limit } } = denial
    const code = denial.code ?? 'NOT_PERMITTED'
    const refusal = new Refusal(code, denial.detail, { values: numbers })
    remember(book, act, { refusal, decision })
    throw new Denied({ refusal, decision })
  }
  written.push(write(book, decision, atMs, linked), write(book, hold, atMs, linked))
  return [decision]
}

/** An award asks for its lease. */
function acceptAward(
  book: Book,
  award: Award,
  atMs: number,
  linked: Linked,
  env: Env,
  written: Written[],
): AnyRecord[] {
  const job = book.ledger.jobs.get(textOf(award.body.manifest))
  const before = job?.leases.find((lease) => lease.record.body.award.equals(award.cid))
  if (job !== undefined && before !== undefined) return [job.decision.record, before.record]
  const { body, job: leased } = leaseOf(book.ledger, award, atMs, linked)
  const lease = seal(Lease, body, env.self)
  const withAward: Linked = (cid) => (cid.equals(award.cid) ? award : linked(cid))
  written.push(write(book, lease, atMs, withAward))
  return [leased.decision.record, lease]
}

function isLogged(book: Book, record: AnyRecord): boolean {
  return book.ledger.acts.has(textOf(actCid(record)))
}

/** The job that a logged record belongs to, by its manifest's CID; empty if to none. */
function jobOf(book: Book, record: AnyRecord): string {
  const named =
    record.kind === 'verdict'
      ? record.body.receipt
      : record.kind === 'receipt' || record.kind === 'decline'
        ? record.body.lease
        : record.cid
  const job =
    record.kind === 'cancel'
      ? book.ledger.jobs.get(textOf(record.body.manifest))
      : book.ledger.jobOf.get(textOf(named))
  return job?.manifest.cid.toString() ?? ''
}

/** The answer to a request that cannot be done. */
function refused(
  to: Did,
  request: CID,
  refusal: Refusal,
  records: readonly Uint8Array[] = [],
): Effect {
  const error = toWireError(refusal)
  return { do: 'send', to, message: { type: 'refused', request, error, records: [...records] } }
}
