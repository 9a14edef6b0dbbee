/** A cancel on its way to the ledger: whether it came in time, only the log can say. */
import {
  appendMessage,
  type Cancel,
  charterNow,
  type Effect,
  type Env,
  Refusal,
  textOf,
  toWireError,
  type WireError,
} from '@planetary-mesh/spec'
import type { HomeConfig, HomeState } from './state.ts'

export function cancel(
  state: HomeState,
  wanted: Cancel,
  call: number,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const key = textOf(wanted.cid)
  const before = state.cancels.get(key)
  if (before !== undefined) {
    before.calls.push(call)
    return []
  }
  state.cancels.set(key, { cancel: wanted, calls: [call], tries: 0 })
  return askCancel(state, key, env, config)
}

/** Asks the ledger, again and again until it answers or has been asked often enough. */
export function askCancel(state: HomeState, key: string, env: Env, config: HomeConfig): Effect[] {
  const entry = state.cancels.get(key)
  if (entry === undefined) return []
  const { writer } = charterNow(env.replica.ledger).body
  if (entry.tries >= config.submitTries) {
    const detail = `the log writer ${writer} gave no answer to ${entry.tries} requests`
    return endCancel(state, key, toWireError(new Refusal('LEDGER_AWAY', detail)))
  }
  entry.tries += 1
  return [
    { do: 'send', to: writer, message: appendMessage([entry.cancel]) },
    { do: 'timer', name: `cancel:${key}`, atMs: env.nowMs + config.resendMs },
  ]
}

/** The ledger's word: logged, or refused because the job had its receipt or its end. */
export function endCancel(state: HomeState, key: string, error?: WireError): Effect[] {
  const entry = state.cancels.get(key)
  if (entry === undefined) return []
  state.cancels.delete(key)
  return entry.calls.map((call) => ({
    do: 'answer',
    call,
    answer: error === undefined ? { type: 'cancelled' } : { type: 'refused', error },
  }))
}
