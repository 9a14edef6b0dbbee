/** From a submit to a job: nobody is told or answered before the hold is durable. */
import {
  appendMessage,
  charterNow,
  type Effect,
  type Env,
  LIMITS,
  type Message,
  Refusal,
  textOf,
  toWireError,
} from '@planetary-mesh/spec'
import { announce } from './bidding.ts'
import { recordJob } from './journal.ts'
import type { HomeConfig, HomeJob, HomeState, Submit } from './state.ts'

export function submit(
  state: HomeState,
  wanted: Omit<Submit, 'calls' | 'tries'>,
  call: number,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const key = textOf(wanted.hold.cid)
  const known = state.jobs.get(textOf(wanted.manifest.cid))
  if (known?.hold.cid.equals(wanted.hold.cid)) return [submitted(call, known)]
  const before = state.submits.get(key)
  if (before !== undefined) {
    before.calls.push(call)
    return []
  }
  if (state.submits.size + state.jobs.size >= LIMITS.jobsHeldMax) {
    const error = toWireError(new Refusal('OVERLOADED', `${state.jobs.size} jobs are carried here`))
    return [{ do: 'answer', call, answer: { type: 'refused', error } }]
  }
  const entry = { ...wanted, calls: [call], tries: 0 }
  state.submits.set(key, entry)
  return ask(entry, env, config)
}

export function resendSubmit(
  state: HomeState,
  key: string,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const entry = state.submits.get(key)
  if (entry === undefined) return []
  if (entry.tries < config.submitTries) return ask(entry, env, config)
  state.submits.delete(key)
  const { writer } = charterNow(env.replica.ledger).body
  const detail = `the log writer ${writer} gave no answer to ${entry.tries} requests`
  return answerAll(entry, new Refusal('LEDGER_AWAY', detail))
}

/** The ledger holds the units: now the job is real, durable here, and heard by everybody. */
export function appended(
  state: HomeState,
  message: Extract<Message, { type: 'appended' }>,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const key = textOf(message.request)
  const entry = state.submits.get(key)
  const [decision] = message.opened
  if (entry === undefined || decision?.kind !== 'decision') return []
  const { hold: decided, effect } = decision.body
  if (effect !== 'allow' || !decided.equals(entry.hold.cid)) return []
  state.submits.delete(key)
  const { manifest, hold } = entry
  const job: HomeJob = {
    manifest,
    hold,
    decision,
    bids: new Map(),
    passes: new Map(),
    earlier: new Map(),
    closed: false,
    award: undefined,
    phase: null,
    phaseDetail: null,
  }
  state.jobs.set(textOf(manifest.cid), job)
  return [
    recordJob(job),
    ...entry.calls.map((call) => submitted(call, job)),
    ...announce(job, env, config),
  ]
}

export function refused(
  state: HomeState,
  message: Extract<Message, { type: 'refused' }>,
): Effect[] {
  const key = textOf(message.request)
  const entry = state.submits.get(key)
  if (entry === undefined) return []
  state.submits.delete(key)
  return entry.calls.map((call) => ({
    do: 'answer',
    call,
    answer: { type: 'refused', error: message.error },
  }))
}

function ask(entry: Submit, env: Env, config: HomeConfig): Effect[] {
  entry.tries += 1
  const { writer } = charterNow(env.replica.ledger).body
  const message = appendMessage([...entry.tokens, entry.hold], [entry.manifest])
  const name = `submit:${entry.hold.cid}`
  return [
    { do: 'send', to: writer, message },
    { do: 'timer', name, atMs: env.nowMs + config.resendMs },
  ]
}

function submitted(call: number, job: HomeJob): Effect {
  return { do: 'answer', call, answer: { type: 'submitted', job: job.manifest.cid } }
}

function answerAll(entry: Submit, refusal: Refusal): Effect[] {
  const error = toWireError(refusal)
  return entry.calls.map((call) => ({ do: 'answer', call, answer: { type: 'refused', error } }))
}
