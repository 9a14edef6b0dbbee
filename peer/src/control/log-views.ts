/** What the log says of members, tokens and receipts, from the process's own fold of it. */
import {
  assert,
  type Bid,
  type BidsJson,
  charterAt,
  charterNow,
  type Did,
  type HeardNode,
  type Job,
  type LedgerState,
  LIMITS,
  NEWCOMER,
  type NodesJson,
  type Pass,
  reputation,
  type Sealed,
  standingOf,
  type TokensJson,
  textOf,
  tokenChain,
  type VerdictsJson,
} from '@planetary-mesh/spec'

type Nodes = ReturnType<typeof NodesJson.parse>
type Bids = ReturnType<typeof BidsJson.parse>
type Tokens = ReturnType<typeof TokensJson.parse>
type Verdicts = ReturnType<typeof VerdictsJson.parse>

const textOfBlock = ({ bytes }: Pick<Sealed, 'bytes'>) => Buffer.from(bytes).toString('base64')

/** Roles that a person has; all others are a machine's. */
const OF_PEOPLE = ['admin', 'issuer', 'member']

export function nodesView(
  ledger: LedgerState,
  heard: readonly HeardNode[],
  given: { self: Did; isConnected: (did: Did) => boolean; nowMs: number },
): Nodes {
  if (ledger.charters.length === 0) return { nodes: [] }
  const { members } = charterNow(ledger).body
  const stateOf = (did: Did, heardAtMs: number | undefined) => {
    if (did === given.self) return 'self'
    if (given.isConnected(did)) return 'online'
    const sinceMs = given.nowMs - (heardAtMs ?? Number.NEGATIVE_INFINITY)
    return sinceMs <= LIMITS.nodeSuspectMs ? 'suspect' : 'offline'
  }
  const adverts = new Map(heard.map((advert) => [advert.node, advert]))
  const machines = members.filter(({ roles }) => roles.some((role) => !OF_PEOPLE.includes(role)))
  return {
    nodes: machines.map(({ did, name, roles }) => {
      const advert = adverts.get(did)
      return {
        did,
        name,
        roles,
        state: stateOf(did, advert?.heardAtMs),
        heardAtMs: advert?.heardAtMs ?? null,
        capacity: advert?.capacity ?? null,
      }
    }),
  }
}

/** Every bid that an award of the job considered, once. */
export function bidsInLog({ leases }: Job): Bid[] {
  return [
    ...new Map(leases.flatMap(({ bids }) => bids.map((bid) => [textOf(bid.cid), bid]))).values(),
  ]
}

/** `scope` is the job's: a reputation is one in a scope. */
export function bidsView(
  ledger: LedgerState,
  scope: string | undefined,
  given: { bids: readonly Bid[]; passes: readonly Pass[]; closed: boolean },
  { remembered } = { remembered: true },
): Bids {
  const reputationOf = (executor: Did) =>
    reputation(scope === undefined ? NEWCOMER : standingOf(ledger.past, { scope, executor }))
  return {
    bids: given.bids.map((bid) => {
      return { block: textOfBlock(bid), reputation: reputationOf(bid.author) }
    }),
    passes: given.passes.map(({ node, error: { code, detail } }) => ({ node, code, detail })),
    closed: given.closed,
    remembered,
  }
}

/** The newest first. What is left on a token that can no longer be used counts as returned. */
export function tokensView(ledger: LedgerState, holder: Did, nowMs: number): Tokens {
  if (ledger.charters.length === 0) return { tokens: [] }
  const { issuers } = charterNow(ledger).body
  const atMs = Math.max(nowMs, ledger.lastAtMs)
  const isUsable = (account: Parameters<typeof tokenChain>[0]) => {
    const chain = tokenChain(account)
    const root = chain.at(-1)
    assert(root !== undefined, 'a token chain has a root')
    const isIssued = issuers.some(
      ({ did, scopes }) => did === root.author && scopes.includes(root.body.scope),
    )
    return isIssued && chain.every(({ body }) => (body.expiresAtMs ?? atMs + 1) > atMs)
  }
  const mine = [...ledger.tokens.values()].filter(({ token }) => token.body.holder === holder)
  const newest = mine.sort((a, b) => b.index - a.index).slice(0, LIMITS.controlListMax)
  return {
    tokens: newest.map((account) => {
      const { token, free, held, spent } = account
      const left = isUsable(account) ? { free, returned: 0 } : { free: 0, returned: free }
      return { block: textOfBlock(token), held, spent, ...left }
    }),
  }
}

/** The newest receipts first. */
export function verdictsView(ledger: LedgerState, limit: number): Verdicts {
  const all = [...ledger.jobs.values()].flatMap(({ manifest, leases }) =>
    leases.flatMap(({ receipts }) => receipts.map((receipt) => ({ manifest, receipt }))),
  )
  const newest = all.sort((a, b) => b.receipt.index - a.receipt.index).slice(0, limit)
  return {
    receipts: newest.map(({ manifest, receipt }) => ({
      job: textOf(manifest.cid),
      receipt: textOf(receipt.record.cid),
      threshold: Math.max(
        charterAt(ledger, receipt.index).body.threshold,
        manifest.body.trust.threshold,
      ),
      verdicts: receipt.verdicts.map(({ record }) => textOfBlock(record)),
    })),
  }
}
