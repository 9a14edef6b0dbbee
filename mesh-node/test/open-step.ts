/** One role by itself over a replica of a log: what it answers to each event. */
import assert from 'node:assert/strict'
import {
  type Call,
  type Did,
  type Effect,
  type Env,
  type Event,
  encodeMessage,
  openAny,
  openMessage,
  openReplica,
  type Role,
  receive,
  type Signer,
  verifySignature,
  type WireMessage,
} from '@planetary-mesh/spec'
import type { Log } from '../../spec/test/rules/log.ts'

export function openStep<S>(role: Role<S>, self: Signer, log: Log) {
  const replica = openReplica(log.genesis)
  let state = role.init()
  const step = (event: Event): Effect[] => {
    const env: Env = {
      nowMs: log.atMs,
      self,
      genesis: log.genesis,
      replica,
      verify: verifySignature,
      open: (bytes) => openAny(bytes),
    }
    const done = role.step(state, event, env)
    state = done.state
    return done.effects
  }
  /** Anchors what the log has and folds it. */
  const read = () => {
    const received = receive(replica, { anchor: log.anchor(), get: log.get })
    assert.equal(received.type, 'applied')
    return received
  }
  read()
  return {
    hear: (from: Did, message: WireMessage) =>
      step({ type: 'message', from, message: openMessage(encodeMessage(message)) }),
    call: (call: number, request: Call) => step({ type: 'call', call, request }),
    /** Forgets what was not written down. */
    start(journal: readonly unknown[] = []) {
      state = role.init()
      return step({ type: 'start', journal })
    },
    timer: (name: string) => step({ type: 'timer', name }),
    /** The role is told of what was logged since the last time. */
    follow: () => step({ ...read(), type: 'log' }),
  }
}

export const kindsOf = (effects: readonly Effect[]) => effects.map((effect) => effect.do)

/** What was said to `to`. */
export const saidTo = (to: Did, effects: readonly Effect[]): WireMessage[] =>
  effects.flatMap((effect) => (effect.do === 'send' && effect.to === to ? [effect.message] : []))

/** What callers hear, by the number of their call. */
export const answersIn = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'answer' ? [[effect.call, effect.answer]] : []))

/** The one timer that was set. */
export function timerIn(effects: readonly Effect[]): string {
  const [timer, ...more] = effects.filter((effect) => effect.do === 'timer')
  assert.ok(timer?.do === 'timer' && more.length === 0, 'one timer')
  return timer.name
}
