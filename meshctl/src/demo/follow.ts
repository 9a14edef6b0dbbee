/**
 * Following one job from its submit to its end, as any tool of a person would: what its home says,
 * and, for who bid and who won, this reader's own fold of the log.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { BidsView, ControlClient, JobView } from '@planetary-mesh/peer'
import {
  type CID,
  charterNow,
  HostFault,
  type Job,
  type LeaseState,
  lastLease,
  type Manifest,
  Refusal,
  type Replica,
  rankingOf,
  textOf,
} from '@planetary-mesh/spec'
import type { Draft } from '../jobs/draft.ts'
import { isOver, wordOf } from '../jobs/words.ts'
import { type LogCopy, openLogCopy } from '../proof/log-copy.ts'
import type { Tale } from './tale.ts'

const POLL_MS = 50
const LOOK_MS = 500
/** A demo that takes longer than this is stuck. */
const PATIENCE_MS = 120_000
/** How long the impossible must stay so before it is given up. */
const HOPELESS_MS = 3000
const BEHIND_MS = 5000

export type Followed = {
  /** The last that its home said. */
  last: JobView
  log: LogCopy
  /** What it stopped at, where it did not come to its end. */
  stoppedAt: { step: 'receipt' | 'verified'; why: string } | undefined
}

/** Submits and follows, until the job is over or can come no further. Refuses as the home does. */
export async function follow(
  client: ControlClient,
  genesis: CID,
  { tokens, manifest, hold }: Draft,
  tale: Tale,
  signal: AbortSignal,
): Promise<Followed> {
  const job = await client.submit(tokens, manifest, hold)
  tale.submitted(job)
  tale.bids((await awaitBids(client, job, signal)).bids)
  const log = openLogCopy(client, genesis)
  const given = new AbortController()
  const reading = AbortSignal.any([signal, given.signal])
  const watching = watch({ client, log, manifest, stop: () => given.abort(), signal: reading })
  let last: JobView | undefined
  try {
    for await (const event of client.events(job, reading)) {
      if (event.type !== 'status') continue
      last = event.job
      await tell(last, manifest, log, { tale, signal })
    }
  } finally {
    given.abort()
  }
  signal.throwIfAborted()
  const stoppedAt = await watching
  if (last === undefined) throw new HostFault('deadline', 'the job has no status')
  return { last, log, stoppedAt: isOver(last) ? undefined : stoppedAt }
}

/** The award is told as this reader's own fold of the log accepted it, scores computed again. */
async function tell(
  view: JobView,
  manifest: Manifest,
  log: LogCopy,
  { tale, signal }: { tale: Tale; signal: AbortSignal },
): Promise<void> {
  const word = wordOf(view)
  if (word === 'Submitted' || word === 'Bidding' || word === 'Unknown') return
  await readOn(log, signal)
  const lease = leaseIn(log.replica, manifest)
  if (lease === undefined) return
  const { award, bids, winner } = lease
  const { past, policies } = log.replica.ledger
  tale.accepted(winner, rankingOf({ manifest, award, bids, past, policies }))
  tale.status('Assigned')
  const hasReceipt = lease.receipts.length > 0
  if (word === 'Running' || hasReceipt) tale.status('Running')
  if (hasReceipt) tale.status('Completed')
}

/** A store that is just writing down what it folded has not all of it yet: it is asked again. */
export async function readOn(log: LogCopy, signal: AbortSignal): Promise<void> {
  const endsAtMs = Date.now() + BEHIND_MS
  for (;;) {
    try {
      return await log.read()
    } catch (thrown) {
      const isBehind = thrown instanceof Refusal && thrown.code === 'BLOCK_MISSING'
      if (!isBehind || Date.now() > endsAtMs) throw thrown
    }
    await wait(POLL_MS, undefined, { signal })
  }
}

const jobIn = ({ ledger }: Replica, { cid }: Manifest): Job | undefined =>
  ledger.jobs.get(textOf(cid))

function leaseIn(replica: Replica, manifest: Manifest): LeaseState | undefined {
  const job = jobIn(replica, manifest)
  return job === undefined ? undefined : lastLease(job)
}

/** The bids once their window is closed, each opened again from its signed bytes. */
async function awaitBids(client: ControlClient, job: CID, signal: AbortSignal): Promise<BidsView> {
  const endsAtMs = Date.now() + PATIENCE_MS
  for (;;) {
    const view = await client.bids(job)
    if (view.closed && view.bids.length > 0) return view
    if (Date.now() > endsAtMs) throw new HostFault('deadline', `no bids after ${PATIENCE_MS} ms`)
    await wait(POLL_MS, undefined, { signal })
  }
}

type Watched = {
  client: ControlClient
  log: LogCopy
  manifest: Manifest
  stop: () => void
  signal: AbortSignal
}

/** Looks now and then whether the job can still come to its end; stops the reading when not. */
async function watch(given: Watched): Promise<Followed['stoppedAt']> {
  const endsAtMs = Date.now() + PATIENCE_MS
  let sinceMs: number | undefined
  try {
    for (;;) {
      await wait(LOOK_MS, undefined, { signal: given.signal })
      const found = await hopeless(given)
      sinceMs = found === undefined ? undefined : (sinceMs ?? Date.now())
      const isLate = Date.now() > endsAtMs
      if (sinceMs !== undefined && Date.now() - sinceMs >= HOPELESS_MS) {
        given.stop()
        return found
      }
      if (isLate) {
        given.stop()
        return { step: 'verified', why: `it took longer than ${PATIENCE_MS / 1000} s` }
      }
    }
  } catch (thrown) {
    if (given.signal.aborted || thrown instanceof Refusal) return undefined
    throw thrown
  }
}

/** Why nothing more will come of it, as things stand. */
async function hopeless({
  client,
  log,
  manifest,
  signal,
}: Watched): Promise<Followed['stoppedAt']> {
  await readOn(log, signal)
  const { replica } = log
  const job = jobIn(replica, manifest)
  const first = job?.leases[0]
  if (job === undefined || first === undefined) return undefined
  const receipt = job.leases.flatMap(({ receipts }) => receipts).at(-1)
  const charter = charterNow(replica.ledger)
  const nameOf = (did: string) =>
    charter.body.members.find((member) => member.did === did)?.name ?? did
  if (receipt === undefined) {
    const { phase, status } = await client.job(manifest.cid)
    const isRunning = status.state === 'leased' && phase !== 'completed' && phase !== 'failed'
    if (isRunning && job.leases.length === 1) return undefined
    const who = nameOf(first.winner.author)
    return { step: 'receipt', why: `no receipt of ${who} that the ledger takes came into the log` }
  }
  const needed = Math.max(charter.body.threshold, manifest.body.trust.threshold)
  const said = new Set<string>(receipt.verdicts.map(({ record }) => record.author))
  const valid = receipt.verdicts.filter(({ record }) => record.body.result === 'valid').length
  const here = (await client.nodes()).filter(
    ({ did, roles, state }) =>
      roles.includes('verifier') && !said.has(did) && (state === 'online' || state === 'self'),
  )
  if (valid + here.length >= needed) return undefined
  const why = `${valid} of ${needed} verdicts, and no other verifier is there`
  return { step: 'verified', why }
}
