/** Keys in memory, each made from a seed. */
import { type Did, type Signer, signerFromSeed } from '@planetary-mesh/spec'
import type { Keyring } from '../ports.ts'

export function openMemoryKeyring(seeds: readonly Uint8Array[]): Keyring {
  const signers = new Map<Did, Signer>()
  for (const seed of seeds) {
    const signer = signerFromSeed(seed)
    signers.set(signer.did, signer)
  }
  return { signer: (did) => signers.get(did), dids: () => [...signers.keys()] }
}
