/**
 * Which of a person's tokens pays for a job: the one she names, else the one that fits with the
 * most left. What no token of hers would allow is refused here, before anything is sent; the ledger
 * decides all the same.
 */
import {
  type Charter,
  type CID,
  Refusal,
  type ResourceType,
  type Token,
} from '@planetary-mesh/spec'

/** A token, what the log says is left of it, and whether the log has it yet. */
export type Purse = { token: Token; free: number; isLogged: boolean }

export type Asked = {
  amount: number
  resourceType: ResourceType
  scope: string | null
  named: CID | null
  holder: string
  nowMs: number
}

/** Tokens of her own folder, and those that the log has. */
export function pursesOf(
  own: readonly Token[],
  logged: readonly { token: Token; free: number }[],
): Purse[] {
  const purses = new Map(
    own.map((token) => [`${token.cid}`, { token, free: token.body.amount, isLogged: false }]),
  )
  for (const { token, free } of logged) purses.set(`${token.cid}`, { token, free, isLogged: true })
  return [...purses.values()]
}

/**
 * Refuses with TOKEN_UNKNOWN (none, or not the one named), TOKEN_HOLDER_MISMATCH,
 * TOKEN_TYPE_MISMATCH, TOKEN_SCOPE_MISMATCH, TOKEN_ISSUER_UNKNOWN, TOKEN_EXPIRED, TOKEN_EXHAUSTED.
 */
export function chooseToken(purses: readonly Purse[], asked: Asked, charter: Charter): Purse {
  const { named, holder } = asked
  const known = named === null ? purses : purses.filter(({ token }) => token.cid.equals(named))
  if (known.length === 0) {
    const detail = named === null ? `no token of ${holder} is known` : `no token ${named} is known`
    throw new Refusal('TOKEN_UNKNOWN', detail)
  }
  const judged = known.map((purse) => ({ purse, problem: problemOf(purse, asked, charter) }))
  const fitting = judged
    .filter(({ problem }) => problem === undefined)
    .map(({ purse }) => purse)
    .sort((a, b) => b.free - a.free || (`${a.token.cid}` < `${b.token.cid}` ? -1 : 1))
  const [best] = fitting
  if (best !== undefined) return best
  // the nearest miss says most: a token that is only too small, before one of another kind
  const [nearest] = judged.sort((a, b) => rankOf(b.problem) - rankOf(a.problem))
  throw nearest?.problem ?? new Refusal('TOKEN_UNKNOWN', `no token of ${holder} is known`)
}

const ORDER = [
  'TOKEN_HOLDER_MISMATCH',
  'TOKEN_TYPE_MISMATCH',
  'TOKEN_SCOPE_MISMATCH',
  'TOKEN_ISSUER_UNKNOWN',
  'TOKEN_EXPIRED',
  'TOKEN_EXHAUSTED',
] as const

const rankOf = (problem: Refusal | undefined) =>
  (ORDER as readonly string[]).indexOf(problem?.code ?? '')

function problemOf({ token, free }: Purse, asked: Asked, charter: Charter): Refusal | undefined {
  const { body, cid } = token
  const no = (code: (typeof ORDER)[number], detail: string) => new Refusal(code, detail)
  if (body.holder !== asked.holder) {
    return no('TOKEN_HOLDER_MISMATCH', `token ${cid} is held by ${body.holder}`)
  }
  if (body.resourceType !== asked.resourceType) {
    const detail = `token ${cid} is for ${body.resourceType}, the job for ${asked.resourceType}`
    return no('TOKEN_TYPE_MISMATCH', detail)
  }
  if (asked.scope !== null && body.scope !== asked.scope) {
    const detail = `token ${cid} is for scope ${body.scope}, the job for ${asked.scope}`
    return no('TOKEN_SCOPE_MISMATCH', detail)
  }
  if (body.parent === null && !isIssuer(charter, token)) {
    return no('TOKEN_ISSUER_UNKNOWN', `${token.author} is no issuer of scope ${body.scope}`)
  }
  if (body.expiresAtMs !== null && body.expiresAtMs <= asked.nowMs) {
    const day = new Date(body.expiresAtMs).toISOString()
    return no('TOKEN_EXPIRED', `token ${cid} expired at ${day}`)
  }
  if (free < asked.amount) {
    const left = `${asked.amount} asked, ${free} of ${body.amount} left on token ${cid}`
    return no('TOKEN_EXHAUSTED', left)
  }
  return undefined
}

const isIssuer = ({ body }: Charter, { author, body: token }: Token) =>
  body.issuers.some(({ did, scopes }) => did === author && scopes.includes(token.scope))
