/**
 * Why nobody took a job, and what the node that took it said last, for whoever asks when it is
 * over: the log knows only how it ended. A convenience: of so many jobs, until the process ends.
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

/** The job is over and not carried any more. Of one that was leased the log has the bids. */
export function endJob(state: HomeState, job: HomeJob, { leases, settle }: Job): void {
  const key = textOf(job.manifest.cid)
  state.jobs.delete(key)
  const hasFailed = settle?.record.body.reason === 'failed'
  if (hasFailed && job.phaseDetail !== null) remember(state.lastWords, key, job.phaseDetail)
  if (leases.length > 0) return
  keepPasses(job)
  const bids = [...job.bids.values()]
  const passes = [...job.earlier.values()].slice(0, LIMITS.bidsMax)
  remember(state.ended, key, { bids, passes })
}

function remember<V>(what: Map<string, V>, key: string, value: V): void {
  what.set(key, value)
  const [oldest] = what.keys()
  if (oldest !== undefined && what.size > LIMITS.endedRememberedMax) what.delete(oldest)
}
