/** The one rule for signatures: both engines give the same answer to everything. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import {
  attempt,
  type Did,
  formatDid,
  Refusal,
  signerFromSeed,
  verifySignature,
  verifySignaturePure,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { alice, bruno } from '../../../tools/vectors/people.ts'
import { fromHex, readPublished, readVectors } from './vector-files.ts'

const L = 2n ** 252n + 27742317777372353535851937790883648493n

type Case = { name: string; publicKey: string; message: string; signature: string }
type Published<C> = { cases: (Case & C)[] }

/** False also where the key is refused before there is anything to verify. */
function verdicts({ publicKey, message, signature }: Omit<Case, 'name'>): boolean[] {
  const did = attempt(() => formatDid(fromHex(publicKey)))
  if (did instanceof Refusal) {
    assert.equal(did.code, 'KEY_REFUSED')
    return [false, false]
  }
  return [verifySignature, verifySignaturePure].map((verify) =>
    verify(did, fromHex(message), fromHex(signature)),
  )
}

describe('RFC 8032 section 7.1', () => {
  const { cases } = readPublished<Published<{ seed: string }>>('rfc8032')
  for (const one of cases) {
    test(`${one.name} signs as printed, and verifies`, () => {
      const signer = signerFromSeed(fromHex(one.seed))
      assert.equal(signer.did, formatDid(fromHex(one.publicKey)))
      assert.deepEqual(signer.sign(fromHex(one.message)), fromHex(one.signature))
      assert.deepEqual(verdicts(one), [true, true])
    })
    test(`${one.name} with another message does not verify`, () => {
      assert.deepEqual(verdicts({ ...one, message: `${one.message}00` }), [false, false])
    })
  }
})

describe('Taming the many EdDSAs', () => {
  for (const one of readPublished<Published<{ valid: boolean }>>('taming-eddsas').cases) {
    test(`${one.name}: ${one.valid ? 'verifies' : 'does not verify'}`, () => {
      assert.deepEqual(verdicts(one), [one.valid, one.valid])
    })
  }
})

describe('the vectors of signatures', () => {
  const { accepted, refused } = readVectors<Case, Case>('signature')
  for (const one of accepted) {
    test(`${one.name}: verifies`, () => assert.deepEqual(verdicts(one), [true, true]))
  }
  for (const one of refused) {
    test(`${one.name}: does not verify`, () => assert.deepEqual(verdicts(one), [false, false]))
  }
})

describe('any signature', () => {
  test('of any key over any message verifies with both engines', () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(seed, fc.uint8Array({ maxLength: 300 }), (bytes, message) => {
        const { did, sign } = signerFromSeed(bytes)
        const signature = sign(message)
        assert.ok(verifySignature(did, message, signature))
        assert.ok(verifySignaturePure(did, message, signature))
      }),
      { numRuns: 100 },
    )
  })

  test('with one bit changed, in it, the key or the message, verifies with neither', () => {
    const message = new TextEncoder().encode('a message of some length')
    const honest = alice.sign(message)
    for (let bit = 0; bit < 512; bit++) {
      const changed = flip(honest, bit)
      assert.ok(!verifySignature(alice.did, message, changed), `native, bit ${bit}`)
      assert.ok(!verifySignaturePure(alice.did, message, changed), `pure, bit ${bit}`)
    }
    for (let bit = 0; bit < message.length * 8; bit++) {
      assert.ok(!verifySignature(alice.did, flip(message, bit), honest))
    }
    assert.ok(!verifySignature(bruno.did, message, honest))
  })

  // 2,000 runs of two engines, about 2 ms each
  test('however mangled, gets the same answer from both engines', () => {
    const message = new TextEncoder().encode('mangled')
    const honest = alice.sign(message)
    const edges = [0, 1, 0x7f, 0x80, 0xec, 0xed, 0xee, 0xff]
    const part = fc.oneof(
      fc.constant(honest.slice(0, 32)),
      fc.constant(honest.slice(32)),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(...edges).map((byte) => new Uint8Array(32).fill(byte)),
    )
    const place = fc.tuple(fc.nat(63), fc.constantFrom(...edges))
    fc.assert(
      fc.property(part, part, fc.array(place, { maxLength: 3 }), (r, s, changes) => {
        const signature = Uint8Array.from([...r, ...s])
        for (const [at, byte] of changes) signature[at] = byte
        const native = verifySignature(alice.did, message, signature)
        assert.equal(verifySignaturePure(alice.did, message, signature), native)
      }),
      { numRuns: 2000 },
    )
  })

  // A = aB + iT8 and R = rB + jT8: without cofactor it holds exactly if j = -ki modulo 8
  test('with parts of small order is judged by the equation, by both engines', () => {
    const big = fc.bigInt({ min: 1n, max: L - 1n })
    const part = fc.nat(7)
    let held = 0
    fc.assert(
      fc.property(big, big, part, part, (a, r, i, j) => {
        const message = fromHex('00ff')
        const key = Point.BASE.multiply(a).add(times(i)).toBytes()
        const nonce = Point.BASE.multiply(r).add(times(j)).toBytes()
        const k = littleEndian(sha512(Uint8Array.from([...nonce, ...key, ...message]))) % L
        const s = Buffer.from(((r + k * a) % L).toString(16).padStart(64, '0'), 'hex').toReversed()
        const expected = (k * BigInt(i) + BigInt(j)) % 8n === 0n
        if (expected && i > 0) held++
        const signature = Uint8Array.from([...nonce, ...s])
        assert.equal(verifySignature(formatDid(key), message, signature), expected)
        assert.equal(verifySignaturePure(formatDid(key), message, signature), expected)
      }),
      { numRuns: 300, seed: 1 },
    )
    assert.ok(held > 10)
  })

  test('by any 32 bytes for a key gets the same answer, and never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 80 }),
        (key, signature) => {
          const did = attempt(() => formatDid(key))
          const author = (did instanceof Refusal ? 'did:key:z' : did) as Did
          const native = verifySignature(author, key, signature)
          assert.equal(verifySignaturePure(author, key, signature), native)
          assert.ok(!native)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('that is none, or of nobody, or over nothing, is false and never throws', () => {
    const message = new Uint8Array(3)
    const signature = alice.sign(message)
    for (const verify of [verifySignature, verifySignaturePure]) {
      for (const none of [null, undefined, 7, 'x'.repeat(64), Array(64).fill(1), {}]) {
        assert.equal(verify(alice.did, message, none as never), false)
        assert.equal(verify(none as never, message, signature), false)
        assert.equal(verify(alice.did, none as never, signature), false)
      }
      assert.equal(verify(alice.did, message, signature), true)
    }
  })

  test('a seed of another length is refused', () => {
    assert.throws(() => signerFromSeed(new Uint8Array(31)), { code: 'KEY_REFUSED' })
  })
})

function times(count: number): Point {
  const T8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
  return count === 0 ? Point.ZERO : T8.multiply(BigInt(count), false)
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`)
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))
}
