/**
 * One verification rule, two engines that must always agree: Node's native Ed25519 behind a byte
 * check, and plain curve points from `@noble/ed25519` for browsers and as the oracle.
 *
 * The rule: A and R canonical and not of small order, S < L, and the cofactorless equation
 * encode([S]B - [k]A) = R, k = SHA-512(R ‖ A ‖ M) mod L. Source: protocol.md, RFC 8032 5.1.7.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { admit } from '../errors.ts'
import { equalBytes } from './block.ts'
import { type Did, formatDid, parseDid } from './did.ts'
import { isGoodPoint, isGoodScalar } from './ed25519-bytes.ts'

/** Says whether `signature` (64 bytes) by `author` covers `message`. Never throws. */
export type Verify = (author: Did, message: Uint8Array, signature: Uint8Array) => boolean

/** A key that can act for one DID. Ed25519 signing is a pure function of key and message. */
export type Signer = { readonly did: Did; sign(message: Uint8Array): Uint8Array }

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const SPKI = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'))
const PKCS8 = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'))
const KEYS_MAX = 16_384

/** Native keys by DID, oldest first: making a KeyObject costs a quarter of a verification. */
const keys = new Map<string, KeyObject>()

/** The rule through Node's native engine. */
export const verifySignature: Verify = (author, message, signature) => {
  const publicKey = goodKey(author)
  if (publicKey === undefined || !hasGoodBytes(signature)) return false
  try {
    return verify(null, message, nativeKey(author, publicKey), signature)
  } catch {
    return false // a point that is not on the curve
  }
}

/** The rule through noble's points: slower, nothing native, and the readable definition. */
export const verifySignaturePure: Verify = (author, message, signature) => {
  const publicKey = goodKey(author)
  if (publicKey === undefined || !hasGoodBytes(signature)) return false
  try {
    const a = Point.fromBytes(publicKey)
    const r = signature.subarray(0, 32)
    const s = littleEndian(signature.subarray(32))
    const k = littleEndian(sha512(concat(r, publicKey, message))) % ORDER
    // multiply refuses 0, so leave such a term out
    const sB = s === 0n ? Point.ZERO : Point.BASE.multiply(s, false)
    const kA = k === 0n ? Point.ZERO : a.multiply(k, false)
    return equalBytes(sB.subtract(kA).toBytes(), r)
  } catch {
    return false
  }
}

/** A signer from a 32-byte Ed25519 seed (RFC 8032 section 5.1.5). */
export function signerFromSeed(seed: Uint8Array): Signer {
  admit(seed.length === 32, 'KEY_REFUSED', () => `a seed has 32 bytes, here are ${seed.length}`)
  const key = createPrivateKey({ key: concat(PKCS8, seed), format: 'der', type: 'pkcs8' } as never)
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const did = formatDid(new Uint8Array(spki.subarray(spki.length - 32)))
  return { did, sign: (message) => new Uint8Array(sign(null, message, key)) }
}

function goodKey(author: string): Uint8Array | undefined {
  try {
    return parseDid(author)
  } catch {
    return undefined
  }
}

function hasGoodBytes(signature: unknown): signature is Uint8Array {
  const isWhole = signature instanceof Uint8Array && signature.length === 64
  return isWhole && isGoodPoint(signature) && isGoodScalar(signature, 32)
}

function nativeKey(author: string, publicKey: Uint8Array): KeyObject {
  const cached = keys.get(author)
  if (cached !== undefined) return cached
  const der = concat(SPKI, publicKey)
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' } as never)
  if (keys.size >= KEYS_MAX) keys.delete(keys.keys().next().value as string)
  keys.set(author, key)
  return key
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let index = bytes.length - 1; index >= 0; index--) {
    value = value * 256n + BigInt(bytes[index] as number)
  }
  return value
}

/** Not Buffer.concat: its shared pool would keep a copy of a seed. */
function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
