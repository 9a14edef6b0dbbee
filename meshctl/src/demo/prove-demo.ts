/**
 * What the demo may claim: every block is collected, written into one CAR file, and checked as any
 * stranger would check it, from the stores of the federation, which did not run the job.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Blocks, writeCar } from '@planetary-mesh/peer'
import {
  attempt,
  type Block,
  type Charter,
  type CID,
  Cosignature,
  Refusal,
  readDirectory,
  type Sandbox,
} from '@planetary-mesh/spec'
import { type CheckedProof, checkProof } from '../proof/check-proof.ts'
import { proofOf } from '../proof/proof.ts'
import { replayJob } from '../proof/replay-job.ts'
import type { LocalMesh } from './local-mesh.ts'

/** Who is read from: members that are no executors. */
const isRead = (name: string) => name.startsWith('federation-')
/** How long the log and its cosignatures may take to come around. */
const SPREAD_MS = 5000
const POLL_MS = 20

/** Changes a block on its way to the reader. */
export type Tamper = (block: Block) => Block

export type DemoProof = {
  checked: CheckedProof
  /** The output files by path; none unless the receipt is verified. */
  files: ReadonlyMap<string, Uint8Array>
}

export async function proveDemo(
  given: { mesh: LocalMesh; charter: Charter; receipt: CID; sandbox: Sandbox; car: string },
  tamper: Tamper,
): Promise<DemoProof> {
  const { mesh, charter, receipt, sandbox } = given
  const head = await newestAnchor(mesh)
  await awaitWitnesses(mesh, head)
  const roots = [receipt, head, charter.cid]
  await writeCar(given.car, roots, allBlocks(mesh))
  const blocks = new Map<string, Block>()
  for (const [name, store] of mesh.stores) {
    if (!isRead(name)) continue
    for await (const block of store.all()) blocks.set(`${block.cid}`, tamper(block))
  }
  const proof = proofOf(roots, blocks)
  const checked = await checkProof(proof, {
    receipt,
    genesis: { cid: charter.cid, from: 'option' },
    replay: (verification) => replayJob(verification, proof, sandbox),
  })
  const { output } = checked.chain?.receipt.body.result ?? {}
  const isGood = checked.verified.mark === '✓' && output !== undefined
  const files = isGood ? readDirectory(output, proof.get) : []
  return { checked, files: new Map(files.map(({ path, bytes }) => [path, bytes])) }
}

async function* allBlocks({ stores }: LocalMesh): AsyncIterable<Block> {
  for (const store of stores.values()) yield* store.all()
}

/** The head of the log at a federation member, once it has read as much as anybody has. */
async function newestAnchor({ processes }: LocalMesh): Promise<CID> {
  const size = Math.max(...[...processes.values()].map(({ replica }) => replica.ledger.size))
  const endsAtMs = Date.now() + SPREAD_MS
  for (;;) {
    const [read] = [...processes]
      .filter(([name, { replica }]) => isRead(name) && replica.ledger.size >= size)
      .map(([, { replica }]) => replica.head)
    if (read !== undefined && read !== null) return read
    if (Date.now() > endsAtMs) {
      throw new Refusal('ANCHOR_MISSING', `no federation member has read ${size} entries`)
    }
    await wait(POLL_MS)
  }
}

/** Witnesses cosign a moment after the anchor: wait for those of the newest, not for ever. */
async function awaitWitnesses({ stores, processes }: LocalMesh, head: CID): Promise<void> {
  const writer = stores.get('federation-1')
  const witnesses = [...processes.keys()].filter(isRead).length
  const endsAtMs = Date.now() + SPREAD_MS
  while (writer !== undefined && Date.now() < endsAtMs) {
    if ((await countNotes(writer, head)) >= witnesses) return
    await wait(POLL_MS)
  }
}

async function countNotes(store: Blocks, head: CID): Promise<number> {
  let count = 0
  for await (const { cid, bytes } of store.all()) {
    const note = attempt(() => Cosignature.decode(bytes, cid))
    if (!(note instanceof Refusal) && note.anchor.equals(head)) count += 1
  }
  return count
}
