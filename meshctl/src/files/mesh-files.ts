/** Files into and out of a running mesh: what `put` and `get` do without a CAR file. */
import type { ControlClient } from '@planetary-mesh/peer'
import { type Block, type CID, CODEC, type GetBlock, readNode } from '@planetary-mesh/spec'
import { openProgress } from '../cli/progress.ts'
import { readDag } from '../proof/mesh-proof.ts'

/** The blocks below a CID, or the one of a record. Refuses with BLOCK_MISSING, CID_REFUSED. */
export async function readFromMesh(client: ControlClient, cid: CID): Promise<GetBlock> {
  if (cid.code === CODEC['dag-cbor']) {
    const bytes = await client.block(cid)
    return (asked) => (asked.equals(cid) ? bytes : undefined)
  }
  const progress = openProgress('fetching', await sizeOf(client, cid))
  try {
    const blocks = await readDag(client, cid, (bytes) => progress.moved(bytes))
    const held = new Map(blocks.map((block: Block) => [`${block.cid}`, block.bytes]))
    return (asked) => held.get(`${asked}`)
  } finally {
    progress.end()
  }
}

/** What the first block says that all blocks have together. */
async function sizeOf(client: ControlClient, cid: CID): Promise<number> {
  return readNode(cid, await client.block(cid)).storedBytes
}
