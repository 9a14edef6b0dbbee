/**
 * A block is a value in its one canonical form: DAG-CBOR bytes and the CID they hash to.
 *
 * `@ipld/dag-cbor` alone takes bytes it would never write (unsorted keys, short floats, broken
 * UTF-8). Here bytes are accepted only if encoding the decoded value again gives the same bytes,
 * so a value has one CID and a CID one value. Source: protocol.md, "Canonical blocks".
 */
import * as dagCbor from '@ipld/dag-cbor'
import type { CID } from 'multiformats/cid'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { copyValue } from './block-value.ts'
import { cborDepth } from './cbor-depth.ts'
import { CODEC, cidOf, ensureCid, sha256 } from './cid.ts'
import { quickRead } from './quick-read.ts'

export type Block = { readonly cid: CID; readonly bytes: Uint8Array }

/**
 * Encodes a value of null, booleans, safe integers, well-formed strings, bytes, links, arrays and
 * plain objects. Refuses with BLOCK_VALUE_REFUSED, CID_REFUSED, BLOCK_TOO_DEEP, BLOCK_TOO_LARGE
 * whatever `decodeBlock` would not give back.
 */
export function encodeBlock(value: unknown, bytesMax: number = LIMITS.blockBytesMax): Block {
  const bytes = encodeCanonical(value, bytesMax)
  return { cid: cidOf('dag-cbor', bytes), bytes }
}

/** The bytes alone, for what nobody names by its hash. Refuses as `encodeBlock` does. */
export function encodeCanonical(value: unknown, bytesMax: number): Uint8Array {
  // the copy is what was judged: a getter cannot answer differently the second time
  const bytes = encodeCbor(copyValue(value, bytesMax))
  admit(
    bytes.length <= bytesMax,
    'BLOCK_TOO_LARGE',
    () => `${bytes.length} bytes, at most ${bytesMax}`,
  )
  return bytes
}

/**
 * Decodes bytes that `encodeBlock` could have written, and nothing else. With `cid`, the bytes must
 * hash to it. The value shares no memory with `bytes`. Refuses with BLOCK_TOO_LARGE,
 * BLOCK_TOO_DEEP, BLOCK_MALFORMED, BLOCK_VALUE_REFUSED, CID_REFUSED, BLOCK_NOT_CANONICAL,
 * BLOCK_CID_MISMATCH.
 */
export function decodeBlock(
  bytes: Uint8Array,
  options: { cid?: CID | undefined; bytesMax?: number } = {},
): unknown {
  const bytesMax = options.bytesMax ?? LIMITS.blockBytesMax
  // memory that another thread can write could change between the check and the use
  const steady = bytes instanceof Uint8Array && !(bytes.buffer instanceof SharedArrayBuffer)
  admit(steady, 'BLOCK_MALFORMED', 'a block must be bytes in memory of our own')
  admit(
    bytes.length <= bytesMax,
    'BLOCK_TOO_LARGE',
    () => `${bytes.length} bytes, at most ${bytesMax}`,
  )
  if (options.cid !== undefined) {
    // the same bytes have a CID as a raw leaf too: one block must not have two names
    admit(options.cid.code === CODEC['dag-cbor'], 'CID_REFUSED', 'the CID is not of DAG-CBOR')
    ensureHash(options.cid, bytes)
  }
  const quick = quickRead(bytes)
  return quick === undefined ? readAndWriteAgain(bytes, bytesMax) : quick
}

/** The long way: whatever a decoder takes is judged, and written again to see it is canonical. */
export function readAndWriteAgain(bytes: Uint8Array, bytesMax: number): unknown {
  const depth = cborDepth(bytes, LIMITS.blockDepthMax + 1)
  admit(
    depth <= LIMITS.blockDepthMax,
    'BLOCK_TOO_DEEP',
    () => `deeper than ${LIMITS.blockDepthMax}`,
  )
  const value = copyValue(decodeCbor(bytes), bytesMax)
  admit(
    equalBytes(dagCbor.encode(value), bytes),
    'BLOCK_NOT_CANONICAL',
    'encoding the decoded value again gives other bytes',
  )
  return value
}

/** Refuses with BLOCK_CID_MISMATCH unless `bytes` hash to `cid`, and CID_REFUSED for odd CIDs. */
export function ensureHash(cid: CID, bytes: Uint8Array): void {
  ensureCid(cid)
  admit(
    equalBytes(sha256(bytes), cid.multihash.digest),
    'BLOCK_CID_MISMATCH',
    () => `asked for ${cid}, got bytes of ${cidOf(cid.code, bytes)}`,
  )
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

/** In memory of their own: the codec hands out slices of a shared pool for small values. */
export function encodeCbor(value: unknown): Uint8Array {
  return new Uint8Array(dagCbor.encode(value))
}

function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    // a message can quote a key of megabytes
    throw new Refusal('BLOCK_MALFORMED', message.slice(0, 200).toWellFormed(), { cause })
  }
}
