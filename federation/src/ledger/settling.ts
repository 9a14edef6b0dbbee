/** Money moves when it is due: after each entry of a job, and when a term or a hold runs out. */
import {
  dueSettle,
  type Effect,
  type Env,
  isLive,
  type Job,
  lastLease,
  Settle,
  seal,
} from '@planetary-mesh/spec'
import { openBatch } from './anchoring.ts'
import { type Book, entryTime, type LedgerConfig, write } from './book.ts'
import { recordEntries } from './journal.ts'

const NOTHING_LINKED = () => undefined

/** The settle that is due for a job right now, sealed by the writer. */
export function settleOf(book: Book, job: string, atMs: number, env: Env): Settle | undefined {
  const found = book.ledger.jobs.get(job)
  const due = found === undefined ? undefined : dueSettle(book.ledger, found, atMs)
  return due === undefined ? undefined : seal(Settle, due, env.self)
}

/** The timer of a job fired: settle it if its time is over, else wait for the next time. */
export function settleDue(book: Book, job: string, env: Env, config: LedgerConfig): Effect[] {
  const atMs = entryTime(book, env)
  const settle = settleOf(book, job, atMs, env)
  if (settle === undefined) return watch(book, job, atMs)
  const written = write(book, settle, atMs, NOTHING_LINKED)
  return [recordEntries([written], atMs), ...openBatch(book, env, config)]
}

/** A timer for the next moment after `nowMs` at which time alone may settle the job. */
export function watch(book: Book, key: string, nowMs: number): Effect[] {
  const job = book.ledger.jobs.get(key)
  const endsMs = job === undefined ? undefined : nextMoment(job, nowMs)
  return endsMs === undefined ? [] : [{ do: 'timer', name: key, atMs: endsMs + 1 }]
}

function nextMoment(job: Job, atMs: number): number | undefined {
  if (job.settle !== undefined) return undefined
  const holdEndsMs = job.hold.record.body.untilMs
  const lease = lastLease(job)
  if (lease === undefined || !isLive(job, lease, atMs)) return holdEndsMs
  return lease.receipts.length > 0 ? undefined : lease.record.body.untilMs
}
