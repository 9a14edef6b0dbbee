/** The pure functions that strangers must agree on. */
export { type Authorisation, authorise, policiesFor, type Ruling } from './authorise.ts'
export { type FailReason, type JobStatus, jobStatus } from './job-status.ts'
export { append, type Linked } from './ledger/append.ts'
export { ensureCharter } from './ledger/append-charter.ts'
export { manifestOfHold } from './ledger/append-hold.ts'
export { type LeaseBody, leaseByCid, leaseOf } from './ledger/append-lease.ts'
export { tokenChain } from './ledger/append-token.ts'
export { receiptByCid } from './ledger/append-verdict.ts'
export { type Balance, balances, conservationProblems } from './ledger/balances.ts'
export { charterAt, charterNow, hasRole, verifiersOf } from './ledger/charter-in-force.ts'
export { type DecisionBody, decideHold, replayDecision } from './ledger/decide.ts'
export { dueSettle, type SettleBody } from './ledger/due-settle.ts'
export { forgetClosed, recordsOf } from './ledger/forget.ts'
export { judgeAward, rankingOf } from './ledger/judge-award.ts'
export { isLive, lastLease, ownReceipts } from './ledger/lease-state.ts'
export {
  type Job,
  type LeaseState,
  type LedgerState,
  type Logged,
  openLedger,
  type ReceiptState,
  type TokenAccount,
} from './ledger/state.ts'
export {
  NO_POLICIES,
  type Policies,
  type PolicyAnswer,
  type PolicyError,
  type PolicyValue,
} from './policy/policies.ts'
export {
  type AnchorTaken,
  anchorAt,
  type Batch,
  openReplica,
  plainReader,
  type Reader,
  type Received,
  type Replica,
  receive,
} from './replica.ts'
export { readSnapshot, type SnapshotRead, snapshotOf } from './replica-snapshot.ts'
export {
  addOutcome,
  forgetOutcomes,
  NEWCOMER,
  onTimePpm,
  type Past,
  reputation,
  type Standing,
  standingOf,
} from './reputation.ts'
export { isEligible, type Ranked, select } from './select.ts'
export { settleAmount } from './settle-amount.ts'
export { copyGraph } from './state-graph.ts'
export { type Tally, tally } from './tally.ts'
export * from './tree.ts'
export { anchorsBack } from './verify/anchors-back.ts'
export { type Chain, chainOfJob } from './verify/chain.ts'
export { distinct, type Finding, finding } from './verify/finding.ts'
export { checkRefusal, type RunRefused } from './verify/replay.ts'
export {
  type ChainCheck,
  checkChain,
  type Facts,
  type Mark,
  verifyChain,
} from './verify/verify-chain.ts'
