/** The log tells the home how its jobs go on: leased, ended without a receipt, settled. */
import {
  type AnyRecord,
  type Effect,
  type Env,
  isLive,
  type Logged,
  lastLease,
  textOf,
} from '@planetary-mesh/spec'
import { watchAll, watchOthers } from './adopting.ts'
import { bringAward, rebid } from './awarding.ts'
import { announce } from './bidding.ts'
import { endJob } from './ended.ts'
import { readJournal } from './journal.ts'
import type { HomeConfig, HomeJob, HomeState } from './state.ts'

export function restart(
  state: HomeState,
  journal: readonly unknown[],
  env: Env,
  config: HomeConfig,
): Effect[] {
  readJournal(state, journal, env)
  for (const [key, { hold }] of state.jobs) {
    // nothing can come of it any more, and the log may have forgotten it
    if (hold.body.untilMs < env.nowMs) state.jobs.delete(key)
  }
  const goneOn = [...state.jobs.values()].flatMap(
    (job) => bringAward(job, env, config) ?? goOn(state, job, env, config),
  )
  return [...goneOn, ...watchAll(state, env, config)]
}

export function followLog(
  state: HomeState,
  entries: readonly Logged<AnyRecord>[],
  env: Env,
  config: HomeConfig,
): Effect[] {
  const touched = new Set<string>()
  for (const { record } of entries) {
    if (record.kind !== 'lease' && record.kind !== 'decline' && record.kind !== 'settle') continue
    const named = record.kind === 'decline' ? record.body.lease : record.body.hold
    const job = env.replica.ledger.jobOf.get(textOf(named))
    if (job !== undefined) touched.add(textOf(job.manifest.cid))
  }
  const goneOn = [...touched].flatMap((key) => {
    const job = state.jobs.get(key)
    return job === undefined ? [] : goOn(state, job, env, config)
  })
  return [...goneOn, ...watchOthers(state, entries, env, config)]
}

/** What a job needs next, by its place in the log. */
export function goOn(state: HomeState, job: HomeJob, env: Env, config: HomeConfig): Effect[] {
  const key = textOf(job.manifest.cid)
  const logged = env.replica.ledger.jobs.get(key)
  // not anchored yet, or this replica is behind: look again later
  if (logged === undefined) return [rebid(job, env, config)]
  if (logged.settle !== undefined) {
    endJob(state, job, logged)
    return []
  }
  const lease = lastLease(logged)
  if (lease === undefined || !isLive(logged, lease, env.nowMs)) return announce(job, env, config)
  job.award = undefined
  job.closed = true
  if (lease.receipts.length > 0) return []
  // nobody says that a term ran out: look when it has
  return [{ do: 'timer', name: `rebid:${key}`, atMs: lease.record.body.untilMs + 1 }]
}
