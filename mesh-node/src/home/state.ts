/** What a home remembers of the jobs it carries: a mailbox, not an owner. */
import type {
  Award,
  Bid,
  Cancel,
  Decision,
  Did,
  HeardNode,
  Hold,
  Manifest,
  Pass,
  Token,
} from '@planetary-mesh/spec'

export type HomeConfig = {
  /** How long bids are awaited, at most. */
  bidWindowMs: number
  /** A job without a lease is announced again after this time. */
  rebidMs: number
  resendMs: number
  /** A job that no home seems to carry on is taken up after this time; never if left out. */
  adoptMs?: number
  /** How often a submit is sent to the ledger before the caller hears that it is away. */
  submitTries: number
}

/** A submit on its way to the ledger. */
export type Submit = {
  tokens: readonly Token[]
  manifest: Manifest
  hold: Hold
  /** Callers to answer; a resend of the same submit joins them. */
  calls: number[]
  tries: number
}

export type HomeJob = {
  manifest: Manifest
  hold: Hold
  decision: Decision
  /** By bidder. */
  bids: Map<Did, Bid>
  passes: Map<Did, Pass>
  /** Why a node did not bid in the rounds before; see `ended.ts`. */
  earlier: Map<Did, Pass>
  /** The window is over, or everybody has answered. */
  closed: boolean
  /** The award on its way to its winner. */
  award: Award | undefined
  /** What the executor last said, for people, and why if it failed. */
  phase: string | null
  phaseDetail: string | null
}

/** What is left of a job that nobody took: the bids that were there, and who would not. */
export type EndedJob = { bids: readonly Bid[]; passes: readonly Pass[] }

export type HomeState = {
  /** Cancels that wait for the ledger's word, by cancel. */
  cancels: Map<string, { cancel: Cancel; calls: number[]; tries: number }>
  /** By hold. */
  submits: Map<string, Submit>
  /** Jobs that are not over, by manifest. */
  jobs: Map<string, HomeJob>
  /** What was said of jobs that ended without a lease, by manifest. Lost at a restart. */
  ended: Map<string, EndedJob>
  /** What executors said last of jobs that failed, by manifest. Lost at a restart. */
  lastWords: Map<string, string>
  /** What each executor of the charter last said of itself. */
  nodes: Map<Did, HeardNode>
}
