/**
 * Blocks that are to prove something, as a reader takes them: each is a stranger's until it is
 * checked against its CID.
 */
import {
  type AnyRecord,
  attempt,
  type Block,
  type CID,
  ensureHash,
  type Finding,
  type Reader,
  Refusal,
} from '@planetary-mesh/spec'
import { openReader } from './reader.ts'

export type Proof = {
  /** What the file names first: receipt, newest anchor, genesis charter. */
  roots: readonly CID[]
  cids: readonly CID[]
  get(cid: CID): Uint8Array | undefined
  /** Blocks that are not what their CID says, and roots that are not there: altered on the way. */
  damage: Finding[]
  /** Every block that opens as a record. */
  records: readonly AnyRecord[]
  /** By which they were opened, and remembers that. */
  reader: Reader
}

/** `blocks` by CID; nothing about them is believed. */
export function proofOf(
  roots: readonly CID[],
  blocks: ReadonlyMap<string, Block>,
  reader: Reader = openReader(),
): Proof {
  const held = [...blocks.values()]
  const get = (cid: CID) => blocks.get(`${cid}`)?.bytes
  const altered = held.flatMap(({ cid, bytes }): Finding[] => {
    const hashed = attempt(() => ensureHash(cid, bytes))
    return hashed instanceof Refusal ? [{ code: hashed.code, cid, detail: hashed.detail }] : []
  })
  const absent = roots
    .filter((root) => get(root) === undefined)
    .map((cid): Finding => ({ code: 'BLOCK_MISSING', cid, detail: `the root ${cid}` }))
  const records = held.flatMap(({ cid, bytes }) => {
    const record = attempt(() => reader.open(bytes, cid))
    return record instanceof Refusal ? [] : [record]
  })
  const damage = [...altered, ...absent]
  return { roots, cids: held.map(({ cid }) => cid), get, records, damage, reader }
}
