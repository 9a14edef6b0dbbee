/**
 * Which bid wins: a pure function of the manifest, the rule and the bids, so that anybody who
 * holds an award recomputes it. Scores are integers and normalised by the manifest, never by the
 * other bids: a shill bid cannot turn the order of two others. Source: decisions 14.
 */
import { sha256 } from '../records/cid.ts'
import type { Bid } from '../records/kinds/bid.ts'
import type { Manifest } from '../records/kinds/manifest.ts'
import type { ChoiceRule, SelectionRule } from '../records/kinds/rule.ts'
import { NO_POLICIES, type Policies } from './policy/policies.ts'
import { rankByCcl } from './policy/rank-by-ccl.ts'
import { onTimePpm, reputation, type Standing } from './reputation.ts'

const ONE = 1_000_000

export type Ranked = { bid: Bid; score: number; reputation: number }

/** The bids that may win, best first; the first is the winner. Ineligible bids are left out. */
export function select(
  manifest: Manifest,
  bids: readonly Bid[],
  rule: ChoiceRule,
  standingOf: (executor: string) => Standing,
  policies: Policies = NO_POLICIES,
): Ranked[] {
  const known = bids
    .map((bid) => {
      const standing = standingOf(bid.author)
      return { bid, standing, reputation: reputation(standing) }
    })
    .filter(({ bid, reputation }) => isEligible(manifest, bid, reputation))
    .map((candidate) => ({ ...candidate, tie: tieBreak(manifest, candidate.bid) }))
    .sort(
      (a, b) =>
        Buffer.compare(a.tie, b.tie) ||
        // only two bids of one author come this far: no award may list both, but order them too
        Buffer.compare(a.bid.cid.bytes, b.bid.cid.bytes),
    )
  if ('module' in rule) {
    const asked = known.map(({ bid, standing }) => ({ manifest, bid, standing }))
    const reputations = new Map(known.map(({ bid, reputation }) => [bid, reputation]))
    return rankByCcl(rule, asked, policies).map(({ bid, score }) => ({
      bid,
      score: Number(score),
      reputation: reputations.get(bid) ?? 0,
    }))
  }
  return known
    .map(({ bid, standing, reputation }) => ({
      bid,
      score: score(manifest, bid, rule, standing),
      reputation,
    }))
    .sort((a, b) => b.score - a.score)
}

/** Within the submitter's price and above her least reputation. */
export function isEligible({ body }: Manifest, bid: Bid, reputation: number): boolean {
  return bid.body.price <= body.priceMax && reputation >= body.trust.reputationMin
}

function score({ body }: Manifest, bid: Bid, rule: SelectionRule, standing: Standing): number {
  const { price, free } = bid.body
  const pricePpm = body.priceMax === 0 ? 0 : share(price, body.priceMax)
  const fits =
    free.slots >= 1 && free.memoryPages >= body.memoryPagesMax && free.cores >= body.coresMin
  return (
    weighted(rule.price, ONE - pricePpm) +
    weighted(rule.resources, fits ? ONE : 0) +
    weighted(rule.reputation, reputation(standing) * 10_000) +
    weighted(rule.timeliness, onTimePpm(standing))
  )
}

const share = (part: number, whole: number) => Number((BigInt(part) * BigInt(ONE)) / BigInt(whole))

const weighted = (weightPpm: number, ppm: number) => Math.floor((weightPpm * ppm) / ONE)

/** Equal scores go by sha-256(manifest CID ‖ DID), which nobody can choose beforehand. */
function tieBreak(manifest: Manifest, bid: Bid): Uint8Array {
  return sha256(Buffer.concat([manifest.cid.bytes, Buffer.from(bid.author)]))
}
