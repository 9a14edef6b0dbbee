/** A member's Ed25519 key is its name on the network: did:key and PeerId are two spellings. */
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { admit, type Did, formatDid, parseDid, signerFromSeed } from '@planetary-mesh/spec'

/** The PeerId of a DID. Refuses DID_MALFORMED, KEY_REFUSED. */
export function peerIdOf(did: Did): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(parseDid(did)))
}

/** A connection is asked for its member at every message, and writing base58 takes its time. */
const known = new WeakMap<PeerId, Did>()

/** The DID of a PeerId. Refuses KEY_REFUSED what is no good Ed25519 key. */
export function didOf(peer: PeerId): Did {
  const before = known.get(peer)
  if (before !== undefined) return before
  admit(peer.type === 'Ed25519', 'KEY_REFUSED', `${peer} is not of an Ed25519 key`)
  const did = formatDid(peer.publicKey.raw)
  known.set(peer, did)
  return did
}

/** The key of a seed of 32 bytes, as libp2p has it: seed and public key in a row. */
export function networkKey(seed: Uint8Array): Ed25519PrivateKey {
  const publicKey = parseDid(signerFromSeed(seed).did)
  return privateKeyFromRaw(Uint8Array.of(...seed, ...publicKey)) as Ed25519PrivateKey
}
