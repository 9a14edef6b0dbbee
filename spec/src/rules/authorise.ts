/**
 * May this holder use this much, here, now? The answer of the built-in policies as a pure function
 * of what was asked and what had been counted, so that whoever holds the `decision` record can
 * decide again without counting. Source: requirements S1-1 … S1-3, protocol.md "Submit".
 */
import type { Code } from '../errors.ts'
import type { Charter, Policy } from '../records/kinds/charter.ts'
import type { AuthorisationRequest, AuthorisationValues } from '../records/kinds/decision.ts'
import type { Token } from '../records/kinds/token.ts'
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
}

export type Authorisation = { effect: 'allow' | 'deny'; rulings: Ruling[] }

/**
 * Default deny, and a deny overrides every allow: the token must hold and every policy that the
 * charter sets for (scope, type) must allow. Equal to a limit is allowed (decisions 4).
 *
 * `tokens` is the token that pays, then its parents up to the one an issuer sealed.
 */
export function authorise(input: {
  charter: Charter
  tokens: readonly Token[]
  request: AuthorisationRequest
  values: AuthorisationValues
}): Authorisation {
  const { charter, tokens, request, values } = input
  const rulings = [checkTokenChain(charter, tokens, request, values.tokenFree)]
  const policies = policiesFor(charter, request.scope, request.resourceType)
  let periods = 0
  for (const policy of policies) {
    const usedInPeriod =
      policy.type === 'rate-limit' ? (values.usedInPeriods[periods++] ?? Number.NaN) : 0
    rulings.push(rule(policy, request, values.used, usedInPeriod))
  }
  if (policies.length === 0) {
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

function rule(
  policy: Policy,
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
