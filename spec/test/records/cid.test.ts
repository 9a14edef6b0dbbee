/** CIDs that were read are remembered for a while: that may save room, and change nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CID, cidOf, decodeBlock, encodeBlock, LIMITS } from '@planetary-mesh/spec'

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text))
const readLink = (cid: CID) => (decodeBlock(encodeBlock([cid]).bytes) as [CID])[0]

test('a link that is read twice is one object, whoever made the CID', () => {
  const cid = cidOf('dag-cbor', bytesOf('one'))
  assert.equal(readLink(cid), readLink(cid))
  assert.equal(readLink(cid), cid)
})

test('one digest under two codecs is two CIDs', () => {
  const raw = cidOf('raw', bytesOf('one'))
  const node = cidOf('dag-cbor', bytesOf('one'))
  assert.notEqual(`${readLink(raw)}`, `${readLink(node)}`)
  assert.deepEqual([readLink(raw).code, readLink(node).code], [0x55, 0x71])
})

test('more of them than are remembered are read as well, and the first one again', () => {
  const count = LIMITS.cidsRememberedMax + 10
  const cids = Array.from({ length: count }, (_, at) => cidOf('raw', bytesOf(`${at}`)))
  for (const cid of [...cids, ...cids.slice(0, 20)]) assert.ok(readLink(cid).equals(cid))
  const [first, last] = [cids[0] as CID, cids.at(-1) as CID]
  assert.equal(readLink(last), readLink(last))
  assert.notEqual(cidOf('raw', bytesOf('0')), first, 'the oldest was forgotten')
})

test('what is read shares no memory with the block that it was read from', () => {
  const { bytes } = encodeBlock([cidOf('raw', bytesOf('never read before'))])
  const [link] = decodeBlock(bytes) as [CID]
  const text = Buffer.from(link.bytes).toString('hex')
  bytes.fill(0)
  assert.equal(Buffer.from(link.bytes).toString('hex'), text)
})
