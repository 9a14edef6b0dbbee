/**
 * Jobs sealed but not sent: which token pays, which files go along. What the mesh would refuse
 * anyway is refused here, with one sentence, before a byte is uploaded.
 */
import { randomBytes } from 'node:crypto'
import { admit as admitModule, COMPONENT_PROFILE, RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import {
  type Block,
  type CID,
  type Hold,
  isComponent,
  type Manifest,
  Refusal,
  type Token,
} from '@planetary-mesh/spec'
import { chooseToken, type Purse, pursesOf } from './choose-token.ts'
import { prepareFiles } from './job-files.ts'
import type { Plans } from './read-plans.ts'
import { sealJob } from './seal-job.ts'
import type { Mesh } from './with-mesh.ts'

export type Draft = {
  manifest: Manifest
  hold: Hold
  purse: Purse
  /** What the token had left before this job. */
  free: number
  /** Tokens that the log does not have yet, parents first. */
  tokens: readonly Token[]
}

export type Drafts = { drafts: readonly Draft[]; blocks: readonly Block[] }

/**
 * Refuses with TOKEN_…, BLOCK_MISSING, FILE_TOO_LARGE, FILE_MALFORMED, MODULE_REFUSED,
 * LIMIT_EXCEEDED, RECORD_MALFORMED, NODE_AWAY.
 */
export async function draftJobs(
  { plans, program, beside }: Plans,
  mesh: Mesh,
  named: CID | null,
): Promise<Drafts> {
  const signer = mesh.home.signer()
  const logged = await mesh.client.tokens(signer.did)
  let purses = pursesOf(mesh.home.tokens(), logged)
  const blocks = new Map<string, Block>()
  for (const block of program?.blocks ?? []) blocks.set(`${block.cid}`, block)
  const verifiers = mesh.charter.body.members.filter(({ roles }) => roles.includes('verifier'))
  const drafts: Draft[] = []
  for (const plan of plans) {
    const nowMs = Date.now()
    const { amount, resourceType, scope } = plan
    const asked = { amount, resourceType, scope, named, holder: signer.did, nowMs }
    const purse = chooseToken(purses, asked, mesh.charter)
    const prepared = await prepareFiles(plan, (cid) => mesh.client.block(cid), beside)
    const { module } = prepared
    if (module.isWhole) ensureModule(module.bytes, plan.memoryPagesMax)
    for (const block of prepared.blocks) blocks.set(`${block.cid}`, block)
    const given = {
      token: purse.token,
      files: prepared.files,
      program: program?.cid ?? null,
      profile: isComponent(module.bytes) ? COMPONENT_PROFILE : RUNTIME_PROFILE,
      verifiers: verifiers.length,
      createdAtMs: nowMs,
      nonce: new Uint8Array(randomBytes(16)),
    }
    const tokens = chainOf(purse, purses)
    drafts.push({ ...sealJob(plan, given, signer), purse, free: purse.free, tokens })
    // the next job of the same program pays from what this one leaves
    purses = purses.map((one) => (one === purse ? { ...one, free: one.free - amount } : one))
  }
  return { drafts, blocks: [...blocks.values()] }
}

/** Refuses with MODULE_REFUSED; which imports may be had is for the node's sandbox to say. */
function ensureModule(module: Uint8Array, memoryPagesMax: number): void {
  if (isComponent(module)) return // only a node that takes components apart can say more
  admitModule(module, { memoryPagesMax, imports: () => undefined })
}

/** The token and those it narrows, as far as the log has none of them; the root first. */
function chainOf({ token, isLogged }: Purse, purses: readonly Purse[]): Token[] {
  if (isLogged) return []
  const { parent } = token.body
  if (parent === null) return [token]
  const above = purses.find((one) => one.token.cid.equals(parent))
  if (above === undefined) {
    throw new Refusal('TOKEN_UNKNOWN', `token ${token.cid} narrows ${parent}, which is not here`)
  }
  return [...chainOf(above, purses), token]
}
