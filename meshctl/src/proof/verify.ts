/** What a file proves about a job, without a mesh: the two check marks, or the receipt's fields. */
import { open, Receipt, Refusal } from '@planetary-mesh/spec'
import { EXIT, type Exit } from '../cli/exit.ts'
import { print, printJson } from '../cli/terminal.ts'
import { withSandbox } from '../cli/with-sandbox.ts'
import { checkProof } from './check-proof.ts'
import type { VerifyOptions } from './command.ts'
import { isVerified, verifyJson } from './proof-json.ts'
import { pickGenesis, pickReceipt, readProof } from './read-proof.ts'
import { replayJob } from './replay-job.ts'
import { receiptJson, receiptText } from './show-receipt.ts'
import { verifyText } from './verify-text.ts'

export async function verify(wanted: string | undefined, options: VerifyOptions): Promise<Exit> {
  const proof = await readProof(options.from)
  const receipt = pickReceipt(proof, wanted)
  const genesis = await pickGenesis(proof, options.charter)
  const checked = await checkProof(proof, {
    receipt,
    genesis,
    replay: async (verification) =>
      options.replay
        ? withSandbox(1, (sandbox) => replayJob(verification, proof, sandbox))
        : 'as --no-replay asked',
  })
  if (options.json) printJson(verifyJson(checked))
  else print(verifyText(checked))
  return isVerified(checked) ? EXIT.done : EXIT.refused
}

type ShowOptions = Omit<VerifyOptions, 'replay'>

/** Showing is not judging: the marks may be ✗, and the command has still done what was asked. */
export async function show(id: string, options: ShowOptions): Promise<Exit> {
  const proof = await readProof(options.from)
  const cid = pickReceipt(proof, id)
  const genesis = await pickGenesis(proof, options.charter)
  const bytes = proof.get(cid)
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid} is not in ${options.from}`)
  const receipt = open(Receipt, bytes, { cid })
  const checked = await checkProof(proof, {
    receipt: cid,
    genesis,
    replay: async () => '`meshctl verify` does',
  })
  if (options.json) printJson(receiptJson(receipt, checked))
  else print(receiptText(receipt, checked))
  return EXIT.done
}
