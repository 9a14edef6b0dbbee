/**
 * A token holds if an issuer of the charter in force sealed it, or if it narrows one that holds.
 * Checked from the token that pays up to its root. Source: requirements S1-1, protocol.md "token".
 */
import type { Code } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Charter } from '../records/kinds/charter.ts'
import type { AuthorisationRequest } from '../records/kinds/decision.ts'
import type { Token } from '../records/kinds/token.ts'
import type { Ruling } from './authorise.ts'

/** The ruling on a token chain for one request; `free` is what the ledger counts as left. */
export function checkTokenChain(
  charter: Charter,
  tokens: readonly Token[],
  request: AuthorisationRequest,
  free: number,
): Ruling {
  const problem = findProblem(charter, tokens, request, free)
  const limit = tokens[0]?.body.amount ?? 0
  return {
    rule: 'token',
    effect: problem === undefined ? 'allow' : 'deny',
    code: problem?.code ?? null,
    detail: problem?.detail ?? `${request.amount} asked, ${free} of ${limit} left`,
    asked: request.amount,
    available: problem === undefined || problem.code === 'TOKEN_EXHAUSTED' ? free : 0,
    limit,
  }
}

type Problem = { code: Code; detail: string }

function findProblem(
  charter: Charter,
  tokens: readonly Token[],
  request: AuthorisationRequest,
  free: number,
): Problem | undefined {
  const [token] = tokens
  const root = tokens.at(-1)
  if (token === undefined || root === undefined) {
    return { code: 'TOKEN_UNKNOWN', detail: `no token ${request.token}` }
  }
  const { body } = token
  if (body.holder !== request.holder) {
    const detail = `the token is held by ${body.holder}, not ${request.holder}`
    return { code: 'TOKEN_HOLDER_MISMATCH', detail }
  }
  if (body.scope !== request.scope) {
    const detail = `the token is for scope ${body.scope}, the job for ${request.scope}`
    return { code: 'TOKEN_SCOPE_MISMATCH', detail }
  }
  if (body.resourceType !== request.resourceType) {
    const detail = `the token is for ${body.resourceType}, the job for ${request.resourceType}`
    return { code: 'TOKEN_TYPE_MISMATCH', detail }
  }
  if (!isIssuer(charter, root.author, root.body.scope)) {
    const { version } = charter.body
    const detail = `${root.author} is no issuer of ${root.body.scope} in charter ${version}`
    return { code: 'TOKEN_ISSUER_UNKNOWN', detail }
  }
  for (const link of tokens) {
    const { expiresAtMs } = link.body
    if (expiresAtMs !== null && expiresAtMs <= request.atMs) {
      const detail = `the token expired at ${expiresAtMs}, it is ${request.atMs}`
      return { code: 'TOKEN_EXPIRED', detail }
    }
  }
  if (request.amount > free) {
    return {
      code: 'TOKEN_EXHAUSTED',
      detail: `${request.amount} asked, ${free} of ${body.amount} left`,
    }
  }
  return undefined
}

export function isIssuer(charter: Charter, did: string, scope: string): boolean {
  return charter.body.issuers.some((issuer) => issuer.did === did && issuer.scopes.includes(scope))
}

/** Why `child` does not narrow `parent`, or undefined. `free` is what the parent has left. */
export function delegationProblem(
  child: Token,
  parent: Token,
  free: number,
  depth: number,
): string | undefined {
  const [c, p] = [child.body, parent.body]
  if (child.author !== p.holder) return `${child.author} does not hold the parent token`
  if (c.scope !== p.scope) return `scope ${c.scope} is not the parent's ${p.scope}`
  if (c.resourceType !== p.resourceType) {
    return `type ${c.resourceType} is not the parent's ${p.resourceType}`
  }
  if (c.amount > free) return `${c.amount} asked, the parent has ${free} left`
  if (p.expiresAtMs !== null && (c.expiresAtMs === null || c.expiresAtMs > p.expiresAtMs)) {
    return `it would outlive its parent, which expires at ${p.expiresAtMs}`
  }
  if (depth > LIMITS.delegationDepthMax) return `delegated ${depth} times`
  return undefined
}
