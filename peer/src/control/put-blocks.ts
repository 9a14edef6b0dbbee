/** Blocks of people's files into the store, as they come, a few MiB at a time. */
import { type Block, CODEC, decodeBlock, LIMITS, readNode, textOf } from '@planetary-mesh/spec'
import type { Blocks } from '../ports.ts'
import { readCarStream } from './car-stream.ts'

/** Written together: durable writes cost, and so does memory. */
const PILE_BYTES = 4 * 1024 * 1024

/**
 * Stores every block of a CAR file, whose next bytes are taken only when the last are durable.
 * Refuses as `readCarStream` and `Blocks.put` do, and a block that nobody could read: BLOCK_…,
 * FILE_MALFORMED. What came before the refusal stays.
 */
export async function putCar(
  chunks: AsyncIterable<Uint8Array>,
  blocks: Pick<Blocks, 'put'>,
): Promise<{ blocks: number; bytes: number }> {
  const stored = { blocks: 0, bytes: 0 }
  let pile = new Map<string, Block>()
  let bytes = 0
  const flush = async () => {
    if (pile.size > 0) await blocks.put([...pile.values()])
    stored.blocks += pile.size
    stored.bytes += bytes
    pile = new Map()
    bytes = 0
  }
  const car = await readCarStream(chunks)
  for await (const block of car.blocks) {
    if (pile.has(textOf(block.cid))) continue
    ensureReadable(block)
    pile.set(textOf(block.cid), block)
    bytes += block.bytes.length
    if (bytes >= PILE_BYTES) await flush()
  }
  await flush()
  return stored
}

function ensureReadable({ cid, bytes }: Block): void {
  if (cid.code === CODEC['dag-cbor']) decodeBlock(bytes, { cid, bytesMax: LIMITS.blockBytesMax })
  else readNode(cid, bytes)
}
