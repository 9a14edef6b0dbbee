/**
 * This reader's own copy of the log and its own fold, taken through a node from the store that is
 * asked: every block is hashed and every entry judged here, as a stranger would.
 */
import type { ControlClient } from '@planetary-mesh/peer'
import {
  Anchor,
  attempt,
  type Block,
  type CID,
  CODEC,
  type Did,
  ensureHash,
  openReplica,
  type Reader,
  Refusal,
  type Replica,
  receive,
} from '@planetary-mesh/spec'
import { policies } from './policies.ts'
import { openReader } from './reader.ts'

export type LogCopy = {
  readonly blocks: Map<string, Block>
  /** The fold of everything read so far. */
  readonly replica: Replica
  /** Reads what follows. Refuses as the source does, PEER_AWAY, BLOCK_CID_MISMATCH. */
  read(): Promise<void>
}

/** A copy from `via` (a member's DID), or from the store of the node that is asked. */
export function openLogCopy(
  client: ControlClient,
  genesis: CID,
  { via, reader = openReader() }: { via?: Did; reader?: Reader } = {},
): LogCopy {
  const blocks = new Map<string, Block>()
  const replica = openReplica(genesis, { policies })
  const get = (cid: CID) => blocks.get(`${cid}`)?.bytes
  return {
    blocks,
    replica,
    async read() {
      const anchors: { cid: CID; size: number }[] = []
      const from = replica.ledger.size
      for await (const block of client.log(via === undefined ? { from } : { from, via })) {
        ensureHash(block.cid, block.bytes)
        blocks.set(`${block.cid}`, block)
        const size = anchorSize(block)
        if (size !== undefined) anchors.push({ cid: block.cid, size })
      }
      anchors.sort((a, b) => a.size - b.size)
      for (const { cid } of anchors) {
        const received = receive(replica, { anchor: cid, get }, reader)
        if (received.type === 'stopped') {
          const { code, detail } = received.problem
          throw new Refusal(code, `the log stops at anchor ${cid}: ${detail}`)
        }
      }
    },
  }
}

function anchorSize({ cid, bytes }: Block): number | undefined {
  if (cid.code !== CODEC['dag-cbor']) return undefined
  const anchor = attempt(() => Anchor.decode(bytes, cid))
  return anchor instanceof Refusal ? undefined : anchor.size
}
