// An opener proves a record once, and never takes other bytes for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOpener } from '@planetary-mesh/peer'
import {
  type Code,
  encodeBlock,
  LIMITS,
  Refusal,
  type Verify,
  verifySignature,
} from '@planetary-mesh/spec'
import { makeBid, makeManifest, makeToken } from '../../spec/test/rules/world.ts'

const MANIFEST = makeManifest(makeToken())
const BIDS = [1, 2, 3].map((price) => makeBid(MANIFEST, { price }))
const [BID, OTHER, THIRD] = BIDS as [(typeof BIDS)[0], (typeof BIDS)[0], (typeof BIDS)[0]]

/** An opener, and how many signatures it has verified. */
function counting(max = 100) {
  const count = { verified: 0 }
  const verify: Verify = (...args) => {
    count.verified += 1
    return verifySignature(...args)
  }
  return { open: createOpener({ verify, max }), count }
}

function refuses(work: () => unknown, code: Code): void {
  assert.throws(work, (thrown) => thrown instanceof Refusal && thrown.code === code)
}

test('a record is verified the first time only', () => {
  const { open, count } = counting()
  const first = open(BID.bytes)
  assert.equal(open(BID.bytes.slice(), BID.cid), first)
  assert.deepEqual([first.kind, String(first.cid), count.verified], ['bid', String(BID.cid), 1])
})

test('a remembered record is not given for other bytes, nor for another CID', () => {
  const { open } = counting()
  open(BID.bytes)
  for (let at = 0; at < BID.bytes.length; at++) {
    const altered = BID.bytes.slice()
    altered[at] = (altered[at] ?? 0) ^ 1
    assert.throws(() => open(altered), Refusal)
    refuses(() => open(altered, BID.cid), 'BLOCK_CID_MISMATCH')
  }
  refuses(() => open(BID.bytes, OTHER.cid), 'BLOCK_CID_MISMATCH')
})

test('what does not open is refused each time', () => {
  const { open } = counting()
  const forged = BID.bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  for (const _ of [1, 2]) refuses(() => open(forged), 'SIGNATURE_INVALID')
  refuses(() => open(encodeBlock({ kind: 'bid' }).bytes), 'RECORD_MALFORMED')
  refuses(() => open(new Uint8Array(LIMITS.recordBytesMax + 1)), 'BLOCK_TOO_LARGE')
})

test('what was used last is remembered, as many as it may', () => {
  const { open, count } = counting(2)
  for (const { bytes } of [BID, OTHER, BID, THIRD, BID]) open(bytes)
  assert.equal(count.verified, 3)
  open(OTHER.bytes)
  assert.equal(count.verified, 4)
})

test('bytes that change after they were opened change no record', () => {
  const { open } = counting()
  const given = BID.bytes.slice()
  const record = open(given)
  given.fill(0)
  assert.deepEqual(record.bytes, BID.bytes)
  assert.deepEqual(open(BID.bytes).bytes, BID.bytes)
})
