/**
 * What a file, or a running mesh, proves about a job: the two check marks, or the receipt's fields.
 */
import { type CID, open, Receipt, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printJson } from '../cli/terminal.ts'
import { type OpenSandbox, withSandbox } from '../cli/with-sandbox.ts'
import { withMesh } from '../jobs/with-mesh.ts'
import { type CheckedProof, checkProof, type Replay } from './check-proof.ts'
import type { VerifyOptions } from './command.ts'
import { openMeshReader } from './mesh-proof.ts'
import type { Proof } from './proof.ts'
import { isVerified, verifyJson } from './proof-json.ts'
import { type Genesis, parseCharter, pickGenesis, pickReceipt, readProof } from './read-proof.ts'
import { replayJob } from './replay-job.ts'
import { receiptJson, receiptText } from './show-receipt.ts'
import { verifyText } from './verify-text.ts'

export async function verify(
  wanted: string | undefined,
  options: VerifyOptions,
  open?: OpenSandbox,
): Promise<Exit> {
  const { proof, receipt, genesis } = await gather(wanted, options)
  const replay: Replay = async (verification) =>
    options.replay
      ? withSandbox(1, (sandbox) => replayJob(verification, proof, sandbox), open)
      : 'as --no-replay asked'
  const checked = await checkProof(proof, { receipt, genesis, replay })
  if (options.json) printJson(verifyJson(checked))
  else print(verifyText(checked))
  return isVerified(checked) ? EXIT.done : EXIT.refused
}

type ShowOptions = Omit<VerifyOptions, 'replay'>

/** Showing is not judging: the marks may be ✗, and the command has still done what was asked. */
export async function show(id: string | undefined, options: ShowOptions): Promise<Exit> {
  const { proof, receipt: cid, genesis } = await gather(id, options)
  const bytes = proof.get(cid)
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid} is not in ${options.from}`)
  const receipt = open(Receipt, bytes, { cid })
  const checked: CheckedProof = await checkProof(proof, {
    receipt: cid,
    genesis,
    replay: async () => '`meshctl verify` does',
  })
  if (options.json) printJson(receiptJson(receipt, checked))
  else print(receiptText(receipt, checked))
  return EXIT.done
}

type Gathered = { proof: Proof; receipt: CID; genesis: Genesis }

async function gather(wanted: string | undefined, options: ShowOptions): Promise<Gathered> {
  if (options.from !== undefined) {
    const proof = await readProof(options.from)
    const receipt = pickReceipt(proof, wanted)
    return { proof, receipt, genesis: await pickGenesis(proof, options.charter) }
  }
  if (wanted === undefined) {
    throw new UsageError('which receipt?', 'name a job or receipt, or give --from CAR')
  }
  return gatherFromMesh(wanted, options)
}

/** Refuses with JOB_UNKNOWN, RECEIPT_UNKNOWN, PEER_AWAY, NODE_AWAY. */
function gatherFromMesh(
  wanted: string,
  { node, charter }: Pick<ShowOptions, 'node' | 'charter'>,
): Promise<Gathered> {
  return withMesh(node === undefined ? {} : { node }, async (mesh) => {
    const genesis: Genesis =
      charter === undefined
        ? { cid: mesh.home.genesis, from: 'home' }
        : { cid: parseCharter(charter), from: 'option' }
    const reader = openMeshReader(mesh.client, genesis.cid)
    const id = await reader.find(wanted)
    const proof = await reader.proof(id)
    if (proof === undefined) {
      throw new Refusal(
        'RECEIPT_UNKNOWN',
        `the log has no receipt ${id}, and no job ${id} with one`,
      )
    }
    note(`read from the store of ${mesh.nameOf(proof.source)}, through ${mesh.home.node}\n`)
    return { proof, receipt: proof.receipt.cid, genesis }
  })
}
