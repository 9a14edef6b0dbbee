/** What a federation came to say about a receipt, and what a reader says about it. */
import assert from 'node:assert/strict'
import type { Code, LeaseState, ReceiptState, Result } from '@planetary-mesh/spec'
import type { TestMesh } from '../mesh/harness.ts'
import { nameOf } from '../mesh/people.ts'

/** The verdicts on a receipt once two of them are in the log and anchored, and what they found. */
export async function judged(
  mesh: TestMesh,
  job: Parameters<TestMesh['settled']>[0],
  author: string,
) {
  const found = await mesh.logged(job, `the verdicts on the receipt of ${author}`, ({ leases }) =>
    receiptsOf(leases).find(
      ({ record, verdicts }) => nameOf(record.author) === author && verdicts.length === 3,
    ),
  )
  for (const { record } of found.verdicts) {
    const { anchorOf } = mesh.machine('gita').process.replica
    await mesh.until('its anchor', () => anchorOf.get(`${record.cid}`))
  }
  const codes = found.verdicts.map(({ record }) => [
    record.body.result,
    ...new Set(record.body.findings.map(({ code }) => code)),
  ])
  return { receipt: found.record, codes }
}

export const receiptsOf = (leases: readonly LeaseState[]): ReceiptState[] =>
  leases.flatMap(({ receipts }) => receipts)

/** All three say invalid with this one reason, and so does the reader. */
export async function assertFound(
  mesh: TestMesh,
  { receipt, codes }: Awaited<ReturnType<typeof judged>>,
  code: Code,
  again?: Result,
) {
  assert.deepEqual(codes, [
    ['invalid', code],
    ['invalid', code],
    ['invalid', code],
  ])
  const { verified, findings } = await mesh.check(receipt, again === undefined ? {} : { again })
  assert.equal(verified.mark, '✗')
  assert.ok([code, 'THRESHOLD_MISSING'].includes(verified.code as Code), `${verified.code}`)
  return findings
}
