/** From a lease in the log to a run: each lease starts once, ever, and only while it is live. */
import {
  type AnyRecord,
  Bytes,
  charterAt,
  type Effect,
  type Env,
  fitText,
  isLive,
  type Job,
  type Lease,
  type LeaseState,
  type LedgerState,
  Link,
  type Logged,
  openAny,
  PRIORITIES,
  parse,
  replayDecision,
  textOf,
  tokenChain,
} from '@planetary-mesh/spec'
import { z } from 'zod'
import { forget } from './bidding.ts'
import { decline, declineAgain } from './declining.ts'
import type { ExecutorConfig, ExecutorState, Run } from './state.ts'

/** Kept back from a lease's term, for the way of the receipt to the log. */
const TERM_MARGIN_MS = 250

const JournalEntry = z.union([
  z.strictObject({ started: Link }),
  z.strictObject({ receipt: Bytes }),
  z.strictObject({ declined: Link }),
])

export type ExecutorJournal = z.infer<typeof JournalEntry>

/** Whether the log knows that the job of the lease is settled, or has forgotten it since. */
export function isOver(value: unknown, ledger: LedgerState): boolean {
  const entry = parse(JournalEntry, value, 'executor journal')
  const lease =
    'started' in entry ? entry.started : 'declined' in entry ? entry.declined : leaseIn(entry)
  if (lease === undefined) return false
  const job = ledger.jobOf.get(textOf(lease))
  return job === undefined || job.settle !== undefined
}

function leaseIn({ receipt }: { receipt: Uint8Array }): Lease['cid'] | undefined {
  const record = openAny(receipt, { verify: () => true })
  return record.kind === 'receipt' ? record.body.lease : undefined
}

/** After a crash: decline what was running, say again what was written down. */
export function restart(state: ExecutorState, journal: readonly unknown[], env: Env): Effect[] {
  const unfinished = new Map<string, Lease['cid']>()
  const declined = new Map<string, Lease['cid']>()
  for (const value of journal) {
    const entry = parse(JournalEntry, value, 'executor journal')
    if ('started' in entry) {
      state.started.add(textOf(entry.started))
      unfinished.set(textOf(entry.started), entry.started)
    } else if ('declined' in entry) {
      unfinished.delete(textOf(entry.declined))
      declined.set(textOf(entry.declined), entry.declined)
    } else {
      const receipt = env.open(entry.receipt)
      if (receipt.kind !== 'receipt') continue
      unfinished.delete(textOf(receipt.body.lease))
      state.receipts.set(textOf(receipt.body.lease), receipt)
    }
  }
  return [
    ...[...unfinished.values()].flatMap((lease) => decline(state, lease, 'restart', env)),
    ...[...declined.values()].flatMap((lease) => declineAgain(state, lease, env)),
  ]
}

export function followLog(
  state: ExecutorState,
  entries: readonly Logged<AnyRecord>[],
  env: Env,
): Effect[] {
  return entries.flatMap(({ record }) => {
    switch (record.kind) {
      case 'lease':
        return leased(state, record, env)
      case 'cancel':
        return cancelled(state, textOf(record.body.manifest))
      case 'receipt':
        if (record.author === env.self.did) state.receipts.delete(textOf(record.body.lease))
        return []
      case 'settle': {
        const job = env.replica.ledger.jobOf.get(textOf(record.body.hold))
        if (job === undefined) return []
        forget(state, textOf(job.manifest.cid))
        for (const { record } of job.leases) state.started.delete(textOf(record.cid))
        return []
      }
      default:
        return []
    }
  })
}

function leased(state: ExecutorState, lease: Lease, env: Env): Effect[] {
  state.claims.delete(textOf(lease.body.award))
  const key = textOf(lease.cid)
  if (lease.body.executor !== env.self.did || state.started.has(key)) return []
  const found = liveLease(lease, env)
  if (found === undefined) return []
  const { job } = found
  state.runs.set(key, {
    lease: lease.cid,
    job: textOf(job.manifest.cid),
    priority: PRIORITIES.indexOf(job.manifest.body.priority),
    phase: 'queued',
    startedAtMs: 0,
  })
  const { cid } = job.manifest
  return progress(state, textOf(cid), cid, 'assigned')
}

/** Starts queued runs while there are slots: by priority, then by arrival. */
export function startQueued(state: ExecutorState, env: Env, config: ExecutorConfig): Effect[] {
  const effects: Effect[] = []
  const queued = [...state.runs.values()]
    .filter(({ phase }) => phase === 'queued')
    .sort((a, b) => a.priority - b.priority)
  for (const run of queued) {
    const running = [...state.runs.values()].filter(({ phase }) => phase === 'running').length
    if (running >= config.slots) break
    effects.push(...start(state, run, env))
  }
  return effects
}

function start(state: ExecutorState, run: Run, env: Env): Effect[] {
  const key = textOf(run.lease)
  const job = env.replica.ledger.jobs.get(run.job)
  const lease = job?.leases.find(({ record }) => record.cid.equals(run.lease))
  if (job === undefined || lease === undefined || liveLease(lease.record, env) === undefined) {
    state.runs.delete(key)
    return []
  }
  state.started.add(key)
  if (!decisionHolds(job, env)) return decline(state, run.lease, 'refused', env)
  run.phase = 'running'
  run.startedAtMs = env.nowMs
  const { manifest } = job
  const wallMs = Math.max(1, lease.record.body.untilMs - env.nowMs - TERM_MARGIN_MS)
  const effects: Effect[] = [
    { do: 'record', entry: { started: run.lease } satisfies ExecutorJournal },
    ...progress(state, run.job, manifest.cid, 'running'),
    { do: 'run', run: key, manifest, wallMs },
  ]
  return job.cancel === undefined ? effects : [...effects, { do: 'cancel', run: key }]
}

/** The decision that let the job in, decided again before it costs anything (S1-3). */
function decisionHolds(job: Job, env: Env): boolean {
  const { ledger } = env.replica
  const charter = charterAt(ledger, job.hold.index)
  return replayDecision(job.decision.record, charter, tokenChain(job.token), ledger.policies)
}

function cancelled(state: ExecutorState, job: string): Effect[] {
  return [...state.runs.values()]
    .filter((run) => run.job === job && run.phase === 'running')
    .map((run) => ({ do: 'cancel', run: textOf(run.lease) }))
}

function liveLease(lease: Lease, env: Env): { job: Job; lease: LeaseState } | undefined {
  const job = env.replica.ledger.jobOf.get(textOf(lease.cid))
  const state = job?.leases.find(({ record }) => record.cid.equals(lease.cid))
  if (job === undefined || state === undefined) return undefined
  return isLive(job, state, env.nowMs) && state.receipts.length === 0
    ? { job, lease: state }
    : undefined
}

/** For people: it changes nothing. */
export function progress(
  state: ExecutorState,
  job: string,
  manifest: Lease['cid'],
  phase: 'assigned' | 'running' | 'completed' | 'failed',
  detail = '',
): Effect[] {
  const home = state.homes.get(job)
  if (home === undefined) return []
  const said = fitText(detail, 512)
  const message = { type: 'progress', manifest, phase, detail: said } as const
  return [{ do: 'send', to: home, message }]
}
