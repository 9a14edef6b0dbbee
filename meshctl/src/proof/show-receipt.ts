/**
 * A receipt in S1's fields. What the executor signed stands as it is; what only others can say
 * about it (its anchor, the verdicts, the charge) is derived by the reader and marked so.
 */
import type { Receipt } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { pairs } from '../cli/table.ts'
import { paint, printable } from '../cli/terminal.ts'
import { instantText } from '../cli/times.ts'
import { type CheckedProof, nameOf } from './check-proof.ts'

const DERIVED = ' (derived)'

export function receiptText(receipt: Receipt, checked: CheckedProof): string {
  const { body, author, cid } = receipt
  const { result, measured } = body
  const { charter, facts, chain } = checked
  const settle = facts?.settle?.body
  const amount = chain?.manifest.body.amount
  const status = (mark: CheckedProof['verified']) =>
    `${mark.mark} ${printable(mark.code === null ? mark.detail : `${mark.code}: ${mark.detail}`)}`
  return [
    section('Receipt', [
      ['Job ID', `${body.manifest}`],
      ['Executor node ID', nameOf(charter, author) + (charter === undefined ? '' : DERIVED)],
      ['Executor DID', author],
    ]),
    section('Execution metrics', [
      ['outcome', outcomeText(result.outcome)],
      ['wall time', `${withCommas(measured.wallMs)} ms`],
      ['output', `${withCommas(result.output.bytes)} bytes, ${result.output.cid}`],
      ['stdout', `${withCommas(result.stdout.bytes)} bytes, ${result.stdout.cid}`],
      ['stderr', `${withCommas(result.stderr.bytes)} bytes, ${result.stderr.cid}`],
      ['runtime profile', printable(result.profile)],
    ]),
    section('Resource usage', [
      ['fuel', withCommas(result.fuel)],
      ['memory', `${withCommas(result.memoryPages)} pages of 64 KiB at most`],
      ['resident memory', `${withCommas(measured.rssBytes)} bytes`],
      ...(settle === undefined
        ? []
        : ([
            [
              `charged${DERIVED}`,
              `${settle.post} of ${amount ?? settle.post + settle.release} held`,
            ],
            [`released${DERIVED}`, String(settle.release)],
          ] as const)),
    ]),
    section('Timestamps', [
      ['started', instantText(measured.startedAtMs)],
      ['finished', instantText(measured.finishedAtMs)],
    ]),
    section('In the DAG', [
      ['Receipt CID', `${cid}`],
      [`anchor${DERIVED}`, status(checked.anchored)],
      [`Federation verification status${DERIVED}`, status(checked.verified)],
    ]),
  ].join('\n')
}

/** The body as data, with the derived fields apart from it. */
export function receiptJson(receipt: Receipt, checked: CheckedProof) {
  const { body, author, cid } = receipt
  const { result, measured } = body
  const settle = checked.facts?.settle?.body
  const file = ({ cid, bytes }: { cid: unknown; bytes: number }) => ({ cid: `${cid}`, bytes })
  return {
    receipt: `${cid}`,
    job: `${body.manifest}`,
    executor: { did: author },
    lease: `${body.lease}`,
    decision: `${body.decision}`,
    result: {
      ...result,
      output: file(result.output),
      stdout: file(result.stdout),
      stderr: file(result.stderr),
      hostCallDigest: Buffer.from(result.hostCallDigest).toString('hex'),
    },
    measured,
    derived: {
      node: checked.charter === undefined ? null : nameOf(checked.charter, author),
      anchored: checked.anchored,
      verified: checked.verified,
      anchor: checked.facts?.anchor === undefined ? null : `${checked.facts.anchor}`,
      charged: settle?.post ?? null,
      released: settle?.release ?? null,
    },
  }
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  return `${paint('bold', title)}\n${pairs(rows.map(([name, value]) => [`  ${name}`, value]))}`
}

function outcomeText(outcome: Receipt['body']['result']['outcome']): string {
  switch (outcome.type) {
    case 'exited':
      return `exited with ${outcome.code}`
    case 'trapped':
      return `trapped: ${outcome.trap}`
    case 'cancelled':
      return `cancelled at ${withCommas(outcome.atFuel)} fuel`
    default:
      return outcome.type
  }
}
