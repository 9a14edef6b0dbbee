/** `meshctl get-bids`: the bids that open as signed records of this job, or why nobody bids. */
import { setTimeout as wait } from 'node:timers/promises'
import { type Bid, type CID, hasRole } from '@planetary-mesh/spec'
import { bidsTable } from '../cli/bids-table.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { pairs } from '../cli/table.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { findJob } from './find-job.ts'
import { type Mesh, type MeshOptions, withMesh } from './with-mesh.ts'

export type Offer = { bid: Bid; reputation: number }
export type JobIdOptions = MeshOptions & { jobId: string }

export type Offers = {
  offers: readonly Offer[]
  passes: readonly { node: string; code: string; detail: string }[]
  /** Every node has answered, or the window is over. */
  closed: boolean
  /** False of a job that is over where the node no longer knows why nobody bid. */
  remembered: boolean
  /** What the node showed as bids and is none. */
  leftOut: number
}

export function getBids(options: JobIdOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const job = await findJob(mesh.client, options.jobId)
    const found = await awaitOffers(job, mesh, ({ closed }) => closed)
    if (options.json) printJson(bidsJson(job, found, mesh))
    else tell(found, mesh)
    return EXIT.done
  })
}

/** A bid window takes half a second; what there is after this is shown. */
const PATIENCE_MS = 3000
const POLL_MS = 100

/** The offers once `enough` says so, or what there is after a while. */
export async function awaitOffers(
  job: CID,
  mesh: Mesh,
  enough: (found: Offers) => boolean,
): Promise<Offers> {
  const endsAtMs = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await readOffers(job, mesh)
    if (enough(found) || Date.now() >= endsAtMs) return found
    await wait(POLL_MS, undefined, { signal: mesh.signal })
  }
}

/**
 * The newest bid of each member that may bid. Bids of another job, of strangers and what does not
 * open are left out and counted. Refuses with JOB_UNKNOWN, NODE_AWAY.
 */
async function readOffers(job: CID, mesh: Mesh): Promise<Offers> {
  const { bids, refused, ...said } = await mesh.client.bids(job)
  const byNode = new Map<string, Offer>()
  let leftOut = refused.length
  for (const { bid, reputation } of bids) {
    const isOne = bid.body.manifest.equals(job) && hasRole(mesh.charter, bid.author, 'executor')
    if (!isOne) {
      leftOut += 1
      continue
    }
    const before = byNode.get(bid.author)
    const isNewer = (before?.bid.body.validUntilMs ?? -1) < bid.body.validUntilMs
    if (isNewer) byNode.set(bid.author, { bid, reputation })
  }
  const name = ({ bid }: Offer) => mesh.nameOf(bid.author)
  const offers = [...byNode.values()].sort((a, b) => (name(a) < name(b) ? -1 : 1))
  return { ...said, offers, leftOut }
}

function tell({ offers, leftOut, ...said }: Offers, mesh: Mesh): void {
  if (leftOut > 0) {
    const what = leftOut === 1 ? '1 bid does' : `${leftOut} bids do`
    note(`meshctl: ${what} not open as signed bids on this job, and are left out\n`)
  }
  if (offers.length > 0) {
    const rows = offers.map(({ bid, reputation }) => ({
      node: mesh.nameOf(bid.author),
      price: bid.body.price,
      expectedMs: bid.body.expectedMs,
      reputation,
      location: bid.body.location,
    }))
    print(`\n${bidsTable(rows)}`)
    return
  }
  if (said.remembered) {
    print(said.closed ? 'Nobody has bid.\n' : 'Nobody has bid yet: ask again in a moment.\n')
  } else print('No bid on this job was taken.\n')
  const why = whyNobody(said, mesh)
  if (why !== '') print(`\n${why}`)
}

/** Why nobody bid, a line for each node that said so; empty while nobody has. */
export function whyNobody(
  { passes, remembered }: Pick<Offers, 'passes' | 'remembered'>,
  mesh: Pick<Mesh, 'home' | 'nameOf'>,
): string {
  if (!remembered) {
    return `Why not is not known here: ${mesh.home.node} does not remember what nodes said.\n`
  }
  const rows = passes.map(({ node, code, detail }): [string, string] => [
    `  ${printable(mesh.nameOf(node))}`,
    printable(`${code}: ${detail}`),
  ])
  return rows.length === 0 ? '' : `Why not:\n${pairs(rows)}`
}

function bidsJson(job: CID, { offers, passes, closed, remembered, leftOut }: Offers, mesh: Mesh) {
  return {
    job: `${job}`,
    closed,
    bids: offers.map(({ bid, reputation }) => ({
      bid: `${bid.cid}`,
      node: mesh.nameOf(bid.author),
      did: bid.author,
      price: bid.body.price,
      expectedMs: bid.body.expectedMs,
      validUntilMs: bid.body.validUntilMs,
      reputation,
      location: bid.body.location,
    })),
    passes: passes.map(({ node, code, detail }) => ({
      node: mesh.nameOf(node),
      did: node,
      code,
      detail,
    })),
    remembered,
    leftOut,
  }
}
