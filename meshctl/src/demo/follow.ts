/**
 * Following one job from its submit to its end, by asking its home as any tool of a person would,
 * and telling each step when it is seen.
 */

import { setTimeout as wait } from 'node:timers/promises'
import type { Process } from '@planetary-mesh/peer'
import {
  type Answer,
  attempt,
  type Bid,
  Bid as BidKind,
  type Call,
  type CID,
  fromWireError,
  HostFault,
  type JobStatus,
  type LeaseState,
  lastLease,
  type Manifest,
  open,
  Refusal,
  rankingOf,
  reputation,
} from '@planetary-mesh/spec'
import type { Tale } from './tale.ts'

const POLL_MS = 20
/** A demo that takes longer than this is stuck. */
const PATIENCE_MS = 120_000
const OVER: readonly JobStatus['state'][] = [
  'verified',
  'disputed',
  'failed',
  'expired',
  'cancelled',
]

type Submit = Extract<Call, { type: 'submit' }>

/** Submits and follows; gives the status at the end. Refuses what the home refuses. */
export async function follow(
  home: Process,
  submit: Submit,
  tale: Tale,
  signal: AbortSignal,
): Promise<JobStatus> {
  const { job } = await ask(home, submit, 'submitted')
  tale.submitted(job)
  const bids = await awaitBids(home, job, signal)
  tale.bids(
    bids.map((bid) => ({ bid, reputation: reputation(pastOf(home, submit.manifest, bid.author)) })),
  )
  const endsAtMs = Date.now() + PATIENCE_MS
  for (;;) {
    const { status, phase } = await ask(home, { type: 'status', job }, 'status')
    const logged = home.replica.ledger.jobs.get(`${job}`)
    const lease = logged === undefined ? undefined : lastLease(logged)
    if (lease !== undefined) {
      tellLease(home, submit.manifest, lease, tale)
      const [receipt] = lease.receipts
      if ((phase !== null && phase !== 'assigned') || receipt !== undefined) tale.status('Running')
      if (receipt !== undefined) tale.status('Completed')
    }
    if (OVER.includes(status.state)) return status
    if (Date.now() > endsAtMs) {
      throw new HostFault('deadline', `the job is still '${status.state}' after ${PATIENCE_MS} ms`)
    }
    await wait(POLL_MS, undefined, { signal })
  }
}

/** The award as this home's own fold of the log accepted it, with its scores computed again. */
function tellLease(home: Process, manifest: Manifest, lease: LeaseState, tale: Tale): void {
  const { award, bids, winner } = lease
  tale.accepted(winner, rankingOf({ manifest, award, bids, past: home.replica.ledger.past }))
  tale.status('Assigned')
}

/** The bids once their window is closed, each opened again from its signed bytes. */
async function awaitBids(home: Process, job: CID, signal: AbortSignal): Promise<Bid[]> {
  const endsAtMs = Date.now() + PATIENCE_MS
  for (;;) {
    const { bids, closed } = await ask(home, { type: 'bids', job }, 'bids')
    if (closed && bids.length > 0) {
      return bids.flatMap(({ bytes, cid }) => {
        const bid = attempt(() => open(BidKind, bytes, { cid }))
        return bid instanceof Refusal ? [] : [bid]
      })
    }
    if (Date.now() > endsAtMs) throw new HostFault('deadline', `no bids after ${PATIENCE_MS} ms`)
    await wait(POLL_MS, undefined, { signal })
  }
}

function pastOf(home: Process, manifest: Manifest, executor: string) {
  const { scope } = manifest.body
  return home.replica.ledger.past.filter(
    (past) => past.executor === executor && past.scope === scope,
  )
}

async function ask<T extends Answer['type']>(
  home: Process,
  call: Call,
  expected: T,
): Promise<Extract<Answer, { type: T }>> {
  const answer = await home.call(call)
  if (answer.type === 'refused') throw fromWireError(answer.error)
  if (answer.type !== expected) throw new TypeError(`asked '${call.type}', got '${answer.type}'`)
  return answer as Extract<Answer, { type: T }>
}
