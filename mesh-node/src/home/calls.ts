/** What people ask of their home, answered at once or when the ledger has answered. */
import {
  type Answer,
  type AnyRecord,
  admit,
  attempt,
  type Call,
  type CID,
  type Effect,
  type Env,
  jobStatus,
  Refusal,
  recordsOf,
  textOf,
  toWireError,
} from '@planetary-mesh/spec'
import { adopt } from './adopting.ts'
import { takeAward } from './awarding.ts'
import { cancel } from './cancelling.ts'
import type { HomeConfig, HomeJob, HomeState } from './state.ts'
import { submit } from './submitting.ts'

export function answerCall(
  state: HomeState,
  call: number,
  request: Call,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const done = attempt(() => react(state, call, request, env, config))
  if (!(done instanceof Refusal)) return done
  return [{ do: 'answer', call, answer: { type: 'refused', error: toWireError(done) } }]
}

function react(
  state: HomeState,
  call: number,
  request: Call,
  env: Env,
  config: HomeConfig,
): Effect[] {
  const answer = (answer: Answer): Effect => ({ do: 'answer', call, answer })
  switch (request.type) {
    case 'submit':
      return submit(state, request, call, env, config)
    case 'bids': {
      const ended = state.ended.get(textOf(request.job))
      if (ended !== undefined) return [answer({ type: 'bids', ...ended, closed: true })]
      const { job, effects } = carry(state, request.job, env, config)
      const [bids, passes] = [[...job.bids.values()], [...job.passes.values()]]
      return [...effects, answer({ type: 'bids', bids, passes, closed: job.closed })]
    }
    case 'award': {
      const job = state.jobs.get(textOf(request.award.body.manifest))
      admit(job !== undefined, 'JOB_UNKNOWN', 'ask for its bids first: it is not carried here')
      const effects = takeAward(job, request.award, env, config)
      return [...effects, answer({ type: 'awarded' })]
    }
    case 'cancel':
      return cancel(state, request.cancel, call, env, config)
    case 'status':
      return [answer(statusOf(state, request.job, env))]
    case 'nodes':
      return [answer({ type: 'nodes', nodes: [...state.nodes.values()] })]
  }
}

/** A job carried here, or taken up now from the log: another home may be gone. */
function carry(
  state: HomeState,
  cid: CID,
  env: Env,
  config: HomeConfig,
): { job: HomeJob; effects: Effect[] } {
  const job = state.jobs.get(textOf(cid))
  if (job !== undefined) return { job, effects: [] }
  const adopted = adopt(state, textOf(cid), env, config)
  admit(adopted !== undefined, 'JOB_UNKNOWN', () => `${cid} is not in the log, or is over`)
  return adopted
}

/** From the records this process has folded; a home that does not carry the job can say it too. */
function statusOf(state: HomeState, cid: CID, env: Env): Answer {
  const carried = state.jobs.get(textOf(cid))
  const job = env.replica.ledger.jobs.get(textOf(cid))
  const records: AnyRecord[] = job === undefined ? [] : [job.manifest, ...recordsOf(job)]
  if (carried !== undefined) records.push(carried.manifest, carried.hold, ...carried.bids.values())
  const anchored = (record: CID) => env.replica.anchorOf.has(textOf(record))
  const status = jobStatus(cid, records, env.nowMs, anchored)
  return {
    type: 'status',
    status,
    phase: carried?.phase ?? null,
    detail: carried?.phaseDetail ?? state.lastWords.get(textOf(cid)) ?? null,
    waitingFor: carried === undefined ? null : waitingFor(carried, status.state),
  }
}

function waitingFor(job: HomeJob, state: string): string | null {
  if (state !== 'bidding') return null
  if (job.award !== undefined) return 'the ledger'
  if (!job.closed) return 'bids'
  if (job.bids.size === 0) return 'a node that can run it'
  return job.manifest.body.chooser === 'submitter' ? 'you: accept-bid' : 'the ledger'
}
