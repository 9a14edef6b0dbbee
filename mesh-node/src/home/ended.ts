/**
 * Why nobody took a job, for whoever asks when it is over: the log knows only that it ended. A
 * convenience: of so many jobs, and until the process ends.
 */
import { type Job, LIMITS, textOf } from '@planetary-mesh/spec'
import type { HomeJob, HomeState } from './state.ts'

/**
 * Before a new round: what each node said in this one. Towards the end of a job time is short for
 * everybody, which is no news of a node that had another reason before.
 */
export function keepPasses({ passes, earlier }: HomeJob): void {
  for (const [did, pass] of passes) {
    if (pass.error.code !== 'DEADLINE_UNREACHABLE' || !earlier.has(did)) earlier.set(did, pass)
  }
}

/** The job is over and not carried any more. Of one that was leased the log says enough. */
export function endJob(state: HomeState, job: HomeJob, { leases }: Job): void {
  const key = textOf(job.manifest.cid)
  state.jobs.delete(key)
  if (leases.length > 0) return
  keepPasses(job)
  const bids = [...job.bids.values()]
  const passes = [...job.earlier.values()].slice(0, LIMITS.bidsMax)
  state.ended.set(key, { bids, passes })
  const oldest = state.ended.keys().next().value
  if (state.ended.size > LIMITS.endedRememberedMax && oldest !== undefined) {
    state.ended.delete(oldest)
  }
}
