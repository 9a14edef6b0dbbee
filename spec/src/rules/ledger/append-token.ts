/** Tokens in the log: granted by an issuer, or narrowed from a token that the author holds. */

import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { textOf } from '../../records/cid.ts'
import type { Token } from '../../records/kinds/token.ts'
import { delegationProblem, isIssuer } from '../token-chain.ts'
import { charterAt } from './charter-in-force.ts'
import { assetKey, type LedgerState, type Logged, type TokenAccount } from './state.ts'

/**
 * Refuses with CHARTER_UNKNOWN, TOKEN_ISSUER_UNKNOWN, TOKEN_EXPIRED, TOKEN_UNKNOWN,
 * DELEGATION_REFUSED, AMOUNT_TOO_LARGE.
 */
export function appendToken(ledger: LedgerState, logged: Logged<Token>): void {
  const parent = admitToken(ledger, logged)
  const { record: token, index } = logged
  if (parent === undefined) {
    const key = assetKey(token.body)
    ledger.issued.set(key, (ledger.issued.get(key) ?? 0) + token.body.amount)
  } else {
    parent.free -= token.body.amount
    parent.delegated += token.body.amount
  }
  ledger.tokens.set(textOf(token.cid), {
    token,
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
    index,
    free: token.body.amount,
    held: 0,
    spent: 0,
    delegated: 0,
  })
}

/** The checks of a token alone: the parent account that it debits, if it has one. */
function admitToken(
  ledger: LedgerState,
  { record: token, index, atMs }: Logged<Token>,
): TokenAccount | undefined {
  const { body } = token
  admit(
    body.charter.equals(ledger.genesis),
    'CHARTER_UNKNOWN',
    () => `the token is of another federation, ${body.charter}`,
  )
  admit(
    body.issuer === null || body.issuer === token.author,
    'TOKEN_ISSUER_UNKNOWN',
    () => `the token says issuer ${body.issuer}, its author is ${token.author}`,
  )
  admit(
    body.expiresAtMs === null || body.expiresAtMs > atMs,
    'TOKEN_EXPIRED',
    () => `the token expired at ${body.expiresAtMs}, it is ${atMs}`,
  )
  if (body.parent === null) {
    const charter = charterAt(ledger, index)
    admit(
      isIssuer(charter, token.author, body.scope),
      'TOKEN_ISSUER_UNKNOWN',
      () => `${token.author} is no issuer of ${body.scope} in charter ${charter.body.version}`,
    )
    const issued = ledger.issued.get(assetKey(body)) ?? 0
    // so every later sum of holds, posts and earnings is an exact integer
    admit(
      body.amount <= LIMITS.amountMax - issued,
      'AMOUNT_TOO_LARGE',
      () => `${issued} of ${body.scope} ${body.resourceType} are issued, ${body.amount} asked`,
    )
    return undefined
  }
  const parent = ledger.tokens.get(textOf(body.parent))
  admit(parent !== undefined, 'TOKEN_UNKNOWN', () => `the parent ${body.parent} is not in the log`)
  const problem = delegationProblem(token, parent.token, parent.free, parent.depth + 1)
  admit(problem === undefined, 'DELEGATION_REFUSED', problem ?? '')
  return parent
}

/** The token of an account, then its parents up to the one an issuer sealed. */
export function tokenChain(account: TokenAccount): Token[] {
  const tokens: Token[] = []
  for (let at: TokenAccount | undefined = account; at !== undefined; at = at.parent) {
    tokens.push(at.token)
  }
  return tokens
}
