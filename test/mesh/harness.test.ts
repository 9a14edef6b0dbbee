// The harness itself: a job goes its whole way through it, and nothing stays open behind it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeExec } from './fake-exec.ts'
import { openTestMesh } from './harness.ts'
import { alice, bruno, nameOf } from './people.ts'
import { verifyOnce } from './verify-once.ts'

test('a job goes from submit to settle, and its receipt verifies', async () => {
  await using mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })
  const job = await mesh.submit()
  const { logged, settle, receipt } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.equal(nameOf(logged.leases[0]?.record.body.executor ?? ''), 'chiara')
  assert.ok(receipt)
  const { findings, anchored, verified } = await mesh.check(receipt)
  assert.deepEqual(findings, [])
  assert.deepEqual([anchored.mark, verified.mark], ['✓', '✓'])
})

test('what was good for one machine says nothing about another signature, message or author', () => {
  const message = new TextEncoder().encode('a message')
  const signature = alice.sign(message)
  for (const _ of ['checked', 'remembered']) {
    assert.ok(verifyOnce(alice.did, message, signature))
    assert.ok(!verifyOnce(alice.did, message, signature.with(40, (signature[40] ?? 0) ^ 1)))
    assert.ok(!verifyOnce(alice.did, message.with(0, 1), signature))
    assert.ok(!verifyOnce(bruno.did, message, signature))
  }
})
