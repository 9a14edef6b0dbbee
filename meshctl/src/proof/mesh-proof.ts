/**
 * What proves a receipt of a running mesh: the log from a store that is not the executor's, and the
 * files of the job. A check mark is only ever what `verifyChain` says over these (decisions 9).
 */
import type { ControlClient } from '@planetary-mesh/peer'
import {
  attempt,
  type Block,
  type CID,
  Cosignature,
  type Did,
  ensureHash,
  isDid,
  type Job,
  LIMITS,
  type Manifest,
  type Receipt,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import { findByBeginning, wholeCid } from '../cli/ids.ts'
import { type CheckedProof, checkProof, type Replay } from './check-proof.ts'
import { type LogCopy, openLogCopy } from './log-copy.ts'
import { type Proof, proofOf } from './proof.ts'
import { openReader } from './reader.ts'

/** Where the log was read: a node of the mesh, by DID. */
export type MeshProof = Proof & { source: string; receipt: Receipt; manifest: Manifest }

export type MeshReader = {
  /**
   * The job or receipt that a whole CID, or its beginning of at least 8 characters, names in the
   * log. Refuses with JOB_UNKNOWN; several are a usage error that names them.
   */
  find(text: string): Promise<CID>
  /**
   * Reads on, and gives the proof of the receipt of that CID, or of the one that counts for the job
   * of that CID; undefined where the log has none yet.
   */
  proof(id: CID): Promise<MeshProof | undefined>
}

/**
 * Reads through `client`. The log comes from the store of the node that is asked, or, where that
 * node ran the job, from another member's that it is connected to, the federation first. Refuses
 * with PEER_AWAY when there is no other.
 */
export function openMeshReader(client: ControlClient, genesis: CID): MeshReader {
  let source: { did: string; log: LogCopy } | undefined
  const files = new Map<string, Block>()
  const reader = openReader()

  const ask = async (): Promise<{ did: string; log: LogCopy }> => {
    const { did } = await client.node()
    return { did, log: openLogCopy(client, genesis, { reader }) }
  }

  /** The other sources in turn, until one answers. */
  const askOther = async (executor: string, id: CID) => {
    let refused: Refusal | undefined
    for (const did of await othersThan(client, executor)) {
      const log = openLogCopy(client, genesis, { via: did, reader })
      try {
        await log.read()
        const found = findReceipt(log, id)
        if (found !== undefined) return { did, log, found }
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown
        refused = thrown
      }
    }
    if (refused !== undefined) throw refused
    return undefined
  }

  return {
    async find(text) {
      const whole = wholeCid(text)
      if (whole !== undefined) return whole
      source ??= await ask()
      await source.log.read()
      const found = findByBeginning(text, idsIn(source.log), 'job or receipt')
      if (found !== undefined) return found
      throw new Refusal('JOB_UNKNOWN', `no job or receipt in the log begins with '${text}'`)
    },
    async proof(id) {
      source ??= await ask()
      await source.log.read()
      let found = findReceipt(source.log, id)
      if (found?.receipt.author === source.did) {
        const other = await askOther(source.did, id)
        if (other === undefined) return undefined
        source = other
        found = other.found
      }
      if (found === undefined) return undefined
      await addFiles(client, found, files)
      const { log, did } = source
      await addCosignatures(client, log)
      const roots = [found.receipt.cid, log.replica.head as CID, genesis]
      const proof = proofOf(roots, new Map([...log.blocks, ...files]), reader)
      return { ...proof, source: did, ...found }
    },
  }
}

/** Checks what `openMeshReader` gave; without `replay` the job is not run again. */
export function checkMeshProof(
  proof: MeshProof,
  genesis: CID,
  replay: Replay = async () => '`meshctl verify` does',
): Promise<CheckedProof> {
  return checkProof(proof, {
    receipt: proof.receipt.cid,
    genesis: { cid: genesis, from: 'home' },
    replay,
  })
}

type Found = { receipt: Receipt; manifest: Manifest }

/** In the fold, where only what the charter allows stands. */
function findReceipt({ replica }: LogCopy, id: CID): Found | undefined {
  const { jobs, jobOf } = replica.ledger
  const job = jobs.get(textOf(id)) ?? jobOf.get(textOf(id))
  if (job === undefined) return undefined
  const receipts = receiptsOf(job)
  const paid = job.settle?.record.body.receipt
  const chosen = jobs.has(textOf(id))
    ? (receipts.find(({ cid }) => paid?.equals(cid)) ?? receipts.at(-1))
    : receipts.find(({ cid }) => cid.equals(id))
  return chosen === undefined ? undefined : { receipt: chosen, manifest: job.manifest }
}

const receiptsOf = ({ leases }: Job): Receipt[] =>
  leases.flatMap(({ receipts }) => receipts.map(({ record }) => record))

const idsIn = ({ replica }: LogCopy): CID[] =>
  [...replica.ledger.jobs.values()].flatMap((job) => [
    job.manifest.cid,
    ...receiptsOf(job).map(({ cid }) => cid),
  ])

/** Members whose store can be read now, whoever holds the federation's roles before nodes. */
async function othersThan(client: ControlClient, executor: string): Promise<Did[]> {
  const nodes = await client.nodes()
  const others = nodes.filter(({ did, state }) => did !== executor && state === 'online')
  if (others.length === 0) {
    const detail = 'the node that is asked ran the job, and it is connected to no other'
    throw new Refusal('PEER_AWAY', detail)
  }
  const rank = ({ roles }: { roles: readonly string[] }) => (roles.includes('verifier') ? 0 : 1)
  return others
    .sort((a, b) => rank(a) - rank(b))
    .map(({ did }) => did)
    .filter(isDid)
}

/**
 * What witnesses say of this log lies beside it, in their stores and the writer's: each that is
 * there is asked for what follows the last entry. Who is away is not heard; none is believed.
 */
async function addCosignatures(client: ControlClient, log: LogCopy): Promise<void> {
  const nodes = await client.nodes()
  const here = nodes.filter(
    ({ roles, state }) => roles.includes('witness') && (state === 'online' || state === 'self'),
  )
  const from = log.replica.ledger.size
  const ask = async (via: Did) => {
    for await (const block of client.log({ from, via })) {
      ensureHash(block.cid, block.bytes)
      if (isCosignature(block)) log.blocks.set(`${block.cid}`, block)
    }
  }
  const dids = here
    .map(({ did }) => did)
    .filter(isDid)
    .slice(0, LIMITS.witnessesAskedMax)
  const asked = await Promise.allSettled(dids.map(ask))
  const failed = asked.find((one) => one.status === 'rejected' && !(one.reason instanceof Refusal))
  if (failed?.status === 'rejected') throw failed.reason
}

const isCosignature = ({ cid, bytes }: Block) =>
  !(attempt(() => Cosignature.decode(bytes, cid)) instanceof Refusal)

/** The files that the chain names; what nobody gives is left out, and is then a finding. */
async function addFiles(
  client: ControlClient,
  { receipt, manifest }: Found,
  blocks: Map<string, Block>,
): Promise<void> {
  const { module, stdin, inputs } = manifest.body
  const { output, stdout, stderr } = receipt.body.result
  const given = [module, ...(stdin === null ? [] : [stdin]), ...inputs.map(({ file }) => file)]
  for (const { cid } of [...given, stdout, stderr, output]) {
    if (blocks.has(`${cid}`)) continue
    try {
      for (const block of await readDag(client, cid)) blocks.set(`${block.cid}`, block)
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
    }
  }
}

/** Every block of a file or folder, the root first, each hashed. Refuses with BLOCK_MISSING. */
export async function readDag(
  client: Pick<ControlClient, 'dag'>,
  cid: CID,
  onBytes: (bytes: number) => void = () => {},
): Promise<Block[]> {
  const blocks: Block[] = []
  let bytes = 0
  for await (const block of client.dag(cid)) {
    ensureHash(block.cid, block.bytes)
    blocks.push(block)
    bytes += block.bytes.length
    onBytes(bytes)
  }
  return blocks
}
