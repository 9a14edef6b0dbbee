/**
 * `meshctl accept-bid`: the submitter's own award, and then the job to its end. The ranking in it
 * is computed here from this reader's own fold of the log, as anybody will compute it again.
 */
import {
  Award,
  type Bid,
  type CID,
  charterNow,
  hasRole,
  type LedgerState,
  type Manifest,
  Refusal,
  rankingOf,
  type Signer,
  seal,
  textOf,
} from '@planetary-mesh/spec'
import type { Exit } from '../cli/exit.ts'
import { note, print, printJson } from '../cli/terminal.ts'
import { openLogCopy } from '../proof/log-copy.ts'
import { findMember } from '../state/find-member.ts'
import { awaitOffers, type JobIdOptions, type Offer } from './bids.ts'
import { exitOf, tellEnding } from './ended.ts'
import { findJob } from './find-job.ts'
import { followJob, openWords, sayHowToComeBack } from './follow.ts'
import { type Mesh, withMesh } from './with-mesh.ts'
import type { JobView } from './words.ts'

export type AcceptOptions = JobIdOptions & { nodeId: string; detach?: true }

/** A winner that has not answered for this long is worth a word. */
const SILENT_MS = 10_000

export function acceptBid(options: AcceptOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const json = options.json === true
    const job = await findJob(mesh.client, options.jobId)
    const award = await makeAward(job, options.nodeId, mesh)
    // from here on it may be taken, whether or not she hears so
    sayHowToComeBack(mesh, job)
    await mesh.client.award(award)
    if (!json) print('Bid accepted successfully\n')
    if (options.detach) {
      if (json) printJson({ job: `${job}`, award: `${award.cid}` })
      return exitOf({ ok: true })
    }
    const words = openWords(json)
    const { silent, end } = noteSilence(options.nodeId, job)
    try {
      const last = await followJob(job, mesh, {
        heard(heard) {
          silent(heard)
          return words.heard(heard)
        },
      })
      const ending = await tellEnding(job, last, words.words, mesh, json)
      if (json) printJson({ award: `${award.cid}`, ...ending })
      return exitOf(ending)
    } finally {
      end()
    }
  })
}

/**
 * Refuses BID_UNKNOWN a node that has not bid, BID_EXPIRED, AWARD_INVALID a bid that the manifest
 * does not allow, AUTHOR_MISMATCH a job of somebody else, JOB_UNKNOWN, JOB_ENDED.
 */
async function makeAward(job: CID, nodeId: string, mesh: Mesh): Promise<Award> {
  const member = findMember(mesh.charter.body.members, nodeId)
  const isThere = ({ bid }: Offer) => bid.author === member.did
  const { offers } = await awaitOffers(job, mesh, ({ offers, closed }) => {
    return closed || offers.some(isThere)
  })
  const log = openLogCopy(mesh.client, mesh.home.genesis)
  await log.read()
  const { ledger } = log.replica
  const logged = ledger.jobs.get(textOf(job))
  if (logged === undefined) throw new Refusal('JOB_UNKNOWN', `${job} is not in the log`)
  if (logged.settle !== undefined) throw new Refusal('JOB_ENDED', `${job} is over`)
  const { manifest } = logged
  const signer = mesh.home.signer()
  ensureHers(manifest, signer.did, mesh)
  const charter = charterNow(ledger)
  const bids = offers
    .map(({ bid }) => bid)
    .filter(({ author }) => hasRole(charter, author, 'executor'))
  const winner = bids.find(({ author }) => author === member.did)
  if (winner === undefined) {
    const names = bids.map(({ author }) => mesh.nameOf(author)).join(', ')
    throw new Refusal(
      'BID_UNKNOWN',
      `${member.name} has not bid on it; who has: ${names || 'nobody'}`,
    )
  }
  if (winner.body.validUntilMs <= Date.now()) {
    throw new Refusal('BID_EXPIRED', `the bid of ${member.name} held until its time was over`)
  }
  return sealAward(manifest, bids, winner, ledger, signer)
}

function ensureHers({ author, body }: Manifest, did: string, mesh: Mesh): void {
  if (author !== did) {
    throw new Refusal('AUTHOR_MISMATCH', `the job is ${mesh.nameOf(author)}'s, not yours`)
  }
  if (body.chooser === 'home') {
    throw new Refusal('AUTHOR_MISMATCH', 'home chooses for this job, by its rule')
  }
}

/** The ranking is what the rule gives over the log as it was read, whoever of it she takes. */
function sealAward(
  manifest: Manifest,
  bids: readonly Bid[],
  winner: Bid,
  { past, size, policies }: LedgerState,
  signer: Signer,
): Award {
  const body = {
    manifest: manifest.cid,
    bids: bids.map(({ cid }) => cid),
    ranking: [winner.cid],
    winner: winner.cid,
    reason: 'chosen by the submitter',
    logSize: size,
  }
  const award = seal(Award, body, signer)
  const ranking = rankingOf({ manifest, award, bids, past, policies })
  if (!ranking.some(({ bid }) => bid === winner)) {
    const { priceMax } = manifest.body
    const detail = `it asks ${winner.body.price} of at most ${priceMax}, or is reputed too low`
    throw new Refusal('AWARD_INVALID', detail)
  }
  return seal(Award, { ...body, ranking: ranking.map(({ bid }) => bid.cid) }, signer)
}

/** Says so when the winner does not take the job, or loses it: nothing happens without her then. */
function noteSilence(nodeId: string, job: CID) {
  const again = `another bid: npx meshctl get-bids --job-id ${job}\n`
  const startedAt = { attempt: 0 }
  const timer = setTimeout(() => {
    note(`meshctl: ${nodeId} has not taken the job yet; to choose ${again}`)
  }, SILENT_MS)
  return {
    silent({ status }: JobView): void {
      if (status.state !== 'bidding') clearTimeout(timer)
      if (status.state === 'leased') startedAt.attempt = status.attempt
      if (status.state === 'bidding' && startedAt.attempt > 0) {
        startedAt.attempt = 0
        note(`meshctl: ${nodeId} gave the job back without a result; to choose ${again}`)
      }
    },
    end: () => clearTimeout(timer),
  }
}
