/**
 * A block is a value in its one canonical form: DAG-CBOR bytes and the CID they hash to.
 *
 * `@ipld/dag-cbor` alone takes bytes it would never write (unsorted keys, short floats, broken
 * UTF-8). Here bytes are accepted only if encoding the decoded value again gives the same bytes,
 * so a value has one CID and a CID one value. Source: protocol.md, "Canonical blocks".
 */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { cborDepth } from './cbor-depth.ts'
import { cidOf, ensureCid } from './cid.ts'

export type Block = { readonly cid: CID; readonly bytes: Uint8Array }

/**
 * Encodes a value of null, booleans, safe integers, well-formed strings, bytes, links, arrays and
 * plain objects. Refuses with BLOCK_VALUE_REFUSED, CID_REFUSED, BLOCK_TOO_DEEP, BLOCK_TOO_LARGE.
 */
export function encodeBlock(value: unknown, bytesMax: number = LIMITS.blockBytesMax): Block {
  ensureValue(value, 0)
  const bytes = dagCbor.encode(value)
  admit(bytes.length <= bytesMax, 'BLOCK_TOO_LARGE', `${bytes.length} bytes, at most ${bytesMax}`)
  return { cid: cidOf('dag-cbor', bytes), bytes }
}

/**
 * Decodes bytes that `encodeBlock` could have written, and nothing else. With `cid`, the bytes must
 * hash to it. Refuses with BLOCK_TOO_LARGE, BLOCK_TOO_DEEP, BLOCK_MALFORMED, BLOCK_VALUE_REFUSED,
 * CID_REFUSED, BLOCK_NOT_CANONICAL, BLOCK_CID_MISMATCH.
 */
export function decodeBlock(
  bytes: Uint8Array,
  options: { cid?: CID | undefined; bytesMax?: number } = {},
): unknown {
  const bytesMax = options.bytesMax ?? LIMITS.blockBytesMax
  admit(bytes.length <= bytesMax, 'BLOCK_TOO_LARGE', `${bytes.length} bytes, at most ${bytesMax}`)
  if (options.cid !== undefined) ensureHash(options.cid, bytes)
  const depth = cborDepth(bytes, LIMITS.blockDepthMax + 1)
  admit(depth <= LIMITS.blockDepthMax, 'BLOCK_TOO_DEEP', `deeper than ${LIMITS.blockDepthMax}`)
  const value = decodeCbor(bytes)
  ensureValue(value, 0)
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
  const actual = cidOf(cid.code, bytes)
  admit(actual.equals(cid), 'BLOCK_CID_MISMATCH', `asked for ${cid}, got bytes of ${actual}`)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch (cause) {
    throw new Refusal('BLOCK_MALFORMED', cause instanceof Error ? cause.message : String(cause), {
      cause,
    })
  }
}

function ensureValue(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'boolean':
      return
    case 'number':
      admit(
        Number.isSafeInteger(value) && !Object.is(value, -0),
        'BLOCK_VALUE_REFUSED',
        `${value} is not an integer of at most 53 bits`,
      )
      return
    case 'string':
      admit(value.isWellFormed(), 'BLOCK_VALUE_REFUSED', 'a string with a lone surrogate')
      return
    case 'object':
      break
    default:
      throw new Refusal('BLOCK_VALUE_REFUSED', `a ${typeof value} cannot stand in a block`)
  }
  if (value === null || value instanceof Uint8Array) return
  // a container and a link each add one level, exactly as `cborDepth` counts them
  admit(depth < LIMITS.blockDepthMax, 'BLOCK_TOO_DEEP', `deeper than ${LIMITS.blockDepthMax}`)
  const cid = CID.asCID(value)
  if (cid !== null) return ensureCid(cid)
  if (Array.isArray(value)) {
    // not forEach: a hole in a sparse array must be seen as undefined
    for (let index = 0; index < value.length; index++) ensureValue(value[index], depth + 1)
    return
  }
  const prototype = Object.getPrototypeOf(value)
  admit(
    prototype === Object.prototype || prototype === null,
    'BLOCK_VALUE_REFUSED',
    `a ${value.constructor?.name ?? 'strange object'} cannot stand in a block`,
  )
  for (const [key, child] of Object.entries(value)) {
    admit(key.isWellFormed(), 'BLOCK_VALUE_REFUSED', 'a key with a lone surrogate')
    ensureValue(child, depth + 1)
  }
}
