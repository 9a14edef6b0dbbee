/** Ed25519 as Node gives it, with keys made beforehand: what no record can be faster than. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { type Did, parseDid, signerFromSeed } from '@planetary-mesh/spec'

/** The native keys of a seed of 32 bytes (RFC 8037 section 2). */
export function nativePrivateKey(seed: Uint8Array): KeyObject {
  const d = Buffer.from(seed).toString('base64url')
  return createPrivateKey({ key: { ...jwkOf(signerFromSeed(seed).did), d }, format: 'jwk' })
}

export function nativePublicKey(author: Did): KeyObject {
  return createPublicKey({ key: jwkOf(author), format: 'jwk' })
}

const jwkOf = (author: Did) => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: Buffer.from(parseDid(author)).toString('base64url'),
})
