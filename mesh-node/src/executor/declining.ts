/** A lease given up without a receipt: the job goes on elsewhere before its term is over. */
import {
  appendMessage,
  type CID,
  charterNow,
  Decline,
  type Effect,
  type Env,
  isLive,
  type Message,
  seal,
  textOf,
} from '@planetary-mesh/spec'
import type { ExecutorJournal } from './leases.ts'
import type { ExecutorState } from './state.ts'

type Reason = Decline['body']['reason']

/** Ends a lease without a receipt: durable first, so that it is never started again. */
export function decline(state: ExecutorState, lease: CID, reason: Reason, env: Env): Effect[] {
  const entry: ExecutorJournal = { declined: lease }
  return [{ do: 'record', entry }, ...sayDeclined(state, lease, reason, env)]
}

/** After a restart: what was written down may never have been said. */
export function declineAgain(state: ExecutorState, lease: CID, env: Env): Effect[] {
  return isHeld(lease, env) ? sayDeclined(state, lease, 'restart', env) : []
}

/** A message may be lost: it is sent until the log has it or the lease is over without it. */
export function resendDeclines(state: ExecutorState, env: Env): Effect[] {
  return [...state.declines].flatMap(([key, record]) => {
    if (isHeld(record.body.lease, env)) return send(record, env)
    state.declines.delete(key)
    return []
  })
}

/** What the writer refuses it would refuse again, unless it had no room. */
export function declineRefused(
  state: ExecutorState,
  { request, error }: Extract<Message, { type: 'refused' }>,
): void {
  if (error.code === 'OVERLOADED') return
  for (const [key, record] of state.declines) {
    if (record.cid.equals(request)) state.declines.delete(key)
  }
}

function sayDeclined(state: ExecutorState, lease: CID, reason: Reason, env: Env): Effect[] {
  const key = textOf(lease)
  state.runs.delete(key)
  const record = seal(Decline, { lease, reason }, env.self)
  state.declines.set(key, record)
  return send(record, env)
}

/** Whether the log still says that the lease is live. */
function isHeld(cid: CID, env: Env): boolean {
  const job = env.replica.ledger.jobOf.get(textOf(cid))
  const lease = job?.leases.find(({ record }) => record.cid.equals(cid))
  return job !== undefined && lease !== undefined && isLive(job, lease, env.nowMs)
}

function send(record: Decline, env: Env): Effect[] {
  const { writer } = charterNow(env.replica.ledger).body
  return [{ do: 'send', to: writer, message: appendMessage([record]) }]
}
