/**
 * A replica as bytes, so that a process which starts again need not fold its log from the first
 * entry: it reads what it had folded and goes on from there. It is signed by that process, which
 * takes nobody else's, and the newest anchor in it must have its root. Source: ADR 0011.
 */
import { admit } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { AnyRecord } from '../records/any-record.ts'
import { equalBytes } from '../records/block.ts'
import { type CID, sha256, textOf } from '../records/cid.ts'
import type { Did } from '../records/did.ts'
import type { Signer, Verify } from '../records/signature.ts'
import type { Replica } from './replica.ts'
import { type GraphRead, readGraph, writeGraph } from './state-graph.ts'
import { rootOf } from './tree.ts'

/** Another one is read as if there were none. */
const VERSION = 'replica/1'
const SIGNATURE_BYTES = 64
const SIGNED_HEAD = Buffer.from('mesh/0 snapshot\n')

type Folded = Omit<Replica, 'waiting' | 'keepsAll' | 'problem' | 'ledger'> & {
  ledger: Omit<Replica['ledger'], 'policies'>
}
type Written = { version: string; folded: Folded }

/** A signature over the hash of what follows, then the graph of all that was folded. */
export function snapshotOf(replica: Replica, signer: Signer): Uint8Array {
  const { waiting: _waiting, keepsAll: _keepsAll, problem: _problem, ...rest } = replica
  const { policies: _policies, ...ledger } = rest.ledger
  const graph = writeGraph({ version: VERSION, folded: { ...rest, ledger } } satisfies Written)
  return new Uint8Array(Buffer.concat([signer.sign(signedOver(graph)), graph]))
}

const signedOver = (graph: Uint8Array) => Buffer.concat([SIGNED_HEAD, sha256(graph)])

export type SnapshotRead = {
  /** The records that opening it needs, each once. */
  readonly records: GraphRead['records']
  /**
   * What was folded, in place of what `empty` has. Refuses with BLOCK_MALFORMED what does not
   * agree with itself, or is of another log.
   */
  open(empty: Replica, record: (cid: CID) => AnyRecord): Replica
}

/** Refuses with BLOCK_… and SIGNATURE_INVALID what `author` did not write with `snapshotOf`. */
export function readSnapshot(bytes: Uint8Array, author: Did, verify: Verify): SnapshotRead {
  const graph = bytes.subarray(SIGNATURE_BYTES)
  const isOurs = verify(author, signedOver(graph), bytes.subarray(0, SIGNATURE_BYTES))
  admit(isOurs, 'SIGNATURE_INVALID', () => `${author} did not sign it`)
  const { records, build } = readGraph(graph, LIMITS.snapshotBytesMax)
  return {
    records,
    open(empty, record) {
      const { version, folded } = build(record) as Written
      admit(version === VERSION, 'BLOCK_MALFORMED', () => `it is of version ${version}`)
      const { genesis, policies } = empty.ledger
      const { ledger, peaks, head } = folded
      const newest = folded.anchors.at(-1)
      const agrees =
        ledger.genesis.equals(genesis) &&
        newest !== undefined &&
        head?.equals(newest.cid) === true &&
        newest.size === ledger.size &&
        peaks.size === ledger.size &&
        equalBytes(rootOf(peaks), newest.root)
      admit(agrees, 'BLOCK_MALFORMED', () => `it is no fold of ${textOf(genesis)}`)
      return { ...empty, ...folded, ledger: { ...ledger, policies } }
    },
  }
}
