/** The vector files: made again they are the same, accepted cases open, refused ones say why. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import {
  Anchor,
  type Code,
  Cosignature,
  cidOf,
  decodeBlock,
  encodeBlock,
  JobRequest,
  KINDS,
  LogEntry,
  open,
  openAny,
  parse,
  parseCid,
  type RecordKind,
  verifySignature,
  verifySignaturePure,
} from '@planetary-mesh/spec'
import { vectorFiles } from '../../../tools/vectors/all.ts'
import { fromBase64, fromHex, fromJson, readText, readVectors } from './vector-files.ts'

const refusal = (code: string) => (error: unknown) => {
  assert.equal((error as { code?: Code }).code, code, `${error}`)
  return true
}

describe('making the vectors again', () => {
  for (const [name, text] of vectorFiles()) {
    test(`gives the same ${name}`, () => {
      // not equal: a difference of 80 kB is no message anybody can read
      assert.ok(readText(name) === text, 'run `node tools/node.js tools/make-vectors.ts`')
    })
  }
})

for (const kind of KINDS as readonly RecordKind[]) {
  describe(`the vectors of ${kind.kind}`, () => {
    const { accepted, refused } = readVectors(kind.kind)

    for (const { name, cid, bytes, value } of accepted) {
      test(`${name} opens with both engines`, () => {
        const block = fromBase64(bytes)
        for (const verify of [verifySignature, verifySignaturePure]) {
          const record = open(kind, block, { cid: parseCid(cid), verify })
          assert.deepEqual(
            { ...(record.body as object) },
            (fromJson(value) as { body: object }).body,
          )
        }
        assert.equal(`${openAny(block).cid}`, cid)
      })

      test(`S1-4 plain dag-cbor over the JSON of ${name} gives our bytes and CID`, () => {
        const plain = Uint8Array.from(dagCbor.encode(fromJson(value)))
        assert.deepEqual(plain, fromBase64(bytes))
        assert.equal(`${cidOf('dag-cbor', plain)}`, cid)
      })
    }

    for (const { name, bytes, code } of refused) {
      test(`refuses ${name} with ${code}`, () => {
        for (const verify of [verifySignature, verifySignaturePure]) {
          assert.throws(() => open(kind, fromBase64(bytes), { verify }), refusal(code))
        }
      })
    }
  })
}

for (const block of [LogEntry, Anchor, Cosignature]) {
  describe(`the vectors of ${block.name}`, () => {
    const { accepted, refused } = readVectors(block.name)
    for (const { name, cid, bytes, value } of accepted) {
      test(`${name} decodes, and encodes to the same bytes`, () => {
        const decoded = block.decode(fromBase64(bytes), parseCid(cid))
        assert.deepEqual(decoded, fromJson(value))
        assert.deepEqual(block.encode(decoded as never).bytes, fromBase64(bytes))
      })
    }
    for (const { name, bytes, code } of refused) {
      test(`refuses ${name} with ${code}`, () => {
        assert.throws(() => block.decode(fromBase64(bytes)), refusal(code))
      })
    }
  })
}

describe('the vectors of job requests', () => {
  const { accepted, refused } = readVectors('job-request')
  const read = (bytes: string) => parse(JobRequest, decodeBlock(fromBase64(bytes)), 'job-request')
  for (const { name, bytes, value } of accepted) {
    test(`S1-5 ${name} are read as they were said`, () => {
      assert.deepEqual(read(bytes), value)
      assert.deepEqual(encodeBlock(value).bytes, fromBase64(bytes))
    })
  }
  for (const { name, bytes, code } of refused) {
    test(`refuses ${name}`, () => assert.throws(() => read(bytes), refusal(code)))
  }
})

describe('the vectors of blocks', () => {
  const { accepted, refused } = readVectors('block')
  for (const { name, cid, bytes, value } of accepted) {
    test(`${name} is these bytes, both ways`, () => {
      const block = encodeBlock(fromJson(value))
      assert.deepEqual(block.bytes, fromHex(bytes))
      assert.equal(`${block.cid}`, cid)
      assert.deepEqual(decodeBlock(fromHex(bytes), { cid: parseCid(cid) }), fromJson(value))
      assert.deepEqual(Uint8Array.from(dagCbor.encode(fromJson(value))), fromHex(bytes))
    })
  }
  for (const { name, bytes, code } of refused) {
    test(`refuses ${name} with ${code}`, () => {
      assert.throws(() => decodeBlock(fromHex(bytes)), refusal(code))
    })
  }
})
