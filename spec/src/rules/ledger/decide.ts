/**
 * Deciding a hold: what the policies are asked, with the counters of this very moment. The writer
 * decides once; everybody else decides again from the record and must get the same.
 */
import { LIMITS } from '../../limits.ts'
import { sameValue } from '../../records/block-value.ts'
import { type CID, cidOf, textOf } from '../../records/cid.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import type { Decision } from '../../records/kinds/decision.ts'
import type { Hold } from '../../records/kinds/hold.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import type { Token } from '../../records/kinds/token.ts'
import type { SealedOf } from '../../records/record.ts'
import { type Authorisation, authorise, periodsOf, policiesFor } from '../authorise.ts'
import { NO_POLICIES, type Policies } from '../policy/policies.ts'
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
    usedInPeriods: policiesFor(charter, scope, resourceType)
      .flatMap(periodsOf)
      .map((periodMs) => usedSince(uses, atMs - periodMs)),
  }
  const amount = hold.body.amount
  const request = { holder, scope, resourceType, amount, atMs, token: hold.body.token }
  const tokens = account === undefined ? [] : tokenChain(account)
  const { policies } = ledger
  const authorisation = authorise({ charter, tokens, request, values, policies })
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
  policies: Policies = NO_POLICIES,
): boolean {
  const { request, values, hold, policy, rules, effect, code } = decision.body
  const authorisation = authorise({ charter, tokens, request, values, policies })
  const again = bodyOf(charter, { cid: hold }, request, values, authorisation)
  return (
    again.policy.equals(policy) &&
    again.effect === effect &&
    again.code === code &&
    again.cost === decision.body.cost &&
    sameValue(again.rules, rules) &&
    sameValue(again.log ?? [], decision.body.log ?? [])
  )
}

function bodyOf(
  charter: Charter,
  hold: { cid: DecisionBody['hold'] },
  request: DecisionBody['request'],
  values: DecisionBody['values'],
  { effect, rulings }: Authorisation,
): DecisionBody {
  const log = rulings.flatMap(({ log = [] }) => log).slice(0, LIMITS.cclEffectsMax)
  return {
    policy: decidedBy(charter, request),
    hold: hold.cid,
    request,
    values,
    rules: rulings
      .flatMap(({ fired, rule, effect }) => fired ?? [{ name: rule, effect }])
      .slice(0, RULES_MAX),
    effect,
    code: rulings.find((ruling) => ruling.code !== null)?.code ?? null,
    cost: rulings.reduce((sum, { steps = 0 }) => sum + steps, rulings.length),
    ...(log.length === 0 ? {} : { log }),
  }
}

/** What a decision has room for; the first ones count. */
const RULES_MAX = 256

/** The file CID of the first policy in CCL; where there is none, the charter. */
function decidedBy(charter: Charter, { scope, resourceType }: DecisionBody['request']): CID {
  const compiled = policiesFor(charter, scope, resourceType).find(({ type }) => type === 'ccl')
  return compiled?.type === 'ccl' ? cidOf('raw', compiled.module) : charter.cid
}
