/**
 * Whether an award follows from the bids it lists: right chooser, right members, right winner.
 * Asked by the ledger before a lease, by the executor before it runs, by whoever verifies.
 */
import { admit } from '../../errors.ts'
import type { Award } from '../../records/kinds/award.ts'
import type { Bid } from '../../records/kinds/bid.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import type { Manifest } from '../../records/kinds/manifest.ts'
import { DEFAULT_RULE } from '../../records/kinds/rule.ts'
import { NO_POLICIES, type Policies } from '../policy/policies.ts'
import { type Past, reputation, type Standing, standingOf } from '../reputation.ts'
import { isEligible, type Ranked, select } from '../select.ts'
import { ensureRole } from './charter-in-force.ts'

/**
 * The winning bid. `bids` are the opened bids that the award lists, in its order. Refuses with
 * LINK_MISMATCH, ROLE_MISSING, AUTHOR_MISMATCH, AWARD_INVALID.
 */
export function judgeAward(input: {
  charter: Charter
  manifest: Manifest
  award: Award
  bids: readonly Bid[]
  past: Past
  policies?: Policies
}): Bid {
  const { charter, manifest, award, bids } = input
  const { body } = award
  admit(
    body.manifest.equals(manifest.cid),
    'LINK_MISMATCH',
    () => `the award is for ${body.manifest}`,
  )
  ensureBids(charter, manifest, award, bids)
  const winner = bids.find(({ cid }) => cid.equals(body.winner))
  admit(winner !== undefined, 'AWARD_INVALID', 'the winner is not among the listed bids')
  const standing = reputation(knownOf(input, winner.author))
  admit(
    isEligible(manifest, winner, standing),
    'AWARD_INVALID',
    () => `price ${winner.body.price} of at most ${manifest.body.priceMax}, reputation ${standing}`,
  )
  const ranking = rankingOf(input)
  admit(
    ranking.length === body.ranking.length &&
      ranking.every(({ bid }, index) => bid.cid.equals(body.ranking[index])),
    'AWARD_INVALID',
    'the ranking is not what the rule gives',
  )
  switch (manifest.body.chooser) {
    case 'submitter':
      admit(
        award.author === manifest.author,
        'AUTHOR_MISMATCH',
        () => `only the submitter chooses, not ${award.author}`,
      )
      return winner
    case 'home':
      ensureRole(charter, award.author, 'home')
      admit(
        ranking[0]?.bid.cid.equals(winner.cid) === true,
        'AWARD_INVALID',
        'the winner is not first in the ranking',
      )
      return winner
  }
}

type Judged = {
  manifest: Manifest
  award: Award
  bids: readonly Bid[]
  past: Past
  /** For a rule in CCL. */
  policies?: Policies
}

/** The ranking that the manifest's rule gives on the bids of an award, best first, with scores. */
export function rankingOf(judged: Judged): Ranked[] {
  const { manifest, bids, policies = NO_POLICIES } = judged
  const rule = manifest.body.rule ?? DEFAULT_RULE
  return select(manifest, bids, rule, (executor) => knownOf(judged, executor), policies)
}

/** What the award could know of an executor's past in this scope. */
function knownOf({ manifest, award, past }: Judged, executor: string): Standing {
  return standingOf(past, { scope: manifest.body.scope, executor }, award.body.logSize)
}

function ensureBids(
  charter: Charter,
  manifest: Manifest,
  award: Award,
  bids: readonly Bid[],
): void {
  admit(
    bids.length === award.body.bids.length &&
      bids.every(({ cid }, index) => cid.equals(award.body.bids[index])),
    'LINK_MISMATCH',
    'the bids given are not those that the award lists',
  )
  const bidders = new Set<string>()
  for (const bid of bids) {
    admit(
      bid.body.manifest.equals(manifest.cid),
      'LINK_MISMATCH',
      () => `bid ${bid.cid} is for another job`,
    )
    ensureRole(charter, bid.author, 'executor')
    admit(!bidders.has(bid.author), 'AWARD_INVALID', () => `${bid.author} bids twice in one award`)
    bidders.add(bid.author)
  }
}
