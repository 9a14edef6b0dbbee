/** The shapes of what names something in a record: links to blocks and files, and identities. */
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { asLink, CODEC, FILE_CODES, isAcceptedCid } from './cid.ts'
import { type Did, isDid } from './did.ts'

const link = (codes: readonly number[], what: string) =>
  z.custom<CID>(
    (value) => {
      const cid = asLink(value)
      return cid !== null && isAcceptedCid(cid) && codes.includes(cid.code)
    },
    { error: `expected a link to ${what}` },
  )

/** A link to a DAG-CBOR block: another record, or plain data of a known shape. */
export const Link = link([CODEC['dag-cbor']], 'a DAG-CBOR block')
/** A link to a file: raw bytes up to 1 MiB, else a UnixFS root; or to a UnixFS directory. */
export const FileLink = link(FILE_CODES, 'a file')

export const DidText = z.custom<Did>(isDid, { error: 'expected a did:key of an Ed25519 key' })
