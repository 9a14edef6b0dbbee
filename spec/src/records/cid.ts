/**
 * A CID names bytes by their hash. We accept exactly one family: CIDv1, sha2-256 of 32 bytes, of a
 * raw leaf, a DAG-PB file node or a DAG-CBOR block.
 */
import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { z } from 'zod'
import { admit, Refusal } from '../errors.ts'

export { CID }

/** Multicodec codes of the accepted kinds (multiformats/multicodec table). */
export const CODEC = { raw: 0x55, 'dag-pb': 0x70, 'dag-cbor': 0x71 } as const
export type CodecName = keyof typeof CODEC

const CODES: readonly number[] = Object.values(CODEC)
const SHA2_256 = 0x12

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'))
}

/** The CID of `bytes` under a codec, by name or multicodec code. */
export function cidOf(codec: CodecName | number, bytes: Uint8Array): CID {
  const code = typeof codec === 'number' ? codec : CODEC[codec]
  return CID.createV1(code, Digest.create(SHA2_256, sha256(bytes)))
}

export function isAcceptedCid(cid: CID): boolean {
  return (
    cid.version === 1 &&
    CODES.includes(cid.code) &&
    cid.multihash.code === SHA2_256 &&
    cid.multihash.digest.length === 32
  )
}

/** Refuses with CID_REFUSED unless the CID is of the accepted family. */
export function ensureCid(cid: CID): void {
  admit(
    isAcceptedCid(cid),
    'CID_REFUSED',
    `${cid}: version ${cid.version}, codec 0x${cid.code.toString(16)}, hash 0x${cid.multihash.code.toString(16)}`,
  )
}

/** Parses the text form (base32 lower case, as we print it, or any multibase). CID_REFUSED else. */
export function parseCid(text: string): CID {
  try {
    const cid = CID.parse(text)
    ensureCid(cid)
    return cid
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal('CID_REFUSED', `'${text.slice(0, 80)}' is not a CID`, { cause })
  }
}

const link = (codes: readonly number[], what: string) =>
  z.custom<CID>(
    (value) => {
      const cid = CID.asCID(value)
      return cid !== null && isAcceptedCid(cid) && codes.includes(cid.code)
    },
    { error: `expected a link to ${what}` },
  )

/** A link to a DAG-CBOR block: another record, or plain data of a known shape. */
export const Link = link([CODEC['dag-cbor']], 'a DAG-CBOR block')
/** A link to a file: raw bytes up to 1 MiB, else a UnixFS root; or to a UnixFS directory. */
export const FileLink = link([CODEC.raw, CODEC['dag-pb']], 'a file')
