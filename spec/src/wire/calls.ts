/**
 * What a person's tools ask of a home node: the control API as data. Records are sealed by the
 * caller's own key before they come here; a node never holds a user's key.
 */
import type { CID } from '../records/cid.ts'
import type { Did } from '../records/did.ts'
import type { Award } from '../records/kinds/award.ts'
import type { Bid } from '../records/kinds/bid.ts'
import type { Cancel } from '../records/kinds/cancel.ts'
import type { Hold } from '../records/kinds/hold.ts'
import type { Manifest } from '../records/kinds/manifest.ts'
import type { Token } from '../records/kinds/token.ts'
import type { JobStatus } from '../rules/job-status.ts'
import type { Capacity, WireError } from './messages.ts'

export type Call =
  /** `tokens` are those not logged yet, parents first. Answered once the hold is durable. */
  | { type: 'submit'; tokens: readonly Token[]; manifest: Manifest; hold: Hold }
  | { type: 'bids'; job: CID }
  | { type: 'award'; award: Award }
  | { type: 'cancel'; cancel: Cancel }
  | { type: 'status'; job: CID }
  /** What the executors last said of themselves. */
  | { type: 'nodes' }

/** The last advert of a node. */
export type HeardNode = { node: Did; heardAtMs: number; capacity: Capacity }

/** A node that will not run the job, and why. */
export type Pass = { node: string; error: WireError }

export type Answer =
  | { type: 'submitted'; job: CID }
  /**
   * `closed` once the window is over or every executor has answered. Of a job that ended before
   * anybody took it: what was said last, as long as the home remembers.
   */
  | { type: 'bids'; bids: readonly Bid[]; passes: readonly Pass[]; closed: boolean }
  | { type: 'awarded' }
  | { type: 'cancelled' }
  | {
      type: 'status'
      status: JobStatus
      phase: string | null
      detail: string | null
      waitingFor: string | null
    }
  | { type: 'nodes'; nodes: readonly HeardNode[] }
  | { type: 'refused'; error: WireError }
