/** Records: no bit may change, no kind passes for another, and nothing wrong can be sealed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import {
  actCid,
  attempt,
  Cancel,
  cidOf,
  decodeBlock,
  encodeBlock,
  Hold,
  KINDS,
  open,
  openAny,
  parseCid,
  parseDid,
  type RecordKind,
  Refusal,
  type Signer,
  seal,
  sha256,
  signedBytes,
  Token,
} from '@planetary-mesh/spec'
import { CHAIN } from '../../../tools/vectors/chain.ts'
import { alice, bruno, mallory } from '../../../tools/vectors/people.ts'
import { fromBase64, readVectors } from './vector-files.ts'

const kinds = KINDS as readonly RecordKind[]
/** The shortest record of a kind: there are many bits to change. */
const shortestOf = (kind: RecordKind) => {
  const { accepted } = readVectors(kind.kind)
  const [shortest] = accepted.toSorted((a, b) => a.bytes.length - b.bytes.length)
  assert.ok(shortest !== undefined)
  return { cid: parseCid(shortest.cid), bytes: fromBase64(shortest.bytes) }
}

describe('S1-11 a record with one bit changed', () => {
  for (const kind of kinds) {
    test(`of the kind ${kind.kind} is refused, whichever bit, with its CID and without`, () => {
      const { cid, bytes } = shortestOf(kind)
      open(kind, bytes, { cid })
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = bytes.slice()
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        assert.ok(attempt(() => open(kind, changed)) instanceof Refusal, `bit ${bit}`)
        const asked = attempt(() => open(kind, changed, { cid }))
        assert.ok(asked instanceof Refusal && asked.code === 'BLOCK_CID_MISMATCH')
      }
    })
  }
})

describe('a record of one kind', () => {
  for (const kind of kinds) {
    test(`${kind.kind} opens as no other`, () => {
      const { cid, bytes } = shortestOf(kind)
      for (const other of kinds) {
        if (other === kind) assert.equal(open(other, bytes, { cid }).kind, kind.kind)
        else assert.throws(() => open(other, bytes), { code: 'RECORD_KIND_MISMATCH' })
      }
      assert.equal(openAny(bytes).kind, kind.kind)
    })

    test(`${kind.kind} does not become another by its name, its body and signature kept`, () => {
      const { bytes } = shortestOf(kind)
      const envelope = decodeBlock(bytes) as { kind: string }
      for (const other of kinds) {
        if (other === kind) continue
        const renamed = encodeBlock({ ...envelope, kind: other.kind }).bytes
        assert.throws(() => open(other, renamed), { code: 'RECORD_MALFORMED' })
      }
    })
  }

  test('is not read from an object’s own words: constructor, __proto__, toString', () => {
    const envelope = decodeBlock(CHAIN.cancel.bytes) as object
    for (const kind of ['constructor', 'toString', 'hasOwnProperty']) {
      const { bytes } = encodeBlock({ ...envelope, kind })
      assert.throws(() => openAny(bytes), { code: 'RECORD_KIND_MISMATCH' })
    }
  })

  test('with two kinds of one shape is told apart by the signature', () => {
    const manifest = CHAIN.manifest.cid
    const withdraw = { kind: 'withdraw', schema: Cancel.schema }
    const record = seal(withdraw, { manifest }, alice)
    const envelope = decodeBlock(record.bytes) as object
    const { bytes } = encodeBlock({ ...envelope, kind: 'cancel' })
    assert.throws(() => open(Cancel, bytes), { code: 'SIGNATURE_INVALID' })
  })
})

describe('sealing', () => {
  const body = CHAIN.hold.body

  test('gives the record that opening gives', () => {
    const sealed = seal(Hold, body, alice)
    assert.deepEqual(open(Hold, sealed.bytes, { cid: sealed.cid }), sealed)
    assert.equal(sealed.author, alice.did)
    assert.ok(sealed.cid.equals(cidOf('dag-cbor', sealed.bytes)))
  })

  test('covers wire version, kind, author and body', () => {
    const sealed = seal(Hold, body, alice)
    const { signature } = decodeBlock(sealed.bytes) as { signature: Uint8Array }
    assert.deepEqual(signature, alice.sign(signedBytes('hold', alice.did, body)))
    const message = decodeBlock(signedBytes('hold', alice.did, body))
    assert.deepEqual(message, ['mesh/0', 'hold', alice.did, body])
  })

  test('refuses a body that would not open again', () => {
    const wrong = [{ amount: -1 }, { amount: 0.5 }, { amount: undefined }, { more: 1 }]
    for (const fields of wrong) {
      const act = () => seal(Hold, { ...body, ...fields } as typeof body, alice)
      assert.throws(act, { code: 'RECORD_MALFORMED' })
    }
  })

  test('refuses a record above 256 KiB', () => {
    const { members } = CHAIN.charter.body
    const many = Array(2000).fill({ ...members[0], location: 'x'.repeat(64) })
    const act = () => seal(KINDS[0], { ...CHAIN.charter.body, members: many }, alice)
    assert.throws(act, { code: 'BLOCK_TOO_LARGE' })
  })

  test('stops when a signer gives no signature: that is our own mistake', () => {
    const broken: Signer = { did: alice.did, sign: () => new Uint8Array(63) }
    assert.throws(() => seal(Hold, body, broken), { name: 'Fault' })
  })

  test('of the same body by the same person is the same act, and the same block', () => {
    const [one, two] = [seal(Hold, body, alice), seal(Hold, body, alice)]
    assert.ok(one.cid.equals(two.cid))
    assert.ok(actCid(one).equals(actCid(two)))
    assert.ok(!actCid(one).equals(actCid(seal(Hold, body, bruno))))
    assert.ok(!actCid(one).equals(actCid(seal(Hold, { ...body, amount: 99 }, alice))))
  })

  test('with a second good signature is another block but the same act', () => {
    // Ed25519 verifies any nonce: signing the same bytes with another one is a good signature too
    const other = seal(Hold, body, { did: alice.did, sign: signWithNonce })
    const honest = seal(Hold, body, alice)
    assert.ok(!other.cid.equals(honest.cid))
    assert.ok(actCid(open(Hold, other.bytes)).equals(actCid(honest)))
  })
})

describe('opening', () => {
  test('asks the verifier it is given, about the bytes as they came', () => {
    const asked: unknown[] = []
    const verify = (...question: unknown[]) => asked.push(question) > 0
    const { author, body, bytes } = CHAIN.token
    open(Token, bytes, { verify })
    const { signature } = decodeBlock(bytes) as { signature: Uint8Array }
    assert.deepEqual(asked, [[author, signedBytes('token', author, body), signature]])
    assert.throws(() => open(Token, bytes, { verify: () => false }), { code: 'SIGNATURE_INVALID' })
  })

  test('gives the verifier what signing covers, for every kind, and the act has its name', () => {
    for (const sealed of Object.values(CHAIN)) {
      const covered: Uint8Array[] = []
      const verify = (_: unknown, message: Uint8Array) => covered.push(message) > 0
      const { kind, author, body } = openAny(sealed.bytes, { verify })
      assert.deepEqual(covered, [signedBytes(kind, author, body)])
      assert.ok(actCid(sealed).equals(cidOf('dag-cbor', covered[0] as Uint8Array)))
    }
  })

  test('refuses a good record under another name of its bytes', () => {
    const { bytes } = CHAIN.token
    const raw = cidOf('raw', bytes)
    assert.throws(() => open(Token, bytes, { cid: raw }), { code: 'CID_REFUSED' })
    assert.throws(() => openAny(bytes, { cid: CHAIN.hold.cid }), { code: 'BLOCK_CID_MISMATCH' })
  })

  test('of what mallory re-signed shows mallory as its author', () => {
    const forged = seal(Token, CHAIN.token.body, mallory)
    assert.equal(open(Token, forged.bytes).author, mallory.did)
    assert.ok(!forged.cid.equals(CHAIN.token.cid))
  })

  test('refuses blocks that are no records', () => {
    for (const value of [null, 1, 'bid', [], {}, [CHAIN.token.cid], { kind: 'bid' }]) {
      assert.throws(() => openAny(encodeBlock(value).bytes), { code: 'RECORD_MALFORMED' })
    }
  })

  test('names the field, and never quotes more than a line of it', () => {
    const signer = alice
    const body = { ...CHAIN.hold.body, [`x${'y'.repeat(10_000)}`]: 1 }
    const signature = signer.sign(signedBytes('hold', signer.did, body))
    const { bytes } = encodeBlock({ kind: 'hold', author: signer.did, body, signature })
    assert.throws(
      () => open(Hold, bytes),
      (error: Refusal) => error.code === 'RECORD_MALFORMED' && error.detail.length < 500,
    )
    const amount = seal({ kind: 'hold', schema: Cancel.schema }, CHAIN.cancel.body, signer)
    assert.throws(() => open(Hold, amount.bytes), /hold\.token/)
  })
})

/** A good signature of alice's with a nonce other than RFC 8032's: 12345. */
function signWithNonce(message: Uint8Array): Uint8Array {
  const L = 2n ** 252n + 27742317777372353535851937790883648493n
  const half = sha512(sha256(new TextEncoder().encode('alice'))).slice(0, 32)
  half[0] = (half[0] as number) & 0xf8
  half[31] = ((half[31] as number) & 0x7f) | 0x40
  const nonce = Point.BASE.multiply(12345n).toBytes()
  const k = littleEndian(sha512(Uint8Array.from([...nonce, ...parseDid(alice.did), ...message])))
  const s = (12345n + k * littleEndian(half)) % L
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').toReversed()
  return Uint8Array.from([...nonce, ...bytes])
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`)
}
