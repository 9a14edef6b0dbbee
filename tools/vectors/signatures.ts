/**
 * Signatures at the edges of the one rule: keys and nonce points with a part of small order, other
 * spellings of the same numbers, and signatures that only the cofactored equation takes.
 */
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { parseDid } from '@planetary-mesh/spec'
import { NON_CANONICAL, SMALL_ORDER } from './dids.ts'
import { fromHex, hex, type Json, type VectorFile } from './json.ts'
import { alice, bruno } from './people.ts'

const L = 2n ** 252n + 27742317777372353535851937790883648493n
const utf8 = new TextEncoder()
const message = utf8.encode('one rule, everywhere')
/** A generator of the eight points of small order. */
const T8 = Point.fromHex(SMALL_ORDER[4] as string)

type Case = { publicKey: Uint8Array; message: Uint8Array; signature: Uint8Array }

export function signatureVectors(): VectorFile {
  const key = parseDid(alice.did)
  const honest: Case = { publicKey: key, message, signature: alice.sign(message) }
  const { signature } = honest
  const empty = new Uint8Array()
  const accepted: [string, Case][] = [
    ['alice signs', honest],
    ['alice signs nothing', { ...honest, message: empty, signature: alice.sign(empty) }],
    ['a key with a part of order 8, S and R made to fit', mixedKey(true)],
    ['a nonce point with a part of order 8, in a key with one', mixedNonce(true)],
  ]
  const refused: [string, Case][] = [
    ['another message', { ...honest, message: utf8.encode('another') }],
    ['another key', { ...honest, publicKey: parseDid(bruno.did) }],
    ['63 bytes', { ...honest, signature: signature.slice(0, 63) }],
    ['65 bytes', { ...honest, signature: Uint8Array.from([...signature, 0]) }],
    ['no signature', { ...honest, signature: empty }],
    ['all zero', { ...honest, signature: new Uint8Array(64) }],
    ['S + L', withS(honest, littleEndian(signature.slice(32)) + L)],
    ['S = L', withS(honest, L)],
    ['S = 2^256 - 1', withS(honest, 2n ** 256n - 1n)],
    ['the top bit of S set', withS(honest, littleEndian(signature.slice(32)) | (1n << 255n))],
    ['the sign of R changed', withR(honest, flipSign(signature.slice(0, 32)))],
    ['a key with a part of order 8, only times 8 equal', mixedKey(false)],
    ['R = rB + T8, only times 8 equal', mixedNonce(false)],
    ['a key that is no point', { ...honest, publicKey: notOnCurve() }],
    ['R that is no point', withR(honest, notOnCurve())],
    ...[...SMALL_ORDER, ...NON_CANONICAL].flatMap((bytes): [string, Case][] => [
      [`R spelled ${bytes}, S = kA's`, smallNonce(fromHex(bytes))],
      [`forged for the key spelled ${bytes}`, forged(fromHex(bytes))],
      [
        `key spelled ${bytes}, S = 0`,
        {
          ...honest,
          publicKey: fromHex(bytes),
          signature: Uint8Array.from([...fromHex(bytes), ...new Uint8Array(32)]),
        },
      ],
    ]),
  ]
  return {
    about:
      'Ed25519 under the one rule: A and R canonical and not of small order, S < L, and ' +
      'encode([S]B - [k]A) = R without cofactor. All in hex.',
    accepted: accepted.map(asJson),
    refused: refused.map(asJson),
  }
}

const asJson = ([name, { publicKey, message, signature }]: [string, Case]): Json => ({
  name,
  publicKey: hex(publicKey),
  message: hex(message),
  signature: hex(signature),
})

/** A = aB + T8. The equation without cofactor holds if k is a multiple of 8: try nonces until. */
function mixedKey(holds: boolean): Case {
  const a = 12345678901234567890n
  const publicKey = Point.BASE.multiply(a).add(T8).toBytes()
  for (let r = 1n; ; r++) {
    const nonce = Point.BASE.multiply(r).toBytes()
    const k = challenge(nonce, publicKey)
    if ((k % 8n === 0n) === holds) {
      return { publicKey, message, signature: joined(nonce, (r + k * a) % L) }
    }
  }
}

/**
 * R = rB + T8. With an honest key it never fits; with A = aB + T8 it does when k = -1 modulo 8, as
 * then the small parts of R and [k]A cancel.
 */
function mixedNonce(holds: boolean): Case {
  const a = 98765432109876543210n
  const honest = Point.BASE.multiply(a)
  const publicKey = (holds ? honest.add(T8) : honest).toBytes()
  for (let r = 1n; ; r++) {
    const nonce = Point.BASE.multiply(r).add(T8).toBytes()
    const k = challenge(nonce, publicKey)
    if (!holds || k % 8n === 7n) {
      return { publicKey, message, signature: joined(nonce, (r + k * a) % L) }
    }
  }
}

/** r = 0: R is small or nothing, and S = k·a. What the cofactored equation accepts of any R. */
function smallNonce(nonce: Uint8Array): Case {
  const a = 5550123n
  const publicKey = Point.BASE.multiply(a).toBytes()
  return { publicKey, message, signature: joined(nonce, (challenge(nonce, publicKey) * a) % L) }
}

/** A small key verifies what nobody signed: if k is a multiple of 8, R = rB and S = r do. */
function forged(publicKey: Uint8Array): Case {
  for (let r = 1n; ; r++) {
    const nonce = Point.BASE.multiply(r).toBytes()
    if (challenge(nonce, publicKey) % 8n === 0n) {
      return { publicKey, message, signature: joined(nonce, r) }
    }
  }
}

/** y = 2 is the y of no point. */
function notOnCurve(): Uint8Array {
  return Uint8Array.from([2, ...new Uint8Array(31)])
}

function challenge(nonce: Uint8Array, publicKey: Uint8Array): bigint {
  return littleEndian(sha512(Uint8Array.from([...nonce, ...publicKey, ...message]))) % L
}

function withS(honest: Case, s: bigint): Case {
  return { ...honest, signature: joined(honest.signature.slice(0, 32), s) }
}

function withR(honest: Case, r: Uint8Array): Case {
  return { ...honest, signature: Uint8Array.from([...r, ...honest.signature.slice(32)]) }
}

function flipSign(point: Uint8Array): Uint8Array {
  return point.with(31, (point[31] as number) ^ 0x80)
}

function joined(nonce: Uint8Array, s: bigint): Uint8Array {
  const bytes = fromHex(s.toString(16).padStart(64, '0')).toReversed()
  return Uint8Array.from([...nonce, ...bytes])
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.toReversed())}`)
}
