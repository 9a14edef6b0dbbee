/** The award: made here by the manifest's rule or brought by the submitter, then sent on. */
import {
  Award,
  admit,
  type Bid,
  charterNow,
  DEFAULT_RULE,
  type Effect,
  type Env,
  judgeAward,
  recordsMessage,
  seal,
  select,
  standingOf,
  textOf,
} from '@planetary-mesh/spec'
import { recordAward } from './journal.ts'
import type { HomeConfig, HomeJob } from './state.ts'

/** Chooses among the bids that are still valid, or waits and announces again. */
export function award(job: HomeJob, env: Env, config: HomeConfig): Effect[] {
  job.award = undefined
  const bids = candidates(job, env)
  const ranking = rank(job, bids, env)
  const [first] = ranking
  if (first === undefined || job.manifest.body.chooser !== 'home') {
    return [rebid(job, env, config)]
  }
  job.award = seal(
    Award,
    {
      manifest: job.manifest.cid,
      bids: bids.map(({ cid }) => cid),
      ranking: ranking.map(({ bid }) => bid.cid),
      winner: first.bid.cid,
      reason: `highest score ${first.score} of ${bids.length} bids`,
      logSize: env.replica.ledger.size,
    },
    env.self,
  )
  return [...sendAward(job), ...awardTimer(job, env, config)]
}

/**
 * The submitter's own award over bids that were collected here. Refuses with AWARD_INVALID,
 * BID_EXPIRED, AUTHOR_MISMATCH and what else `judgeAward` says.
 */
export function takeAward(job: HomeJob, brought: Award, env: Env, config: HomeConfig): Effect[] {
  const bids = brought.body.bids.map((cid) => {
    const bid = [...job.bids.values()].find((known) => known.cid.equals(cid))
    admit(bid !== undefined, 'AWARD_INVALID', () => `bid ${cid} is not among those collected here`)
    return bid
  })
  const winner = judgeAward({
    charter: charterNow(env.replica.ledger),
    manifest: job.manifest,
    award: brought,
    bids,
    past: env.replica.ledger.past,
    policies: env.replica.ledger.policies,
  })
  admit(
    winner.body.validUntilMs >= env.nowMs,
    'BID_EXPIRED',
    () => `it ended at ${winner.body.validUntilMs}`,
  )
  job.award = brought
  return [recordAward(brought, bids), ...sendAward(job), ...awardTimer(job, env, config)]
}

export function sendAward(job: HomeJob): Effect[] {
  const { award } = job
  if (award === undefined) return []
  const bids = award.body.bids.flatMap((cid) =>
    [...job.bids.values()].filter((bid) => bid.cid.equals(cid)),
  )
  const winner = bids.find(({ cid }) => cid.equals(award.body.winner))
  if (winner === undefined) return []
  const message = recordsMessage('awarded', [award, ...bids])
  return [{ do: 'send', to: winner.author, message }]
}

/** After a restart: the choice that was acknowledged; undefined if there is none to bring. */
export function bringAward(job: HomeJob, env: Env, config: HomeConfig): Effect[] | undefined {
  const logged = env.replica.ledger.jobs.get(textOf(job.manifest.cid))
  const hasCome = logged?.leases.some(({ award }) => job.award?.cid.equals(award.cid) === true)
  if (hasCome === true || logged?.settle !== undefined) job.award = undefined
  return job.award && [...sendAward(job), ...awardTimer(job, env, config)]
}

/** While the award has no lease in the log: again, and after the bid ran out, a new round. */
export function awardTimer(job: HomeJob, env: Env, config: HomeConfig): Effect[] {
  if (job.award === undefined) return []
  if (!isAwarded(job, env)) return [rebid(job, env, config)]
  return [{ do: 'timer', name: `award:${job.manifest.cid}`, atMs: env.nowMs + config.resendMs }]
}

/** Whether an award is on its way to a winner whose bid still holds. */
export function isAwarded({ award, bids }: HomeJob, env: Env): boolean {
  const winner = [...bids.values()].find(({ cid }) => award?.body.winner.equals(cid) === true)
  return winner !== undefined && winner.body.validUntilMs >= env.nowMs
}

/** Valid bids; whoever already failed this job is left out while anybody else bids. */
function candidates(job: HomeJob, env: Env): Bid[] {
  const valid = [...job.bids.values()].filter(({ body }) => body.validUntilMs >= env.nowMs)
  const leases = env.replica.ledger.jobs.get(textOf(job.manifest.cid))?.leases ?? []
  const failed = leases.map(({ record }) => record.body.executor)
  const fresh = valid.filter(({ author }) => !failed.includes(author))
  return fresh.length > 0 ? fresh : valid
}

function rank(job: HomeJob, bids: readonly Bid[], env: Env) {
  const { body } = job.manifest
  const { past, policies } = env.replica.ledger
  const standing = (executor: string) => standingOf(past, { scope: body.scope, executor })
  return select(job.manifest, bids, body.rule ?? DEFAULT_RULE, standing, policies)
}

export function rebid(job: HomeJob, env: Env, config: HomeConfig): Effect {
  return { do: 'timer', name: `rebid:${job.manifest.cid}`, atMs: env.nowMs + config.rebidMs }
}
