/** Bid on an announced job, or say why not. Nothing is promised that the machine cannot keep. */
import {
  type AnyRecord,
  admit,
  attempt,
  Bid,
  charterNow,
  type Decision,
  type Did,
  type Effect,
  type Env,
  type Hold,
  hasRole,
  LIMITS,
  type Manifest,
  Refusal,
  recordsMessage,
  reputation,
  runsProfile,
  seal,
  standingOf,
  textOf,
  toWireError,
} from '@planetary-mesh/spec'
import { isOpenAt } from './hours.ts'
import type { ExecutorConfig, ExecutorState } from './state.ts'

export function bidOn(
  state: ExecutorState,
  records: readonly AnyRecord[],
  home: Did,
  env: Env,
  config: ExecutorConfig,
): Effect[] {
  const announced = attempt(() => readAnnouncement(records, env))
  if (announced instanceof Refusal) return []
  const { manifest } = announced
  const bid = attempt(() => makeBid(state, announced.manifest, env, config))
  if (bid instanceof Refusal) {
    const message = { type: 'pass', manifest: manifest.cid, error: toWireError(bid) } as const
    return [{ do: 'send', to: home, message }]
  }
  remember(state, bid, home)
  return [{ do: 'send', to: home, message: recordsMessage('offer', [bid]) }]
}

/** Only what the ledger allowed is worth a bid: the announcement proves it with a decision. */
function readAnnouncement(
  records: readonly AnyRecord[],
  env: Env,
): { manifest: Manifest; hold: Hold; decision: Decision } {
  const [manifest, hold, decision] = records
  const complete =
    manifest?.kind === 'manifest' && hold?.kind === 'hold' && decision?.kind === 'decision'
  admit(complete, 'MESSAGE_MALFORMED', 'an announcement is manifest, hold and decision')
  const charter = charterNow(env.replica.ledger)
  admit(decision.author === charter.body.writer, 'AUTHOR_MISMATCH', 'not decided by the writer')
  const linked =
    decision.body.effect === 'allow' &&
    decision.body.hold.equals(hold.cid) &&
    hold.body.manifest.equals(manifest.cid)
  admit(linked, 'LINK_MISMATCH', 'the decision does not allow this job')
  return { manifest, hold, decision }
}

function makeBid(state: ExecutorState, manifest: Manifest, env: Env, config: ExecutorConfig): Bid {
  const { body } = manifest
  const free = freeCapacity(state, env, config)
  const charter = charterNow(env.replica.ledger)
  admit(hasRole(charter, env.self.did, 'executor'), 'ROLE_MISSING', 'I am no executor here')
  admit(
    config.scopes.length === 0 || config.scopes.includes(body.scope),
    'TOKEN_SCOPE_MISMATCH',
    () => `this node takes ${config.scopes.join(', ')}, not ${body.scope}`,
  )
  admit(
    config.hours === undefined || isOpenAt(config.hours, env.nowMs),
    'NODE_CLOSED',
    'this node takes jobs at other hours of the day',
  )
  admit(
    runsProfile(config.profile, body.profile),
    'PROFILE_UNKNOWN',
    () => `asked for ${body.profile}, here is ${config.profile}`,
  )
  admit(
    free.memoryPages >= body.memoryPagesMax && config.cores >= body.coresMin,
    'CAPACITY_MISSING',
    () =>
      `${body.memoryPagesMax} pages and ${body.coresMin} cores asked, ` +
      `${free.memoryPages} pages and ${config.cores} cores free`,
  )
  const standing = reputationOf(env, body.scope)
  admit(
    standing >= body.trust.reputationMin,
    'REPUTATION_TOO_LOW',
    () => `${body.trust.reputationMin} asked, mine is ${standing}`,
  )
  const expectedMs = Math.max(1, Math.ceil(body.fuelMax / config.fuelPerMs))
  const leftMs = body.createdAtMs + body.deadlineMs - env.nowMs
  admit(
    expectedMs <= leftMs,
    'DEADLINE_UNREACHABLE',
    () => `the most work takes ${expectedMs} ms here, ${leftMs} ms are left`,
  )
  const price = Number((BigInt(body.amount) * BigInt(config.pricePpm) + 999_999n) / 1_000_000n)
  admit(
    price <= body.priceMax,
    'LIMIT_EXCEEDED',
    () => `my price ${price} of at most ${body.priceMax}`,
  )
  return seal(
    Bid,
    {
      manifest: manifest.cid,
      price,
      expectedMs,
      validUntilMs: env.nowMs + config.bidValidMs,
      free,
      location: config.location,
    },
    env.self,
  )
}

/** What the log says of this node, as everybody folds it. */
function reputationOf(env: Env, scope: string): number {
  return reputation(standingOf(env.replica.ledger.past, { scope, executor: env.self.did }))
}

function remember(state: ExecutorState, bid: Bid, home: Did): void {
  const key = textOf(bid.body.manifest)
  const oldest = state.bids.keys().next().value
  if (state.bids.size >= LIMITS.jobsHeldMax && oldest !== undefined) forget(state, oldest)
  state.bids.set(key, bid)
  state.homes.set(key, home)
}

/** A job that is over, or lost in the crowd. */
export function forget(state: ExecutorState, job: string): void {
  state.bids.delete(job)
  state.homes.delete(job)
}

/** What of this machine no run of mine has reserved. */
export function freeCapacity(state: ExecutorState, env: Env, config: ExecutorConfig) {
  let memoryPages = config.memoryPages
  for (const run of state.runs.values()) {
    memoryPages -= env.replica.ledger.jobs.get(run.job)?.manifest.body.memoryPagesMax ?? 0
  }
  const slots = Math.max(0, config.slots - state.runs.size)
  return { slots, memoryPages: Math.max(0, memoryPages), cores: config.cores }
}
