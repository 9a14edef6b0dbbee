/** What gc may delete: outputs that are old enough and that nothing else names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Blocks } from '@planetary-mesh/peer'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { openTestMesh } from '../../test/mesh/harness.ts'
import { foundCharter } from '../../test/mesh/people.ts'
import { expiredIn } from '../src/mesh/expired.ts'

const HOUR_MS = 3_600_000
const exec = (_: string, { blocks }: { blocks: Blocks }) => fakeExec(blocks)

test('outputs go when the charter keeps them no longer, and not before', async () => {
  await using mesh = await openTestMesh({ exec, charter: { retainMs: HOUR_MS } })
  const job = await mesh.submit()
  const { receipt } = await mesh.settled(job)
  assert.ok(receipt)
  const { blocks } = mesh.machine('chiara')
  const genesis = mesh.charter.cid
  const nowMs = Date.now()
  assert.deepEqual(await expiredIn(blocks, genesis, nowMs), { receipts: 0, cids: [], bytes: 0 })
  const late = await expiredIn(blocks, genesis, nowMs + 2 * HOUR_MS)
  const { stdout, stderr, output } = receipt.body.result
  const outputs = [stdout, stderr, output].map(({ cid }) => `${cid}`)
  assert.deepEqual(late.cids.map(String).sort(), outputs.sort())
  assert.equal(late.receipts, 1)
  assert.ok(late.bytes >= stdout.bytes)
})

test('what a job still names stays, however old the receipt is', async () => {
  await using mesh = await openTestMesh({ exec, charter: { retainMs: HOUR_MS } })
  const first = await mesh.submit()
  const { receipt } = await mesh.settled(first)
  assert.ok(receipt)
  const { stdout, output } = receipt.body.result
  const stdin = new TextEncoder().encode(`job ${first.manifest.cid}\n`)
  const second = await mesh.submit({ stdin })
  assert.ok(second.manifest.body.stdin?.cid.equals(stdout.cid))
  await mesh.settled(second)
  const { blocks } = mesh.machine('chiara')
  const { cids } = await expiredIn(blocks, mesh.charter.cid, Date.now() + 2 * HOUR_MS)
  const gone = cids.map(String)
  assert.ok(!gone.includes(`${stdout.cid}`))
  assert.ok(gone.includes(`${output.cid}`))
})

test('under a charter that the store does not have, nothing goes', async () => {
  await using mesh = await openTestMesh({ exec, charter: { retainMs: 1 } })
  await mesh.settled(await mesh.submit())
  const other = foundCharter({ name: 'another' })
  const { blocks } = mesh.machine('chiara')
  const { receipts } = await expiredIn(blocks, other.cid, Date.now() + HOUR_MS)
  assert.equal(receipts, 0)
})
