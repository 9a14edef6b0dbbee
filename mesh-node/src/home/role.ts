/**
 * A home carries jobs for people: it passes the hold to the ledger, announces, collects bids, makes
 * the award where the manifest's rule says so, and brings the award to its winner. It owns nothing:
 * the log knows every job, and any other home can go on. Source: protocol.md "Who chooses".
 */
import {
  charterNow,
  type Did,
  type Effect,
  type Env,
  type Event,
  hasRole,
  type Message,
  type Role,
  type Step,
  textOf,
} from '@planetary-mesh/spec'
import { adoptStuck } from './adopting.ts'
import { awardTimer, isAwarded, sendAward } from './awarding.ts'
import { closeWindow, heardOffer, heardPass } from './bidding.ts'
import { answerCall } from './calls.ts'
import { askCancel, endCancel } from './cancelling.ts'
import { followLog, goOn, restart } from './following.ts'
import { isOver } from './journal.ts'
import type { HomeConfig, HomeJob, HomeState } from './state.ts'
import { appended, refused, resendSubmit } from './submitting.ts'

export function homeRole(config: HomeConfig): Role<HomeState> {
  return {
    name: 'home',
    init: () => ({
      cancels: new Map(),
      submits: new Map(),
      jobs: new Map(),
      ended: new Map(),
      lastWords: new Map(),
      nodes: new Map(),
    }),
    isOver,
    step(state, event, env): Step<HomeState> {
      return { state, effects: react(state, event, env, config) }
    },
  }
}

function react(state: HomeState, event: Event, env: Env, config: HomeConfig): Effect[] {
  switch (event.type) {
    case 'start':
      return restart(state, event.journal, env, config)
    case 'message':
      return heard(state, event.message, event.from, env, config)
    case 'log':
      return followLog(state, event.entries, env, config)
    case 'call':
      return answerCall(state, event.call, event.request, env, config)
    case 'timer':
      return timer(state, event.name, env, config)
    case 'ran':
      return []
  }
}

function heard(
  state: HomeState,
  message: Message,
  from: Did,
  env: Env,
  config: HomeConfig,
): Effect[] {
  switch (message.type) {
    case 'appended':
    case 'refused':
      // only the writer's word counts
      return from === charterNow(env.replica.ledger).body.writer
        ? ledgerAnswered(state, message, env, config)
        : []
    case 'offer':
      return heardOffer(state, message.opened, from, env, config)
    case 'pass':
      return heardPass(state, message, from, env, config)
    case 'advert':
      heardAdvert(state, message, from, env)
      return []
    case 'progress': {
      const job = state.jobs.get(textOf(message.manifest))
      if (job === undefined || !isExecutorOf(job, from, env)) return []
      job.phase = message.phase
      job.phaseDetail = message.detail === '' ? null : message.detail
      return []
    }
    default:
      return []
  }
}

function heardAdvert(
  state: HomeState,
  { capacity }: Extract<Message, { type: 'advert' }>,
  node: Did,
  env: Env,
): void {
  if (!hasRole(charterNow(env.replica.ledger), node, 'executor')) return
  state.nodes.set(node, { node, heardAtMs: env.nowMs, capacity })
}

function ledgerAnswered(
  state: HomeState,
  message: Extract<Message, { type: 'appended' | 'refused' }>,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const key = textOf(message.request)
  if (message.type === 'appended') {
    return [...endCancel(state, key), ...appended(state, message, env, config)]
  }
  return [...endCancel(state, key, message.error), ...refused(state, message)]
}

/** Whoever won the job here, or holds or held a lease of it. */
function isExecutorOf({ manifest, award, bids }: HomeJob, did: Did, env: Env): boolean {
  const leases = env.replica.ledger.jobs.get(textOf(manifest.cid))?.leases ?? []
  const winner = [...bids.values()].find(({ cid }) => award?.body.winner.equals(cid) === true)
  return winner?.author === did || leases.some(({ record }) => record.body.executor === did)
}

/** Timers are named `what:key`; the key is the CID of a job, for a submit that of its hold. */
function timer(state: HomeState, name: string, env: Env, config: HomeConfig): Effect[] {
  const [what, key] = name.split(':') as [string, string]
  if (what === 'submit') return resendSubmit(state, key, env, config)
  if (what === 'cancel') return askCancel(state, key, env, config)
  if (what === 'adopt') return adoptStuck(state, key, env, config)
  const job = state.jobs.get(key)
  if (job === undefined) return []
  switch (what) {
    case 'window':
      return closeWindow(state, job, env, config)
    case 'award':
      return [...sendAward(job), ...awardTimer(job, env, config)]
    case 'rebid':
      // set for the end of an earlier lease, it must not undo the choice made since
      return isAwarded(job, env) ? [] : goOn(state, job, env, config)
    default:
      return []
  }
}
