import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cancel, cidOf, encodeBlock, open, seal, signerFromSeed, verifySignaturePure } from '@planetary-mesh/spec'

test('a sealed record opens with both engines', () => {
  const alice = signerFromSeed(new Uint8Array(32).fill(7))
  const record = seal(Cancel, { manifest: encodeBlock({ a: 1 }).cid }, alice)
  assert.equal(open(Cancel, record.bytes, { cid: record.cid }).author, alice.did)
  open(Cancel, record.bytes, { verify: verifySignaturePure })
  assert.ok(cidOf('raw', record.bytes))
})
