/** Announce, collect bids and refusals to bid, and close the window: early if all have answered. */
import {
  type AnyRecord,
  charterNow,
  type Did,
  type Effect,
  type Env,
  hasRole,
  LIMITS,
  type Message,
  recordsMessage,
  textOf,
} from '@planetary-mesh/spec'
import { award, rebid } from './awarding.ts'
import { keepPasses } from './ended.ts'
import type { HomeConfig, HomeJob, HomeState } from './state.ts'

/** A new round: earlier bids and answers count no more. */
export function announce(job: HomeJob, env: Env, config: HomeConfig): Effect[] {
  job.bids.clear()
  keepPasses(job)
  job.passes.clear()
  job.closed = false
  job.award = undefined
  const key = job.manifest.cid
  const message = recordsMessage('announce', [job.manifest, job.hold, job.decision])
  return [
    { do: 'broadcast', message },
    { do: 'timer', name: `window:${key}`, atMs: env.nowMs + config.bidWindowMs },
  ]
}

export function heardOffer(
  state: HomeState,
  records: readonly AnyRecord[],
  from: Did,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const [bid] = records
  if (bid?.kind !== 'bid' || bid.author !== from) return []
  const job = state.jobs.get(textOf(bid.body.manifest))
  if (job === undefined || !isOpen(job, from, env)) return []
  job.bids.set(from, bid)
  job.passes.delete(from)
  job.earlier.delete(from)
  return allAnswered(job, env) ? closeWindow(state, job, env, config) : []
}

export function heardPass(
  state: HomeState,
  message: Extract<Message, { type: 'pass' }>,
  from: Did,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const job = state.jobs.get(textOf(message.manifest))
  if (job === undefined || !hasRole(charterNow(env.replica.ledger), from, 'executor')) return []
  const chosen = job.bids.get(from)?.cid
  if (job.award !== undefined && chosen?.equals(job.award.body.winner) !== true) return []
  job.bids.delete(from)
  job.passes.set(from, { node: from, error: message.error })
  // the winner itself says no: choose among the others
  if (job.award !== undefined) return award(job, env, config)
  return allAnswered(job, env) ? closeWindow(state, job, env, config) : []
}

/** With a rule the home chooses now; otherwise the bids wait for the submitter. */
export function closeWindow(
  state: HomeState,
  job: HomeJob,
  env: Env,
  config: HomeConfig,
): Effect[] {
  if (job.closed || !state.jobs.has(textOf(job.manifest.cid))) return []
  job.closed = true
  if (job.manifest.body.chooser === 'home') return award(job, env, config)
  return [job.bids.size === 0 ? rebid(job, env, config) : whenBidsEnd(job)]
}

/** The submitter may take her time: once no bid holds any more, there is a new round. */
function whenBidsEnd({ manifest, bids }: HomeJob): Effect {
  const ends = [...bids.values()].map(({ body }) => body.validUntilMs)
  return { do: 'timer', name: `rebid:${manifest.cid}`, atMs: Math.max(...ends) + 1 }
}

function isOpen(job: HomeJob, from: Did, env: Env): boolean {
  const known = job.bids.has(from) || job.bids.size < LIMITS.bidsMax
  return (
    known && job.award === undefined && hasRole(charterNow(env.replica.ledger), from, 'executor')
  )
}

/** Every executor of the charter has bid or said why not. */
function allAnswered(job: HomeJob, env: Env): boolean {
  const executors = charterNow(env.replica.ledger).body.members.filter(({ roles }) =>
    roles.includes('executor'),
  )
  return executors.every(({ did }) => job.bids.has(did) || job.passes.has(did))
}
