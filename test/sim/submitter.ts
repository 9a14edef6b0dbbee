/**
 * A person with jobs: submits at a home, tries again until she is answered, chooses bids where she
 * said she would, sometimes changes her mind, sometimes chooses twice. Everything she was promised
 * is remembered, so that the invariants can ask for it.
 */
import type { Clock, Process } from '@planetary-mesh/peer'
import {
  Award,
  type Bid,
  Cancel,
  cidOf,
  DEFAULT_RULE,
  Hold,
  Manifest,
  type Signer,
  seal,
  select,
  standingOf,
  type Token,
  textOf,
} from '@planetary-mesh/spec'
import type { Chance } from './chance.ts'
import { PROFILE, SCOPE } from './people.ts'

export const DEADLINE_MS = 60_000
const RETRY_MS = 400

export type Job = {
  /** The job's id. */
  id: string
  manifest: Manifest
  hold: Hold
  acknowledged: boolean
  refused: string | null
}

export type Submitter = { jobs: Job[]; open(atMs: number, home: () => Process | undefined): void }

export function openSubmitter(
  signer: Signer,
  token: Token,
  clock: Clock,
  chance: Chance,
): Submitter {
  const jobs: Job[] = []

  const makeJob = (): Job => {
    const amount = chance.between(20, 120)
    const createdAtMs = clock.nowMs()
    const nonce = Uint8Array.from({ length: 16 }, () => chance.below(256))
    const manifest = seal(
      Manifest,
      {
        token: token.cid,
        description: 'simulated work',
        module: { cid: cidOf('raw', nonce), bytes: 16 },
        args: [],
        env: [],
        stdin: null,
        inputs: [],
        fuelMax: amount * 1_000_000,
        memoryPagesMax: chance.between(16, 250),
        coresMin: chance.between(1, 5),
        outputBytesMax: 1024,
        deadlineMs: DEADLINE_MS,
        resourceType: 'compute',
        amount,
        scope: SCOPE,
        priority: chance.pick(['critical', 'high', 'medium', 'low'] as const),
        priceMax: amount,
        trust: { verification: 'replay', threshold: 2, reputationMin: 0 },
        replicas: 1,
        chooser: chance.oneIn(3) ? 'submitter' : 'home',
        rule: null,
        attemptsMax: 3,
        profile: PROFILE,
        program: null,
        createdAtMs,
        nonce,
      },
      signer,
    )
    const hold = seal(
      Hold,
      {
        token: token.cid,
        manifest: manifest.cid,
        amount,
        untilMs: createdAtMs + DEADLINE_MS + 5000,
      },
      signer,
    )
    return { id: textOf(manifest.cid), manifest, hold, acknowledged: false, refused: null }
  }

  const submit = async (job: Job, home: () => Process | undefined): Promise<void> => {
    const later = () => void clock.at(clock.nowMs() + RETRY_MS, () => void submit(job, home))
    const process = home()
    if (process === undefined) return later()
    try {
      const { manifest, hold } = job
      const answer = await process.call({ type: 'submit', tokens: [token], manifest, hold })
      if (answer.type === 'submitted') {
        job.acknowledged = true
        if (manifest.body.chooser === 'submitter') choose(job, process)
        if (chance.oneIn(10)) change(job, process)
      } else if (answer.type === 'refused' && answer.error.code === 'LEDGER_AWAY') {
        later()
      } else if (answer.type === 'refused') {
        job.refused = answer.error.code
      }
    } catch {
      later() // the home crashed: the same submit again is the same job
    }
  }

  const choose = async (job: Job, process: Process): Promise<void> => {
    const later = () => void clock.at(clock.nowMs() + RETRY_MS, () => void choose(job, process))
    try {
      const status = await process.call({ type: 'status', job: job.manifest.cid })
      if (status.type !== 'status' || isOver(status.status.state)) return
      const answer = await process.call({ type: 'bids', job: job.manifest.cid })
      if (answer.type === 'bids' && answer.closed && answer.bids.length > 0) {
        const size = process.replica.ledger.size
        await award(job, process, answer.bids, size)
        // sometimes she chooses again at once: the fence must hold
        if (chance.oneIn(4)) await award(job, process, answer.bids.slice(1), size)
      }
      later()
    } catch {
      later()
    }
  }

  const award = async (job: Job, process: Process, bids: readonly Bid[], size: number) => {
    const { past } = process.replica.ledger
    const standing = (executor: string) => standingOf(past, { scope: SCOPE, executor }, size)
    const ranking = select(job.manifest, bids, DEFAULT_RULE, standing)
    if (ranking.length === 0) return
    const winner = chance.pick(ranking).bid
    const body = {
      manifest: job.manifest.cid,
      bids: bids.map(({ cid }) => cid),
      ranking: ranking.map(({ bid }) => bid.cid),
      winner: winner.cid,
      reason: 'she likes it',
      logSize: size,
    }
    await process.call({ type: 'award', award: seal(Award, body, signer) })
  }

  const change = (job: Job, process: Process): void => {
    clock.at(clock.nowMs() + chance.between(0, 1500), () => {
      const cancel = seal(Cancel, { manifest: job.manifest.cid }, signer)
      process.call({ type: 'cancel', cancel }).catch(() => {})
    })
  }

  return {
    jobs,
    open(atMs, home) {
      clock.at(atMs, () => {
        const job = makeJob()
        jobs.push(job)
        void submit(job, home)
        if (chance.oneIn(6)) void submit(job, home) // an impatient second click
      })
    },
  }
}

const isOver = (state: string) =>
  ['verified', 'disputed', 'failed', 'expired', 'cancelled'].includes(state)
