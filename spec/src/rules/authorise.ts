/**
 * May this holder use this much, here, now? The answer of the charter's policies as a pure function
 * of what was asked and what had been counted, so that whoever holds the `decision` record can
 * decide again without counting. Source: requirements S1-1 … S1-3, protocol.md "Submit".
 */
import type { Code } from '../errors.ts'
import type { Charter, Policy } from '../records/kinds/charter.ts'
import type { AuthorisationRequest, AuthorisationValues } from '../records/kinds/decision.ts'
import type { Token } from '../records/kinds/token.ts'
import { readPolicyHeader } from '../wire/policy-header.ts'
import { NO_POLICIES, type Policies } from './policy/policies.ts'
import { periodsAsked } from './policy/question.ts'
import { type FiredRule, ruleCcl } from './policy/rule-ccl.ts'
import { checkTokenChain } from './token-chain.ts'

/** One rule's answer; `asked`, `available` and `limit` stand in every refusal. */
export type Ruling = {
  rule: string
  effect: 'allow' | 'deny'
  code: Code | null
  detail: string
  asked: number
  available: number
  limit: number
  /** Of a policy in CCL: the numbers it saw, by their paths, which stand in its refusal instead. */
  numbers?: Readonly<Record<string, number>>
  /** Of a policy in CCL: its rules that fired or erred, what they took, what they logged. */
  fired?: readonly FiredRule[]
  steps?: number
  log?: readonly string[]
}

export type Authorisation = { effect: 'allow' | 'deny'; rulings: Ruling[] }

/**
 * Default deny, and a deny overrides every allow: the token must hold and every policy that the
 * charter sets for (scope, type) must allow. Equal to a limit is allowed (decisions 4).
 *
 * `tokens` is the token that pays, then its parents up to the one an issuer sealed. `policies` is
 * asked for those in CCL.
 */
export function authorise(input: {
  charter: Charter
  tokens: readonly Token[]
  request: AuthorisationRequest
  values: AuthorisationValues
  policies?: Policies
}): Authorisation {
  const { charter, tokens, request, values, policies = NO_POLICIES } = input
  const rulings = [checkTokenChain(charter, tokens, request, values.tokenFree)]
  const inForce = policiesFor(charter, request.scope, request.resourceType)
  let counted = 0
  for (const policy of inForce) {
    const end = counted + periodsOf(policy).length
    const usedInPeriods = values.usedInPeriods.slice(counted, end)
    counted = end
    rulings.push(
      policy.type === 'ccl'
        ? ruleCcl(policy, { charter, request, values, usedInPeriods }, policies)
        : rule(policy, request, values.used, usedInPeriods[0] ?? Number.NaN),
    )
  }
  if (inForce.length === 0) {
    const place = `${request.scope} ${request.resourceType}`
    rulings.push(deny('policy', 'NOT_PERMITTED', `the charter has no policy for ${place}`, request))
  }
  const denied = rulings.some(({ effect }) => effect === 'deny')
  return { effect: denied ? 'deny' : 'allow', rulings }
}

/** The policies that a charter sets for one scope and resource type, in its order. */
export function policiesFor(charter: Charter, scope: string, resourceType: string): Policy[] {
  return charter.body.policies
    .filter((entry) => entry.scope === scope && entry.resourceType === resourceType)
    .map((entry) => entry.policy)
}

/** The sliding periods in which a policy counts use, in ms: those of the decision's counters. */
export function periodsOf(policy: Policy): number[] {
  switch (policy.type) {
    case 'rate-limit':
      return [policy.periodMs]
    case 'ccl':
      return periodsAsked(readPolicyHeader(policy.module))
    default:
      return []
  }
}

function rule(
  policy: Exclude<Policy, { type: 'ccl' }>,
  request: AuthorisationRequest,
  used: number,
  usedInPeriod: number,
): Ruling {
  const asked = request.amount
  switch (policy.type) {
    case 'allow-all':
      return ruling('allow-all', asked, asked, asked, null, 'everybody may')
    case 'quota': {
      const available = Math.max(0, policy.amount - used)
      const text = `${asked} asked, ${used} of ${policy.amount} in use`
      const code = asked <= policy.amount - used ? null : 'QUOTA_EXCEEDED'
      return ruling('quota', asked, available, policy.amount, code, text)
    }
    case 'rate-limit': {
      const available = Math.max(0, policy.amount - usedInPeriod)
      const inUse = `${usedInPeriod} of ${policy.amount} used in ${policy.periodMs} ms`
      const text = `${asked} asked, ${inUse}`
      // NaN if a decision records too few counters: that denies
      const code = asked <= policy.amount - usedInPeriod ? null : 'RATE_EXCEEDED'
      return ruling('rate-limit', asked, available, policy.amount, code, text)
    }
    case 'permit-list': {
      const listed = policy.holders.includes(request.holder)
      const text = `${request.holder} is ${listed ? '' : 'not '}listed`
      const code = listed ? null : 'NOT_PERMITTED'
      return ruling('permit-list', asked, listed ? asked : 0, listed ? asked : 0, code, text)
    }
  }
}

function ruling(
  name: string,
  asked: number,
  available: number,
  limit: number,
  code: Code | null,
  detail: string,
): Ruling {
  return {
    rule: name,
    effect: code === null ? 'allow' : 'deny',
    code,
    detail,
    asked,
    available,
    limit,
  }
}

function deny(name: string, code: Code, detail: string, request: AuthorisationRequest): Ruling {
  return ruling(name, request.amount, 0, 0, code, detail)
}
