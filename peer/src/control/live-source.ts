/**
 * Where a job is heard of: here, if this process runs it, else at the member that holds its lease.
 * A verifier runs it too; but what people watch is the executor's run.
 */
import { type CID, type Did, isDid, LIMITS, Refusal } from '@planetary-mesh/spec'
import {
  type LiveEvent,
  type LiveJobs,
  liveEvents,
  type Place,
  type Reading,
} from '../live-jobs.ts'
import type { Asking } from './asking.ts'
import type { JobViews } from './job-views.ts'

export type LiveNetwork = {
  /** Refuses PEER_AWAY, and as the other side does. */
  askLive(
    member: Did,
    question: { job: CID; place: Place; signal: AbortSignal },
  ): Promise<Reading | undefined>
}

/** Before its receipt a job may run, or be run again. */
const MAY_RUN = ['submitted', 'bidding', 'leased']

/**
 * What a job says, once it is leased, until that run is over. Ends too where the job will not run
 * any more. Refuses JOB_UNKNOWN; REQUEST_UNKNOWN where the executor cannot be asked from here.
 */
export async function* followLive(
  job: CID,
  given: {
    self: Did
    live: LiveJobs | undefined
    network: Partial<LiveNetwork>
    views: Pick<JobViews, 'view'>
    asking: Pick<Asking, 'onChange'>
    signal: AbortSignal
  },
): AsyncGenerator<LiveEvent> {
  const { self, live, network, signal } = given
  if (live?.isRunning(job))
    return yield* liveEvents((place) => live.read(job, place, signal), signal)
  const executor = await executorOf(job, given)
  if (executor === undefined) return
  if (executor === self && live !== undefined) {
    return yield* liveEvents((place) => live.read(job, place, signal), signal)
  }
  const { askLive } = network
  if (askLive === undefined) {
    throw new Refusal('REQUEST_UNKNOWN', 'what it says is known at its executor only')
  }
  yield* liveEvents((place) => askLive(executor, { job, place, signal }), signal)
}

/** Waits for the lease; undefined where there will be none, or `signal` aborts. */
async function executorOf(
  job: CID,
  { views, asking, signal }: Parameters<typeof followLive>[1],
): Promise<Did | undefined> {
  let changed = Promise.withResolvers<void>()
  const tell = () => changed.resolve()
  const end = asking.onChange(tell)
  signal.addEventListener('abort', tell)
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers()
      const { status } = await views.view(job)
      if (status.state === 'leased' && isDid(status.executor)) return status.executor
      if (!MAY_RUN.includes(status.state)) return undefined
      // time alone can end a job too
      const timer = setTimeout(tell, LIMITS.heartbeatMs)
      await changed.promise
      clearTimeout(timer)
    }
    return undefined
  } finally {
    end()
    signal.removeEventListener('abort', tell)
  }
}
