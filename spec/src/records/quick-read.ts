/**
 * Reads in one pass what our encoder writes, and nothing else: the shortest heads, keys in order,
 * links of our kinds. What it does not read (deep nesting, a rare key, all that is wrong) is left
 * to the long way of `decodeBlock`, which judges it and says why.
 * Source: RFC 8949 section 3; the DAG-CBOR specification, "Strictness".
 */
import { CODEC, cidOfDigest } from './cid.ts'

type Cursor = { readonly bytes: Buffer; at: number }

const DEPTH_MAX = 16
/** The least arguments that stand in one, two, four and eight bytes behind the head. */
const LEAST = [24, 0x100, 0x10000, 0x100000000] as const
/** Tag 42 over 37 bytes: a zero, and the CID, which begins with its version. */
const LINK_HEAD = [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01] as const
const SHA2_256_HEAD = [0x12, 0x20] as const
const LINK_BYTES = 41
const DIGEST_BYTES = 32
const LINKED: readonly number[] = Object.values(CODEC)
/** One would change what the object is, the other may make a map look like a link. */
const RARE_KEYS = ['__proto__', '/']

/** The value, which shares no memory with `bytes`; undefined for what is not read here. */
export function quickRead(bytes: Uint8Array): unknown {
  const { buffer, byteOffset, length } = bytes as Uint8Array<ArrayBuffer>
  const cursor = { bytes: Buffer.from(buffer, byteOffset, length), at: 0 }
  const value = readItem(cursor, 0)
  return cursor.at === length ? value : undefined
}

function readItem(cursor: Cursor, depth: number): unknown {
  const head = cursor.bytes[cursor.at]
  if (head === undefined) return undefined
  if (head === 0xf6 || head === 0xf5 || head === 0xf4) {
    cursor.at += 1
    return head === 0xf6 ? null : head === 0xf5
  }
  const major = head >> 5
  if (major === 6) return readLink(cursor)
  const argument = readArgument(cursor)
  if (argument === undefined) return undefined
  switch (major) {
    case 0:
      return argument
    case 1:
      return argument < Number.MAX_SAFE_INTEGER ? -1 - argument : undefined
    case 2:
      return readBytes(cursor, argument)
    case 3:
      return readText(cursor, argument)
    case 4:
      return depth < DEPTH_MAX ? readList(cursor, argument, depth + 1) : undefined
    case 5:
      return depth < DEPTH_MAX ? readMap(cursor, argument, depth + 1) : undefined
    default:
      return undefined
  }
}

/** The number in a head and behind it; undefined unless it is written as shortly as can be. */
function readArgument(cursor: Cursor): number | undefined {
  const { bytes } = cursor
  const info = (bytes[cursor.at] as number) & 31
  cursor.at += 1
  if (info < 24) return info
  const width = 1 << (info - 24)
  if (info > 27 || cursor.at + width > bytes.length) return undefined
  let argument = 0
  for (const end = cursor.at + width; cursor.at < end; cursor.at++) {
    argument = argument * 256 + (bytes[cursor.at] as number)
  }
  const isShortest = argument >= (LEAST[info - 24] as number)
  return isShortest && Number.isSafeInteger(argument) ? argument : undefined
}

function readBytes(cursor: Cursor, length: number): Uint8Array | undefined {
  const end = cursor.at + length
  if (end > cursor.bytes.length) return undefined
  const copy = new Uint8Array(cursor.bytes.subarray(cursor.at, end))
  cursor.at = end
  return copy
}

function readText(cursor: Cursor, length: number): string | undefined {
  const { bytes, at } = cursor
  const end = at + length
  if (end > bytes.length) return undefined
  cursor.at = end
  let highest = 0
  for (let index = at; index < end; index++) highest |= bytes[index] as number
  if (highest < 0x80) return bytes.toString('latin1', at, end)
  const text = bytes.toString('utf8', at, end)
  // a byte order mark begins so, as some other letters do
  const isWhole = bytes[at] !== 0xef && Buffer.from(text).equals(bytes.subarray(at, end))
  return isWhole ? text : undefined
}

function readList(cursor: Cursor, length: number, depth: number): unknown[] | undefined {
  const items: unknown[] = []
  for (let index = 0; index < length; index++) {
    const item = readItem(cursor, depth)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function readMap(cursor: Cursor, length: number, depth: number): object | undefined {
  const { bytes } = cursor
  const map: { [key: string]: unknown } = {}
  let [before, beforeEnd] = [0, 0]
  for (let index = 0; index < length; index++) {
    const isText = (bytes[cursor.at] as number) >> 5 === 3
    const keyBytes = isText ? readArgument(cursor) : undefined
    if (keyBytes === undefined) return undefined
    const at = cursor.at
    const key = readText(cursor, keyBytes)
    if (key === undefined || RARE_KEYS.includes(key)) return undefined
    if (index > 0 && !follows(bytes, at, cursor.at, before, beforeEnd)) return undefined
    ;[before, beforeEnd] = [at, cursor.at]
    const value = readItem(cursor, depth)
    if (value === undefined) return undefined
    map[key] = value
  }
  return map
}

/** Keys stand shortest first, those of one length in the order of their bytes, each once. */
function follows(bytes: Buffer, at: number, end: number, before: number, beforeEnd: number) {
  const longer = end - at - (beforeEnd - before)
  return longer > 0 || (longer === 0 && bytes.compare(bytes, before, beforeEnd, at, end) > 0)
}

function readLink(cursor: Cursor): unknown {
  const { bytes, at } = cursor
  const end = at + LINK_BYTES
  if (end > bytes.length) return undefined
  const codec = bytes[at + LINK_HEAD.length] as number
  const isOurs =
    LINK_HEAD.every((byte, index) => byte === bytes[at + index]) &&
    LINKED.includes(codec) &&
    SHA2_256_HEAD.every((byte, index) => byte === bytes[end - DIGEST_BYTES - 2 + index])
  if (!isOurs) return undefined
  cursor.at = end
  return cidOfDigest(codec, bytes, end - DIGEST_BYTES)
}
