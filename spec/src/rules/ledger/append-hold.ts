/**
 * Decision and hold: the gate that every job passes, once. A hold is reserved only directly after
 * an allow decision by the writer that replays on the counters of that moment.
 */

import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { sameValue } from '../../records/block-value.ts'
import { textOf } from '../../records/cid.ts'
import type { Decision } from '../../records/kinds/decision.ts'
import type { Hold } from '../../records/kinds/hold.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import { ensureSelection } from '../policy/rank-by-ccl.ts'
import type { Linked } from './append.ts'
import { charterAt, ensureRole, ensureVerifiable } from './charter-in-force.ts'
import { decideHold } from './decide.ts'
import { accountKey, type LedgerState, type Logged } from './state.ts'

/** Kept until its hold follows, which must be the very next entry. */
export function appendDecision(ledger: LedgerState, logged: Logged<Decision>): void {
  const { record, index } = logged
  ensureWriter(ledger, record.author, index)
  admit(record.body.effect === 'allow', 'ENTRY_INVALID', 'only an allow is logged')
  ledger.decisions.clear()
  ledger.decisions.set(textOf(record.body.hold), logged)
}

/** Refuses as `manifestOfHold` does, and with DECISION_MISMATCH. */
export function appendHold(ledger: LedgerState, logged: Logged<Hold>, linked: Linked): void {
  const { record: hold, index, atMs } = logged
  const manifest = manifestOfHold(ledger, hold, linked, atMs)
  const decision = ledger.decisions.get(textOf(hold.cid))
  admit(
    decision !== undefined && decision.index === index - 1 && decision.atMs === atMs,
    'DECISION_MISMATCH',
    'no decision of the writer stands directly before the hold',
  )
  ensureDecision(ledger, decision.record, hold, manifest, atMs)
  const token = ledger.tokens.get(textOf(hold.body.token))
  admit(token !== undefined, 'TOKEN_UNKNOWN', () => `${hold.body.token}`)
  const { amount } = hold.body
  token.free -= amount
  token.held += amount
  const { scope, resourceType } = manifest.body
  const key = accountKey(scope, resourceType, hold.author)
  const account = ledger.accounts.get(key) ?? { total: 0, uses: [] }
  const use = { atMs, amount }
  account.total += amount
  account.uses.push(use)
  ledger.accounts.set(key, account)
  const job = {
    manifest,
    token,
    account,
    use,
    hold: logged,
    decision,
    leases: [],
    cancel: undefined,
    settle: undefined,
  }
  ledger.jobs.set(textOf(manifest.cid), job)
  ledger.jobOf.set(textOf(hold.cid), job)
  ledger.decisions.clear()
}

/**
 * All checks of a hold that need no decision; gives its manifest. Refuses with BLOCK_MISSING,
 * LINK_MISMATCH, AUTHOR_MISMATCH, HOLD_DUPLICATE, VERIFICATION_UNSUPPORTED, LIMIT_EXCEEDED,
 * JOB_ENDED, ROLE_MISSING, and as `ensureSelection` does.
 */
export function manifestOfHold(
  ledger: LedgerState,
  hold: Hold,
  linked: Linked,
  atMs: number,
): Manifest {
  const manifest = linked(hold.body.manifest)
  admit(manifest !== undefined, 'BLOCK_MISSING', () => `the manifest ${hold.body.manifest}`)
  admit(manifest.kind === 'manifest', 'LINK_MISMATCH', () => `the hold links a ${manifest.kind}`)
  const { body } = manifest
  admit(manifest.author === hold.author, 'AUTHOR_MISMATCH', 'hold and manifest differ in author')
  admit(body.token.equals(hold.body.token), 'LINK_MISMATCH', 'hold and manifest differ in token')
  admit(body.amount === hold.body.amount, 'LINK_MISMATCH', 'hold and manifest differ in amount')
  admit(
    body.priceMax <= body.amount,
    'LIMIT_EXCEEDED',
    () => `priceMax ${body.priceMax} of amount ${body.amount}`,
  )
  if (body.resourceType === 'compute') {
    const fuel = BigInt(body.amount) * BigInt(LIMITS.fuelPerUnit)
    admit(
      BigInt(body.fuelMax) <= fuel,
      'LIMIT_EXCEEDED',
      () => `fuelMax ${body.fuelMax} for ${body.amount} units of 10^9`,
    )
  }
  const deadlineAtMs = body.createdAtMs + body.deadlineMs
  admit(
    atMs < deadlineAtMs,
    'JOB_ENDED',
    () => `the deadline ${deadlineAtMs} is over, it is ${atMs}`,
  )
  admit(
    hold.body.untilMs >= deadlineAtMs,
    'LIMIT_EXCEEDED',
    () => `the hold ends at ${hold.body.untilMs}, before the deadline ${deadlineAtMs}`,
  )
  // a job ends within its deadline and a bound, also if nobody ever bids
  admit(
    hold.body.untilMs <= deadlineAtMs + LIMITS.holdAfterDeadlineMsMax,
    'LIMIT_EXCEEDED',
    () => `the hold ends at ${hold.body.untilMs}, long after the deadline ${deadlineAtMs}`,
  )
  admit(
    !ledger.jobs.has(textOf(manifest.cid)),
    'HOLD_DUPLICATE',
    () => `job ${manifest.cid} has a hold`,
  )
  const charter = charterAt(ledger, ledger.size)
  ensureRole(charter, manifest.author, 'member')
  ensureVerifiable(charter, manifest)
  const { rule } = body
  if (rule !== null && 'module' in rule) ensureSelection(rule, ledger.policies)
  return manifest
}

/** Refuses with AUTHOR_MISMATCH unless `did` is the charter's one writer. */
export function ensureWriter(ledger: LedgerState, did: string, index: number): void {
  const { writer } = charterAt(ledger, index).body
  admit(did === writer, 'AUTHOR_MISMATCH', () => `only the writer ${writer} seals this, not ${did}`)
}

function ensureDecision(
  ledger: LedgerState,
  decision: Decision,
  hold: Hold,
  manifest: Manifest,
  atMs: number,
): void {
  // the decision is an entry now, so the size is one more; charter and counters are unchanged
  const { body } = decideHold(ledger, hold, manifest, atMs)
  admit(
    sameValue(body, decision.body),
    'DECISION_MISMATCH',
    'deciding again on the counters of that moment gives another decision',
  )
}
