/**
 * A log has no end, a process does. A job is closed once it is settled, its hold's time is over and
 * enough entries have followed: nothing that names it is accepted any more, whether a replica still
 * remembers it or not, so replicas that forget and readers that keep everything stay equal.
 */
import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { AnyRecord } from '../../records/any-record.ts'
import { textOf } from '../../records/cid.ts'
import { actCid } from '../../records/record.ts'
import { forgetOutcomes } from '../reputation.ts'
import { lastLease } from './lease-state.ts'
import type { Job, LedgerState } from './state.ts'

/** Looked at in one go; the others have their turn next time. */
const LOOKS = 64

/** Refuses with JOB_ENDED. */
export function ensureNotClosed(ledger: LedgerState, job: Job): void {
  admit(!isClosed(ledger, job), 'JOB_ENDED', 'it was settled long ago')
}

function isClosed(ledger: LedgerState, { settle, hold }: Job): boolean {
  if (settle === undefined) return false
  const followed = ledger.size - settle.index
  return followed > LIMITS.entriesAfterSettle && ledger.lastAtMs >= hold.record.body.untilMs
}

/**
 * Drops some of the closed jobs and gives the records that went with them. Their sums stay: what
 * was spent, earned, counted towards a quota or a reputation. With them goes how a reputation grew
 * up to a place that no award for a job still remembered can name.
 */
export function forgetClosed(ledger: LedgerState): AnyRecord[] {
  const gone: AnyRecord[] = []
  let looks = LOOKS
  for (const [key, job] of ledger.ended) {
    if (looks === 0) break
    looks -= 1
    ledger.ended.delete(key)
    if (isClosed(ledger, job)) gone.push(...drop(ledger, key, job))
    else ledger.ended.set(key, job)
  }
  return gone
}

function drop(ledger: LedgerState, key: string, job: Job): AnyRecord[] {
  const records = recordsOf(job)
  ledger.jobs.delete(key)
  const executor = lastLease(job)?.record.body.executor
  if (executor !== undefined) {
    const { scope } = job.manifest.body
    forgetOutcomes(ledger.past, { scope, executor }, horizonOf(ledger))
  }
  for (const record of records) {
    ledger.jobOf.delete(textOf(record.cid))
    ledger.acts.delete(textOf(actCid(record)))
  }
  return records
}

/** No award that is still judged has folded less; jobs stand in the order of their holds. */
function horizonOf({ jobs, size }: LedgerState): number {
  const [oldest] = jobs.values()
  return (oldest?.hold.index ?? size) - LIMITS.awardLagMax
}

/** What the log holds of a job, but for what stands beside it: manifest, awards, bids. */
export function recordsOf(job: Job): AnyRecord[] {
  const runs = job.leases.flatMap(({ record, decline, receipts }) => [
    record,
    ...(decline === undefined ? [] : [decline.record]),
    ...receipts.flatMap((receipt) => [
      receipt.record,
      ...receipt.verdicts.map((verdict) => verdict.record),
    ]),
  ])
  const ends = [job.cancel, job.settle].flatMap((logged) => (logged ? [logged.record] : []))
  return [job.decision.record, job.hold.record, ...runs, ...ends]
}
