/**
 * An identity is an Ed25519 public key, written as `did:key` (W3C did:key method, multicodec
 * ed25519-pub, base58btc). A key that would make signatures ambiguous or universal is refused
 * here, once, so that a parsed DID is always a good key.
 */
import { base58btc } from 'multiformats/bases/base58'
import { admit, Refusal } from '../errors.ts'
import { isGoodPoint } from './ed25519-bytes.ts'

export type Did = `did:key:z${string}`

const PREFIX = 'did:key:'
const ED25519_PUB = [0xed, 0x01] as const
const DID_LENGTH_MAX = 64
const KNOWN_MAX = 16_384

/** DIDs already parsed, oldest first: parsing base58 each time would cost more than hashing. */
const known = new Map<string, Uint8Array>()

/**
 * The 32 bytes of the public key, a copy of one's own. They may name no point of the curve: such a
 * key verifies nothing, and finding out costs as much as a verification. Refuses with DID_MALFORMED
 * or KEY_REFUSED.
 */
export function parseDid(text: string): Uint8Array {
  return keyOf(text).slice()
}

function keyOf(text: string): Uint8Array {
  const cached = known.get(text)
  if (cached !== undefined) return cached
  const key = decode(text)
  admit(isGoodPoint(key), 'KEY_REFUSED', () => `${text} is not a canonical key of large order`)
  if (known.size >= KNOWN_MAX) known.delete(known.keys().next().value as string)
  known.set(text, key)
  return key
}

/** The DID of a public key of 32 bytes. Refuses with KEY_REFUSED. */
export function formatDid(publicKey: Uint8Array): Did {
  admit(
    publicKey.length === 32 && isGoodPoint(publicKey),
    'KEY_REFUSED',
    'not a canonical Ed25519 key of large order',
  )
  return `${PREFIX}${base58btc.encode(Uint8Array.from([...ED25519_PUB, ...publicKey]))}` as Did
}

export function isDid(text: unknown): text is Did {
  if (typeof text !== 'string') return false
  try {
    keyOf(text)
    return true
  } catch {
    return false
  }
}

function decode(text: string): Uint8Array {
  // whoever calls this from JavaScript may have no text at all
  const isText = typeof text === 'string'
  admit(
    isText && text.length <= DID_LENGTH_MAX && text.startsWith(`${PREFIX}z`),
    'DID_MALFORMED',
    () => (isText ? `'${text.slice(0, DID_LENGTH_MAX)}' is not did:key:z…` : `a ${typeof text}`),
  )
  const bytes = decodeBase58(text)
  const [first, second] = ED25519_PUB
  admit(
    bytes.length === 34 && bytes[0] === first && bytes[1] === second,
    'DID_MALFORMED',
    () => `${text} is not the DID of an Ed25519 key`,
  )
  // base58 has one spelling per byte string, but be sure: a DID is compared as text
  admit(
    base58btc.encode(bytes) === text.slice(PREFIX.length),
    'DID_MALFORMED',
    () => `${text} has another spelling`,
  )
  return bytes.slice(2)
}

function decodeBase58(text: string): Uint8Array {
  try {
    return base58btc.decode(text.slice(PREFIX.length) as `z${string}`)
  } catch (cause) {
    throw new Refusal('DID_MALFORMED', `${text} is not base58btc`, { cause })
  }
}
