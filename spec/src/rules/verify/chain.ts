/**
 * One job's chain of records, from receipt back to charter. Opened from blocks by whoever checks
 * offline (the first verb: *open*), or taken from the fold by a verifier that keeps the log.
 */
import { Refusal } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { AnyRecord } from '../../records/any-record.ts'
import { type CID, textOf } from '../../records/cid.ts'
import { Award } from '../../records/kinds/award.ts'
import { Bid } from '../../records/kinds/bid.ts'
import { Decision } from '../../records/kinds/decision.ts'
import { Hold } from '../../records/kinds/hold.ts'
import { Lease } from '../../records/kinds/lease.ts'
import { Manifest } from '../../records/kinds/manifest.ts'
import { Receipt } from '../../records/kinds/receipt.ts'
import { Token } from '../../records/kinds/token.ts'
import { open, type RecordKind, type Sealed } from '../../records/record.ts'
import type { Verify } from '../../records/signature.ts'
import { tokenChain } from '../ledger/append-token.ts'
import type { Job, LeaseState } from '../ledger/state.ts'
import type { Finding } from './finding.ts'
import { finding } from './finding.ts'

export type Chain = {
  receipt: Receipt
  lease: Lease
  hold: Hold
  decision: Decision
  award: Award
  bids: readonly Bid[]
  manifest: Manifest
  /** The token that pays, then its parents. */
  tokens: readonly Token[]
}

export type GetBlock = (cid: CID) => Uint8Array | undefined

/** Opens every record of the chain, or says which block stands in the way; not what is `known`. */
export function openChain(
  receiptCid: CID,
  get: GetBlock,
  { verify, known }: { verify: Verify; known: ReadonlyMap<string, AnyRecord> },
): { chain: Chain } | { findings: Finding[] } {
  const need = <K extends string, T>(kind: RecordKind<K, T>, cid: CID): Sealed<K, T> => {
    const proven = known.get(textOf(cid))
    if (proven?.kind === kind.kind) return proven as Sealed<K, T>
    const bytes = get(cid)
    if (bytes === undefined) throw new Broken(finding('BLOCK_MISSING', cid, `the ${kind.kind}`))
    try {
      return open(kind, bytes, { cid, verify })
    } catch (error) {
      if (error instanceof Refusal) throw new Broken(finding(error.code, cid, error.detail))
      throw error
    }
  }
  try {
    const receipt = need(Receipt, receiptCid)
    const lease = need(Lease, receipt.body.lease)
    const award = need(Award, lease.body.award)
    const bids = award.body.bids.map((cid) => need(Bid, cid))
    const manifest = need(Manifest, award.body.manifest)
    const hold = need(Hold, lease.body.hold)
    const decision = need(Decision, lease.body.decision)
    const tokens = openTokens(manifest.body.token, need)
    return { chain: { receipt, lease, hold, decision, award, bids, manifest, tokens } }
  } catch (error) {
    if (error instanceof Broken) return { findings: [error.finding] }
    throw error
  }
}

/** The same chain as a verifier finds it in its own fold. */
export function chainOfJob(job: Job, lease: LeaseState, receipt: Receipt): Chain {
  return {
    receipt,
    lease: lease.record,
    hold: job.hold.record,
    decision: job.decision.record,
    award: lease.award,
    bids: lease.bids,
    manifest: job.manifest,
    tokens: tokenChain(job.token),
  }
}

class Broken extends Error {
  readonly finding: Finding
  constructor(broken: Finding) {
    super(broken.detail)
    this.finding = broken
  }
}

function openTokens(first: CID, need: (kind: typeof Token, cid: CID) => Token): Token[] {
  const tokens: Token[] = []
  let cid: CID | null = first
  while (cid !== null) {
    if (tokens.length > LIMITS.delegationDepthMax) {
      throw new Broken(finding('DELEGATION_REFUSED', cid, 'delegated too often'))
    }
    const token: Token = need(Token, cid)
    tokens.push(token)
    cid = token.body.parent
  }
  return tokens
}
