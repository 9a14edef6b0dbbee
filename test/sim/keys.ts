/**
 * Keys for simulated members. In most seeds a keyed hash stands in for Ed25519, which would take
 * most of the time; nobody without the seed can forge it, which is all that a simulation needs.
 */
import { hash } from 'node:crypto'
import {
  type Did,
  type Signer,
  signerFromSeed,
  type Verify,
  verifySignature,
} from '@planetary-mesh/spec'

export type Keys = { signer(name: string): Signer; verify: Verify }

const known = new Map<string, Signer>()

function realSigner(name: string): Signer {
  const found = known.get(name)
  if (found !== undefined) return found
  const signer = signerFromSeed(new Uint8Array(hash('sha256', `sim ${name}`, 'buffer')))
  known.set(name, signer)
  return signer
}

export function openKeys(kind: 'ed25519' | 'keyed-hash'): Keys {
  if (kind === 'ed25519') return { signer: realSigner, verify: verifySignature }
  const secrets = new Map<Did, string>()
  const mac = (secret: string, message: Uint8Array) =>
    new Uint8Array(hash('sha512', Buffer.concat([Buffer.from(secret), message]), 'buffer'))
  return {
    signer(name) {
      const { did } = realSigner(name)
      secrets.set(did, `keyed ${name}`)
      return { did, sign: (message) => mac(`keyed ${name}`, message) }
    },
    verify(author, message, signature) {
      const secret = secrets.get(author)
      return secret !== undefined && Buffer.compare(mac(secret, message), signature) === 0
    },
  }
}
