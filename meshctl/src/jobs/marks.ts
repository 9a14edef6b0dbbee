/**
 * The two check marks of a job over a running mesh: what this reader's own verification says, over
 * blocks from a store that is not the executor's, or why it could not verify. Source: decisions 9.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type CID, type Code, Refusal } from '@planetary-mesh/spec'
import type { CheckedProof } from '../proof/check-proof.ts'
import { checkMeshProof, openMeshReader } from '../proof/mesh-proof.ts'
import { markLines } from '../proof/verify-text.ts'
import type { Mesh } from './with-mesh.ts'

export type Marks = Pick<CheckedProof, 'anchored' | 'verified'> & {
  /** Undefined where the blocks could not be read or the log in them does not hold. */
  checked: CheckedProof | undefined
}

const AGAIN_MS = 500
/** Another store than the one that is asked may be a little behind. */
const BEHIND_MS = 10_000
/** Who does not answer now has said nothing against the receipt. */
const UNDECIDED: readonly Code[] = ['PEER_AWAY', 'OVERLOADED', 'LEDGER_AWAY']

/**
 * Read once or, if `patient`, until they are decided; undefined where no store that was read has a
 * receipt of the job. Refuses with NODE_AWAY alone: whatever else is wrong is a mark.
 */
export async function readMarks(
  job: CID,
  mesh: Mesh,
  patient: boolean,
): Promise<Marks | undefined> {
  const reader = openMeshReader(mesh.client, mesh.home.genesis)
  const endsAtMs = Date.now() + (patient ? BEHIND_MS : 0)
  for (;;) {
    const marks = await readOnce(job, mesh, reader)
    const isDecided = marks !== undefined && marks.verified.mark !== '…'
    if (isDecided || Date.now() >= endsAtMs) return marks
    await wait(AGAIN_MS, undefined, { signal: mesh.signal })
  }
}

async function readOnce(
  job: CID,
  { home }: Mesh,
  reader: ReturnType<typeof openMeshReader>,
): Promise<Marks | undefined> {
  try {
    const proof = await reader.proof(job)
    if (proof === undefined) return undefined
    const checked = await checkMeshProof(proof, home.genesis)
    return { anchored: checked.anchored, verified: checked.verified, checked }
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.code === 'NODE_AWAY') throw thrown
    const { code, detail } = thrown
    const mark = { mark: UNDECIDED.includes(code) ? ('…' as const) : ('✗' as const), code, detail }
    return { anchored: mark, verified: mark, checked: undefined }
  }
}

/** `Receipt CID: …` and the two lines of S1. */
export const receiptLines = (receipt: string, marks: Marks) =>
  `Receipt CID: ${receipt}\n${markLines(marks)}`

/** How the guest ended, where that is not with 0. */
export function outcomeText({ checked }: Marks): string | undefined {
  const outcome = checked?.chain?.receipt.body.result.outcome
  if (outcome === undefined || (outcome.type === 'exited' && outcome.code === 0)) return undefined
  if (outcome.type === 'exited') return `exited with ${outcome.code}`
  return outcome.type === 'trapped' ? `trapped: ${outcome.trap}` : `ended by ${outcome.type}`
}
