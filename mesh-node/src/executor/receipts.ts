/** What a run came to: one receipt for its lease, or a decline; durable before it is heard. */
import {
  appendMessage,
  charterNow,
  type Effect,
  type Env,
  leaseByCid,
  type Message,
  Receipt,
  type RunEnd,
  seal,
} from '@planetary-mesh/spec'
import { decline } from './declining.ts'
import { type ExecutorJournal, progress } from './leases.ts'
import type { ExecutorState } from './state.ts'

export function runEnded(state: ExecutorState, key: string, end: RunEnd, env: Env): Effect[] {
  const run = state.runs.get(key)
  if (run === undefined) return []
  state.runs.delete(key)
  const { job, lease } = leaseByCid(env.replica.ledger, run.lease)
  const manifest = job.manifest.cid
  switch (end.type) {
    case 'done': {
      const body = {
        lease: run.lease,
        manifest,
        decision: lease.record.body.decision,
        result: end.result,
        measured: end.measured,
      }
      const receipt = seal(Receipt, body, env.self)
      state.receipts.set(key, receipt)
      return [
        { do: 'record', entry: { receipt: receipt.bytes } satisfies ExecutorJournal },
        ...send(receipt, env),
        ...progress(state, run.job, manifest, 'completed'),
      ]
    }
    case 'refused': {
      const missing = end.error.code.startsWith('BLOCK_') || end.error.code.startsWith('FILE_')
      const { code, detail } = end.error
      const reason = code === 'OVERLOADED' ? 'no-capacity' : missing ? 'module-missing' : 'refused'
      return [
        ...decline(state, run.lease, reason, env),
        ...progress(state, run.job, manifest, 'failed', `${code}: ${detail}`),
      ]
    }
    case 'fault':
      return [
        ...decline(state, run.lease, 'host-fault', env),
        ...progress(state, run.job, manifest, 'failed', `${end.reason}: ${end.detail}`),
      ]
  }
}

/** A message may be lost: a sealed receipt is sent until the log holds it or the job is over. */
export function resendReceipts(state: ExecutorState, env: Env): Effect[] {
  return [...state.receipts].flatMap(([key, receipt]) => {
    const job = env.replica.ledger.jobOf.get(key)
    if (job !== undefined && job.settle !== undefined) {
      state.receipts.delete(key)
      return []
    }
    return send(receipt, env)
  })
}

/** What the writer refuses it would refuse again, unless it had no room: it is sent no more. */
export function receiptRefused(
  state: ExecutorState,
  { request, error }: Extract<Message, { type: 'refused' }>,
): void {
  if (error.code === 'OVERLOADED') return
  for (const [key, receipt] of state.receipts) {
    if (receipt.cid.equals(request)) state.receipts.delete(key)
  }
}

function send(receipt: Receipt, env: Env): Effect[] {
  const { writer } = charterNow(env.replica.ledger).body
  return [{ do: 'send', to: writer, message: appendMessage([receipt]) }]
}
