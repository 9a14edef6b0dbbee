/**
 * An executor offers its capacity, runs what the log leases to it, and says with its signature what
 * came out. It starts only with a lease that its own fold of the log accepted, so the decision was
 * replayed and the award recomputed before a single instruction runs.
 * Source: requirements S1-8 … S1-11, protocol.md "Award → lease".
 */
import {
  charterNow,
  type Did,
  type Effect,
  type Env,
  type Event,
  type Message,
  type Role,
  type Step,
} from '@planetary-mesh/spec'
import { advertise } from './advertising.ts'
import { bidOn } from './bidding.ts'
import { claim, claimRefused, resendClaims } from './claiming.ts'
import { declineRefused, resendDeclines } from './declining.ts'
import { followLog, isOver, restart, startQueued } from './leases.ts'
import { receiptRefused, resendReceipts, runEnded } from './receipts.ts'
import type { ExecutorConfig, ExecutorState } from './state.ts'

export function executorRole(config: ExecutorConfig): Role<ExecutorState> {
  return {
    name: 'executor',
    init: () => ({
      bids: new Map(),
      claims: new Map(),
      runs: new Map(),
      started: new Set(),
      receipts: new Map(),
      declines: new Map(),
      homes: new Map(),
      advert: { beat: 0 },
    }),
    isOver,
    step(state, event, env): Step<ExecutorState> {
      return { state, effects: react(state, event, env, config) }
    },
  }
}

function react(state: ExecutorState, event: Event, env: Env, config: ExecutorConfig): Effect[] {
  switch (event.type) {
    case 'start':
      return [
        ...restart(state, event.journal, env),
        resendLater(env, config),
        ...advertise(state, env, config),
      ]
    case 'message':
      return heard(state, event.message, event.from, env, config)
    case 'log':
      return [...followLog(state, event.entries, env), ...startQueued(state, env, config)]
    case 'ran':
      return [...runEnded(state, event.run, event.end, env), ...startQueued(state, env, config)]
    case 'timer':
      if (event.name === 'advert') return advertise(state, env, config)
      return [
        ...resendClaims(state, env),
        ...resendReceipts(state, env),
        ...resendDeclines(state, env),
        ...startQueued(state, env, config),
        resendLater(env, config),
      ]
    case 'call':
      return []
  }
}

function heard(
  state: ExecutorState,
  message: Message,
  from: Did,
  env: Env,
  config: ExecutorConfig,
): Effect[] {
  switch (message.type) {
    case 'announce':
      return bidOn(state, message.opened, from, env, config)
    case 'awarded':
      return claim(state, message, from, env)
    case 'refused':
      if (from !== charterNow(env.replica.ledger).body.writer) return []
      receiptRefused(state, message)
      declineRefused(state, message)
      return claimRefused(state, message)
    default:
      return []
  }
}

const resendLater = (env: Env, config: ExecutorConfig): Effect => ({
  do: 'timer',
  name: 'resend',
  atMs: env.nowMs + config.resendMs,
})
