/**
 * Any home can go on with any job of the log: what it needs is there. A person asks for it by
 * asking for bids elsewhere; a job whose rule chooses is taken up when it has stood still.
 * Two homes that carry one job do no harm: the lease is the only fence. Source: decisions 6, 7.
 */
import {
  type AnyRecord,
  type Effect,
  type Env,
  isLive,
  type Job,
  LIMITS,
  type Logged,
  lastLease,
  textOf,
} from '@planetary-mesh/spec'
import { announce } from './bidding.ts'
import { recordJob } from './journal.ts'
import type { HomeConfig, HomeJob, HomeState } from './state.ts'

type Adopted = { job: HomeJob; effects: Effect[] }

/** Takes up a job that the log has and that is not over; undefined if there is none. */
export function adopt(
  state: HomeState,
  key: string,
  env: Env,
  config: HomeConfig,
): Adopted | undefined {
  const logged = env.replica.ledger.jobs.get(key)
  if (logged === undefined || logged.settle !== undefined) return undefined
  if (state.submits.size + state.jobs.size >= LIMITS.jobsHeldMax) return undefined
  const job: HomeJob = {
    manifest: logged.manifest,
    hold: logged.hold.record,
    decision: logged.decision.record,
    bids: new Map(),
    passes: new Map(),
    earlier: new Map(),
    closed: false,
    award: undefined,
    phase: null,
    phaseDetail: null,
  }
  state.jobs.set(key, job)
  return { job, effects: [recordJob(job), ...announce(job, env, config)] }
}

/** Looks again, after a while, at jobs that a rule would award and that others carry. */
export function watchOthers(
  state: HomeState,
  entries: readonly Logged<AnyRecord>[],
  env: Env,
  config: HomeConfig,
): Effect[] {
  const { jobOf } = env.replica.ledger
  return entries.flatMap(({ record }) => {
    const job = record.kind === 'hold' ? jobOf.get(textOf(record.cid)) : undefined
    return job === undefined ? [] : watchOther(state, job, env, config)
  })
}

/** The same for every job of the log, when a home starts. */
export function watchAll(state: HomeState, env: Env, config: HomeConfig): Effect[] {
  const jobs = [...env.replica.ledger.jobs.values()]
  return jobs.flatMap((job) => watchOther(state, job, env, config))
}

function watchOther(state: HomeState, job: Job, env: Env, config: HomeConfig): Effect[] {
  const key = textOf(job.manifest.cid)
  const isOpen = job.manifest.body.chooser === 'home' && job.settle === undefined
  if (config.adoptMs === undefined || !isOpen || state.jobs.has(key)) return []
  return lookAgain(key, env.nowMs, config)
}

/** The timer of `watchOthers`: takes the job up if nothing runs it, else looks again later. */
export function adoptStuck(state: HomeState, key: string, env: Env, config: HomeConfig): Effect[] {
  const job = env.replica.ledger.jobs.get(key)
  if (job === undefined || job.settle !== undefined || state.jobs.has(key)) return []
  const lease = lastLease(job)
  if (lease !== undefined && isLive(job, lease, env.nowMs)) {
    return lookAgain(key, Math.max(env.nowMs, lease.record.body.untilMs), config)
  }
  return adopt(state, key, env, config)?.effects ?? []
}

function lookAgain(key: string, fromMs: number, { adoptMs = 0 }: HomeConfig): Effect[] {
  return [{ do: 'timer', name: `adopt:${key}`, atMs: fromMs + adoptMs }]
}
