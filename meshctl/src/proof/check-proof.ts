/**
 * Verifies a receipt from a file alone: `verifyChain` over its blocks, with the reader's own run of
 * the job, and with every other sign that the file was altered.
 */
import {
  Anchor,
  anchorsBack,
  attempt,
  Charter,
  type CID,
  Cosignature,
  equalBytes,
  hasRole,
  open,
  openCosignature,
  Refusal,
  type Result,
  verifyChain,
} from '@planetary-mesh/spec'
import { policies } from './policies.ts'
import type { Proof } from './proof.ts'
import { type Genesis, headsOf } from './read-proof.ts'

/** What `verifyChain` says. */
export type Verification = ReturnType<typeof verifyChain>

export type Replayed = { done: boolean; reason: string | null }

export type Witnessed = { witness: string; size: number; atMs: number; anchor: CID }

export type CheckedProof = Verification & {
  receipt: CID
  head: CID
  genesis: Genesis
  /** The charter in force at the receipt; before it is known, the genesis if it opens. */
  charter: Charter | undefined
  replayed: Replayed
  /** The largest log that each witness vouches for and that this reader folded, too. */
  witnessed: Witnessed[]
}

/** Gives the reader's own result of a job, or how it was refused, or says why there is none. */
export type Replay = (verification: Verification) => Promise<Result | Refusal | string>

/**
 * Checks one receipt. Refuses with ANCHOR_MISSING a file without any anchor; everything else that
 * is wrong is a finding. `replay` is asked only when nothing was found without it.
 */
export async function checkProof(
  proof: Proof,
  asked: { receipt: CID; genesis: Genesis; replay: Replay },
): Promise<CheckedProof> {
  const { receipt, genesis } = asked
  const { get, reader } = proof
  const [head, ...others] = headsOf(proof)
  if (head === undefined) throw new Refusal('ANCHOR_MISSING', 'the file holds no anchor')
  const input = { receipt, head, genesis: genesis.cid, get, reader, policies }
  let verification = verifyChain(input)
  for (const other of others) {
    if (verification.anchored.mark === '✓') break
    const again = verifyChain({ ...input, head: other })
    if (again.anchored.mark === '✓') {
      input.head = other
      verification = again
    }
  }
  verification = withDamage(verification, proof)
  const replayed = await replayOnce(verification, asked.replay)
  if (replayed.again !== undefined) {
    verification = withDamage(verifyChain({ ...input, again: replayed.again }), proof)
  }
  const charter = verification.facts?.charter ?? openGenesis(proof, genesis.cid)
  return {
    ...verification,
    receipt,
    head: input.head,
    genesis,
    charter,
    replayed: { done: replayed.reason === null, reason: replayed.reason },
    witnessed: witnessesOf(proof, input.head, charter),
  }
}

async function replayOnce(
  verification: Verification,
  replay: Replay,
): Promise<{ again: Result | Refusal | undefined; reason: string | null }> {
  if (verification.findings.length > 0 || verification.chain === undefined) {
    return { again: undefined, reason: 'what was found without it is enough' }
  }
  const again = await replay(verification)
  if (typeof again === 'string') return { again: undefined, reason: again }
  return { again, reason: again instanceof Refusal ? `${again.code}: ${again.detail}` : null }
}

/** A file with an altered block proves nothing, even where the chain does not need that block. */
function withDamage(verification: Verification, { damage }: Proof): Verification {
  const known = (cid: CID | null) =>
    verification.findings.some((found) => `${found.cid}` === `${cid}` && cid !== null)
  const findings = [...verification.findings, ...damage.filter(({ cid }) => !known(cid))]
  const [first] = damage
  if (first === undefined || verification.verified.mark === '✗')
    return { ...verification, findings }
  const verified = { mark: '✗' as const, code: first.code, detail: first.detail }
  return { ...verification, findings, verified }
}

function openGenesis({ get }: Proof, cid: CID): Charter | undefined {
  const bytes = get(cid)
  const charter = bytes && attempt(() => open(Charter, bytes, { cid }))
  return charter instanceof Refusal ? undefined : charter
}

function witnessesOf(proof: Proof, head: CID, charter: Charter | undefined): Witnessed[] {
  const back = anchorsBack(head, proof.get)
  if ('finding' in back || charter === undefined) return []
  const name = ({ witness }: Witnessed) => nameOf(charter, witness)
  const anchors = new Map(back.anchors.map((cid) => [`${cid}`, cid]))
  const best = new Map<string, Witnessed>()
  for (const { note, anchor } of notesIn(proof)) {
    const cid = anchors.get(`${anchor}`)
    const signed = attempt(() => openCosignature(note))
    if (cid === undefined || signed instanceof Refusal) continue
    const { size, root } = Anchor.decode(proof.get(cid) ?? new Uint8Array(), cid)
    const isSame = signed.size === size && equalBytes(signed.root, root)
    const { witness, atMs } = signed
    if (!isSame || !hasRole(charter, witness, 'witness')) continue
    const before = best.get(witness)
    if (before === undefined || before.size < size) {
      best.set(witness, { witness, size, atMs, anchor: cid })
    }
  }
  return [...best.values()].sort((a, b) => b.size - a.size || (name(a) < name(b) ? -1 : 1))
}

function notesIn({ cids, get }: Proof): Cosignature[] {
  return cids.flatMap((cid) => {
    const note = attempt(() => Cosignature.decode(get(cid) ?? new Uint8Array(), cid))
    return note instanceof Refusal ? [] : [note]
  })
}

/** A member's name in the charter, else the DID itself. */
export function nameOf(charter: Charter | undefined, did: string): string {
  return charter?.body.members.find((member) => member.did === did)?.name ?? did
}
