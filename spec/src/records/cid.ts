/**
 * A CID names bytes by their hash. We accept exactly one family: CIDv1, sha2-256 of 32 bytes, of a
 * raw leaf, a DAG-PB file node or a DAG-CBOR block.
 */
import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { base32Text } from './base32.ts'

export { CID }

/** Multicodec codes of the accepted kinds (multiformats/multicodec table). */
export const CODEC = { raw: 0x55, 'dag-pb': 0x70, 'dag-cbor': 0x71 } as const
export type CodecName = keyof typeof CODEC

const CODES: readonly number[] = Object.values(CODEC)
/** Those of files: a raw leaf is a file of its own. */
export const FILE_CODES: readonly number[] = [CODEC.raw, CODEC['dag-pb']]
const SHA2_256 = 0x12
const CID_BYTES = 36
const DIGEST_AT = 4
const DIGEST_BYTES = 32
/** Base32 takes 59 characters, base16 73. */
const CID_TEXT_MAX = 80

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'))
}

/** The CID of `bytes` under a codec, by name or multicodec code. */
export function cidOf(codec: CodecName | number, bytes: Uint8Array): CID {
  const code = typeof codec === 'number' ? codec : CODEC[codec]
  // others' codes may take two bytes; ours take one
  if (code > 0x7f) return CID.createV1(code, Digest.create(SHA2_256, sha256(bytes)))
  return cidOfDigest(code, hash('sha256', bytes, 'buffer'), 0)
}

/**
 * The newest CIDs of each code by their digest, the oldest first: the records of a job name the
 * same few again and again, and a CID takes ten times the room of its bytes.
 */
const newest = new Map<number, Map<string, CID>>()

/**
 * The CID of what has the sha-256 that stands in `bytes` at `at`, which is copied; the code takes
 * one byte. Equal CIDs are mostly one object: nobody writes to its bytes.
 */
export function cidOfDigest(code: number, bytes: Buffer, at: number): CID {
  const known = newest.get(code) ?? new Map<string, CID>()
  const key = bytes.toString('latin1', at, at + DIGEST_BYTES)
  const found = known.get(key)
  if (found !== undefined) return found
  const made = makeCid(code, bytes.subarray(at, at + DIGEST_BYTES))
  if (known.size === 0) newest.set(code, known)
  if (known.size >= LIMITS.cidsRememberedMax) known.delete(known.keys().next().value as string)
  known.set(key, made)
  return made
}

function makeCid(code: number, sha256: Uint8Array): CID {
  // one buffer for all parts: a small array is moved when its buffer is asked for
  const cid = new Uint8Array(new ArrayBuffer(CID_BYTES))
  cid[0] = 1
  cid[1] = code
  cid[2] = SHA2_256
  cid[3] = DIGEST_BYTES
  cid.set(sha256, DIGEST_AT)
  const digest = new Digest.Digest(SHA2_256, 32, cid.subarray(DIGEST_AT), cid.subarray(2))
  return new CID(1, code, digest, cid)
}

const TEXT = Symbol('text')

/**
 * The text of a CID as `toString` gives it, base32 for version 1, in a tenth of the time: it is the
 * key of nearly every map, so it also stays with the object, where no comparison sees it.
 */
export function textOf(cid: CID & { [TEXT]?: string }): string {
  const known = cid[TEXT]
  if (known !== undefined) return known
  const ours = cid.version === 1 && cid.bytes.length === CID_BYTES
  const value = ours ? base32Text(cid.bytes) : `${cid}`
  Reflect.defineProperty(cid, TEXT, { value })
  return value
}

/**
 * Judges the bytes, which are what is written, and demands that the fields, which are what is
 * compared, say the same: an object made elsewhere need not agree with itself.
 */
export function isAcceptedCid(cid: CID): boolean {
  const { bytes, multihash } = cid
  return (
    bytes?.length === CID_BYTES &&
    bytes[0] === 1 &&
    CODES.includes(bytes[1] as number) &&
    bytes[2] === SHA2_256 &&
    bytes[3] === DIGEST_BYTES &&
    cid.version === 1 &&
    cid.code === bytes[1] &&
    multihash?.code === SHA2_256 &&
    multihash.digest?.length === DIGEST_BYTES &&
    endsWith(bytes, multihash.digest)
  )
}

function endsWith(bytes: Uint8Array, digest: Uint8Array): boolean {
  for (let index = 0; index < DIGEST_BYTES; index++) {
    if (bytes[DIGEST_AT + index] !== digest[index]) return false
  }
  return true
}

/** Refuses with CID_REFUSED unless the CID is of the accepted family. */
export function ensureCid(cid: CID): void {
  // the first bytes, not the text: base58 of a CIDv0 with a digest of 2 MiB would take minutes
  if (!isAcceptedCid(cid)) throw new Refusal('CID_REFUSED', `a CID of ${firstBytes(cid.bytes)}`)
}

/** Refuses with CID_REFUSED unless the CID can be a block of a file: raw or DAG-PB. */
export function ensureFileCid(cid: CID): void {
  ensureCid(cid)
  admit(FILE_CODES.includes(cid.code), 'CID_REFUSED', () => `${cid} is not of a file`)
}

/** Parses the text form (base32 lower case as we print it, base36 or base58). CID_REFUSED else. */
export function parseCid(text: string): CID {
  try {
    admit(
      text.length <= CID_TEXT_MAX,
      'CID_REFUSED',
      () => `a CID text of ${text.length} characters`,
    )
    const cid = CID.parse(text)
    ensureCid(cid)
    return cid
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal('CID_REFUSED', `'${text}' is not a CID`, { cause })
  }
}

function firstBytes(bytes: Uint8Array | undefined): string {
  const shown = Buffer.from((bytes ?? new Uint8Array()).subarray(0, 8)).toString('hex')
  return `${bytes?.length ?? 0} bytes: ${shown}…`
}

/**
 * The link that a value is, or null. Two copies of the CID class may live in one process, so the
 * class is not asked; and plain data that only looks like a link (`{"/": x, "bytes": x}`) is none.
 */
export function asLink(value: unknown): CID | null {
  const bytes = (value as { bytes?: unknown } | null | undefined)?.bytes
  return bytes instanceof Uint8Array ? CID.asCID(value) : null
}
