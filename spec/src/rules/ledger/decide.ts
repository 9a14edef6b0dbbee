/**
 * Deciding a hold: what the policies are asked, with the counters of this very moment. The writer
 * decides once; everybody else decides again from the record and must get the same.
 */
import { textOf } from '../../records/cid.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import type { Decision } from '../../records/kinds/decision.ts'
import type { Hold } from '../../records/kinds/hold.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import type { Token } from '../../records/kinds/token.ts'
import type { SealedOf } from '../../records/record.ts'
import { type Authorisation, authorise, policiesFor } from '../authorise.ts'
import { tokenChain } from './append-token.ts'
import { charterAt } from './charter-in-force.ts'
import { type Account, accountKey, type LedgerState, type Use } from './state.ts'

export type DecisionBody = SealedOf<typeof Decision>['body']

const NO_USE: Account = { total: 0, uses: [] }

/** The decision on `hold` as the next entry at `atMs`, with every ruling behind it. */
export function decideHold(
  ledger: LedgerState,
  hold: Hold,
  manifest: Manifest,
  atMs: number,
): { body: DecisionBody; authorisation: Authorisation } {
  const charter = charterAt(ledger, ledger.size)
  const { scope, resourceType } = manifest.body
  const account = ledger.tokens.get(textOf(hold.body.token))
  const holder = hold.author
  const { total, uses } = ledger.accounts.get(accountKey(scope, resourceType, holder)) ?? NO_USE
  const values = {
    tokenFree: account?.free ?? 0,
    used: total,
    usedInPeriods: policiesFor(charter, scope, resourceType).flatMap((policy) =>
      policy.type === 'rate-limit' ? [usedSince(uses, atMs - policy.periodMs)] : [],
    ),
  }
  const amount = hold.body.amount
  const request = { holder, scope, resourceType, amount, atMs, token: hold.body.token }
  const tokens = account === undefined ? [] : tokenChain(account)
  const authorisation = authorise({ charter, tokens, request, values })
  return { body: bodyOf(charter, hold, request, values, authorisation), authorisation }
}

/** The use after `sinceMs`, which is no longer in the sliding period itself. */
function usedSince(uses: readonly Use[], sinceMs: number): number {
  let sum = 0
  for (let at = uses.length - 1; at >= 0; at--) {
    const use = uses[at] as Use
    if (use.atMs <= sinceMs) break
    sum += use.amount
  }
  return sum
}

/** Decides a recorded decision again. True if the same comes out (requirements S1-3). */
export function replayDecision(
  decision: Decision,
  charter: Charter,
  tokens: readonly Token[],
): boolean {
  const { request, values, hold, policy, rules, effect, code } = decision.body
  const authorisation = authorise({ charter, tokens, request, values })
  const again = bodyOf(charter, { cid: hold }, request, values, authorisation)
  return (
    again.policy.equals(policy) &&
    again.effect === effect &&
    again.code === code &&
    again.cost === decision.body.cost &&
    JSON.stringify(again.rules) === JSON.stringify(rules)
  )
}

function bodyOf(
  charter: Charter,
  hold: { cid: DecisionBody['hold'] },
  request: DecisionBody['request'],
  values: DecisionBody['values'],
  { effect, rulings }: Authorisation,
): DecisionBody {
  return {
    policy: charter.cid,
    hold: hold.cid,
    request,
    values,
    rules: rulings.map(({ rule, effect }) => ({ name: rule, effect })),
    effect,
    code: rulings.find((ruling) => ruling.code !== null)?.code ?? null,
    cost: rulings.length,
  }
}
