/**
 * Conservation: per asset, issued = free + held + spent + returned, and what was spent is what
 * executors earned. *Returned* is what was unspent when its token expired or lost its issuer; it is
 * derived, never written (decisions 34, invariant 4).
 */
import { isIssuer } from '../token-chain.ts'
import { tokenChain } from './append-token.ts'
import { charterNow } from './charter-in-force.ts'
import type { LedgerState } from './state.ts'

export type Balance = {
  scope: string
  resourceType: string
  issued: number
  free: number
  held: number
  spent: number
  returned: number
  earned: number
}

/** The balances of every (scope, resource type), at the time of the last entry. */
export function balances(ledger: LedgerState): Balance[] {
  const byAsset = new Map<string, Balance>()
  const of = (scope: string, resourceType: string): Balance => {
    const key = `${scope}|${resourceType}`
    const found = byAsset.get(key)
    if (found !== undefined) return found
    const none = { issued: 0, free: 0, held: 0, spent: 0, returned: 0, earned: 0 }
    const balance = { scope, resourceType, ...none }
    byAsset.set(key, balance)
    return balance
  }
  for (const account of ledger.tokens.values()) {
    const { scope, resourceType, amount } = account.token.body
    const balance = of(scope, resourceType)
    if (account.parent === undefined) balance.issued += amount
    if (isUsable(ledger, account)) balance.free += account.free
    else balance.returned += account.free
    balance.held += account.held
    balance.spent += account.spent
  }
  for (const [key, earned] of ledger.earned) {
    const [scope, resourceType] = key.split('|') as [string, string]
    of(scope, resourceType).earned += earned
  }
  return [...byAsset.values()]
}

/** What breaks conservation, one sentence each; none in a log that `append` accepted. */
export function conservationProblems(ledger: LedgerState): string[] {
  const problems = balances(ledger).flatMap((balance) => {
    const { scope, resourceType, issued, free, held, spent, returned, earned } = balance
    const asset = `${scope} ${resourceType}`
    const sum = free + held + spent + returned
    return [
      ...(issued === sum ? [] : [`${asset}: issued ${issued}, but ${sum} are accounted for`]),
      ...(spent === earned ? [] : [`${asset}: spent ${spent}, but ${earned} were earned`]),
      ...(Math.min(free, held, spent, returned) < 0 ? [`${asset}: a balance is negative`] : []),
    ]
  })
  for (const { token, free, held, spent, delegated } of ledger.tokens.values()) {
    if (free + held + spent + delegated !== token.body.amount || Math.min(free, held) < 0) {
      problems.push(`token ${token.cid}: ${free} + ${held} + ${spent} + ${delegated}`)
    }
  }
  return problems
}

function isUsable(ledger: LedgerState, account: Parameters<typeof tokenChain>[0]): boolean {
  const tokens = tokenChain(account)
  const root = tokens.at(-1)
  return (
    root !== undefined &&
    isIssuer(charterNow(ledger), root.author, root.body.scope) &&
    tokens.every(({ body }) => body.expiresAtMs === null || body.expiresAtMs > ledger.lastAtMs)
  )
}
