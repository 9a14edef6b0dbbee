/**
 * The state that the fold of a log comes to: charters in force, tokens and what is left of them,
 * and every job with its hold, leases, receipts, verdicts and settle.
 *
 * A fold owns its state: `append` takes it and changes it in place, after all of its checks. The
 * same entries give the same state on every machine. Source: protocol.md "The ledger".
 */
import type { CID } from '../../records/cid.ts'
import type { Award } from '../../records/kinds/award.ts'
import type { Bid } from '../../records/kinds/bid.ts'
import type { Cancel } from '../../records/kinds/cancel.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import type { Decision } from '../../records/kinds/decision.ts'
import type { Decline } from '../../records/kinds/decline.ts'
import type { Hold } from '../../records/kinds/hold.ts'
import type { Lease } from '../../records/kinds/lease.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import type { Receipt } from '../../records/kinds/receipt.ts'
import type { Settle } from '../../records/kinds/settle.ts'
import type { Token } from '../../records/kinds/token.ts'
import type { Verdict } from '../../records/kinds/verdict.ts'
import { NO_POLICIES, type Policies } from '../policy/policies.ts'
import type { Past } from '../reputation.ts'

/** A record at its place in the log. */
export type Logged<R> = { record: R; index: number; atMs: number }

/** amount = free + held + spent + what was passed on to delegated tokens. */
export type TokenAccount = {
  token: Token
  parent: TokenAccount | undefined
  depth: number
  index: number
  free: number
  held: number
  spent: number
  delegated: number
}

export type ReceiptState = Logged<Receipt> & { verdicts: Logged<Verdict>[] }

export type LeaseState = Logged<Lease> & {
  award: Award
  bids: readonly Bid[]
  winner: Bid
  decline: Logged<Decline> | undefined
  receipts: ReceiptState[]
}

export type Job = {
  manifest: Manifest
  token: TokenAccount
  account: Account
  use: Use
  hold: Logged<Hold>
  decision: Logged<Decision>
  leases: LeaseState[]
  cancel: Logged<Cancel> | undefined
  settle: Logged<Settle> | undefined
}

/** What one hold uses of an account: all of it while pending, then what was posted. */
export type Use = { readonly atMs: number; amount: number }

/** A holder's use of one resource type in one scope, oldest first, and its sum over all time. */
export type Account = { total: number; readonly uses: Use[] }

export type LedgerState = {
  readonly genesis: CID
  /** How policies in CCL are asked. */
  readonly policies: Policies
  size: number
  lastAtMs: number
  charters: Logged<Charter>[]
  /** Index by the act's CID: one body counts once, whichever of its signatures came first. */
  acts: Map<string, number>
  tokens: Map<string, TokenAccount>
  /** Decisions that no hold has followed yet, by the hold they are for. */
  decisions: Map<string, Logged<Decision>>
  /** By manifest CID, and the same jobs by the CID of their hold, leases and receipts. */
  jobs: Map<string, Job>
  jobOf: Map<string, Job>
  /** Those of `jobs` that are settled, by manifest CID: `forgetClosed` drops them in time. */
  ended: Map<string, Job>
  /** What holders use and what executors earned: by `scope|type|did`. */
  accounts: Map<string, Account>
  earned: Map<string, number>
  /** What issuers granted over all time, by `scope|type`: no sum of amounts can be above it. */
  issued: Map<string, number>
  /** What executors have behind them; `forgetClosed` drops what no open job asks for. */
  past: Past
}

export function openLedger(genesis: CID, policies: Policies = NO_POLICIES): LedgerState {
  return {
    genesis,
    policies,
    size: 0,
    lastAtMs: 0,
    charters: [],
    acts: new Map(),
    tokens: new Map(),
    decisions: new Map(),
    jobs: new Map(),
    jobOf: new Map(),
    ended: new Map(),
    accounts: new Map(),
    earned: new Map(),
    issued: new Map(),
    past: new Map(),
  }
}

/** What is counted together: tokens of one scope and resource type. */
export function assetKey({ scope, resourceType }: { scope: string; resourceType: string }): string {
  return `${scope}|${resourceType}`
}

/** The account a use or a payment belongs to. */
export function accountKey(scope: string, resourceType: string, did: string): string {
  return `${scope}|${resourceType}|${did}`
}
