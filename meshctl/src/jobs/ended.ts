/** The end of a job as a command tells it: receipt and check marks, or why there are none. */
import type { CID } from '@planetary-mesh/spec'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print } from '../cli/terminal.ts'
import type { CheckedProof } from '../proof/check-proof.ts'
import { awaitOffers, whyNobody } from './bids.ts'
import { type Marks, outcomeText, readMarks, receiptLines } from './marks.ts'
import type { Mesh } from './with-mesh.ts'
import { isOver, type JobView, receiptOf, sentenceOf, type Word, wordOf } from './words.ts'

export type Ending = {
  job: string
  ok: boolean
  state: string
  words: readonly Word[]
  receipt: string | null
  outcome: string | null
  exitCode: number | null
  anchored: CheckedProof['anchored'] | null
  verified: CheckedProof['verified'] | null
}

/**
 * Prints receipt and marks unless `json`; gives what `--json` says. `ok` only if both marks are ✓
 * and the guest exited with 0.
 */
export async function tellEnding(
  job: CID,
  last: JobView,
  words: readonly Word[],
  mesh: Mesh,
  json: boolean,
): Promise<Ending> {
  const told = receiptOf(last)
  const marks = await readMarks(job, mesh, told !== null && isOver(last))
  const outcome = marks?.checked?.chain?.receipt.body.result.outcome
  const isGood = outcome?.type === 'exited' && outcome.code === 0
  // a refuted or lost receipt is no longer in the status, but it is in the log
  const receipt = marks?.checked === undefined ? told : `${marks.checked.receipt}`
  if (!json) {
    if (receipt !== null && marks !== undefined) tellReceipt(job, receipt, marks)
    else if (receipt !== null) tellMissing(receipt)
    if (told === null) await tellWhy(job, last, mesh)
    else if (!isOver(last))
      note(`not decided yet: npx meshctl job-status --job-id ${job} --follow\n`)
  }
  return {
    job: `${job}`,
    ok: isGood && marks?.anchored.mark === '✓' && marks?.verified.mark === '✓',
    state: last.status.state,
    words,
    receipt,
    outcome: outcome?.type ?? null,
    exitCode: outcome?.type === 'exited' ? outcome.code : null,
    anchored: marks?.anchored ?? null,
    verified: marks?.verified ?? null,
  }
}

function tellReceipt(job: CID, receipt: string, marks: Marks): void {
  print(receiptLines(receipt, marks))
  const ended = outcomeText(marks)
  if (ended !== undefined) note(`the guest ${ended}; see meshctl logs --job-id ${job}\n`)
}

function tellMissing(receipt: string): void {
  print(`Receipt CID: ${receipt}\n`)
  note('no store that was read has it yet: see meshctl job-status --follow\n')
}

/** Of a job that nobody took in time, the log says only that: the node may remember why. */
async function tellWhy(job: CID, last: JobView, mesh: Mesh): Promise<void> {
  const nameOf = (did: string) => mesh.nameOf(did)
  note(`${wordOf(last)}: ${sentenceOf(last, { nameOf, ledgerAway: false })}\n`)
  if (last.status.state !== 'expired') return
  const found = await awaitOffers(job, mesh, ({ closed }) => closed)
  if (found.offers.length === 0) note(whyNobody(found, mesh))
}

export const exitOf = ({ ok }: Pick<Ending, 'ok'>): Exit => (ok ? EXIT.done : EXIT.refused)
