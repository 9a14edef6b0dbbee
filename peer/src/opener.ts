/**
 * Opens records and remembers them by CID: a record that has been proven need not be proven again,
 * since a CID commits to its bytes. The bytes are hashed each time all the same, so that other
 * bytes never get a remembered record.
 */
import {
  type AnyRecord,
  type CID,
  cidOf,
  LIMITS,
  openAny,
  Refusal,
  textOf,
  type Verify,
} from '@planetary-mesh/spec'

/** Refuses as spec's `open` does; with `cid`, also BLOCK_CID_MISMATCH. */
export type Opener = (bytes: Uint8Array, cid?: CID) => AnyRecord

/**
 * An opener that remembers at most `max` records of together at most 8 MiB, those used last.
 * `verify` is the one signature rule, or its stand-in in a simulation.
 */
export function createOpener({ verify, max }: { verify: Verify; max: number }): Opener {
  const known = new Map<string, AnyRecord>()
  let held = 0

  const remember = (key: string, record: AnyRecord) => {
    known.set(key, record)
    held += record.bytes.length
    for (const [oldest, { bytes }] of known) {
      if (known.size <= max && held <= LIMITS.rememberedBytesMax) return
      known.delete(oldest)
      held -= bytes.length
    }
  }

  return (bytes, cid) => {
    const actual = cidOf('dag-cbor', bytes)
    if (cid !== undefined && !cid.equals(actual)) {
      throw new Refusal('BLOCK_CID_MISMATCH', `asked for ${cid}, got bytes of ${actual}`)
    }
    const key = textOf(actual)
    const found = known.get(key)
    if (found !== undefined) {
      known.delete(key)
      known.set(key, found)
      return found
    }
    // a copy: whoever gave the bytes may write to them later
    const record = openAny(bytes.slice(), { verify })
    remember(key, record)
    return record
  }
}
