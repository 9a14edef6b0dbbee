/**
 * Twenty processes in one hear the same bytes: here they are read once. Reading is a pure function
 * of the bytes, and in this network a message is one object for all who hear it.
 */
import {
  type AnyRecord,
  type CID,
  ensureHash,
  type Message,
  openMessage,
  plainReader,
  type Reader,
  type Verify,
} from '@planetary-mesh/spec'

export function sharedDoor(
  verify: Verify,
  open: (bytes: Uint8Array, cid?: CID) => AnyRecord,
): {
  reader: Reader
  readMessage: (bytes: Uint8Array) => Message
  ensureHash: (cid: CID, bytes: Uint8Array) => void
} {
  const plain = plainReader(verify)
  const proven = new Map<Uint8Array, CID>()
  return {
    ensureHash(cid, bytes) {
      if (proven.get(bytes)?.equals(cid)) return
      ensureHash(cid, bytes)
      proven.set(bytes, cid)
    },
    readMessage: once((bytes) => openMessage(bytes, open)),
    reader: {
      verify,
      open: once((bytes, cid) => open(bytes, cid)),
      entry: once(plain.entry),
      anchor: once(plain.anchor),
    },
  }
}

/** The answer for one object of bytes, and for no other, remembered. */
function once<A extends readonly unknown[], R>(
  read: (bytes: Uint8Array, ...rest: A) => R,
): (bytes: Uint8Array, ...rest: A) => R {
  const known = new Map<Uint8Array, R>()
  return (bytes, ...rest) => {
    const before = known.get(bytes)
    if (before !== undefined) return before
    const answer = read(bytes, ...rest)
    known.set(bytes, answer)
    return answer
  }
}
