/** Files on their way to the node, with how far they are for the person who waits. */
import type { ControlClient } from '@planetary-mesh/peer'
import type { Block } from '@planetary-mesh/spec'
import { openProgress } from '../cli/progress.ts'

/** They are durable at the node when it resolves. Refuses STORE_FULL, NODE_AWAY. */
export async function upload(
  client: Pick<ControlClient, 'putBlocks'>,
  blocks: readonly Block[],
  signal: AbortSignal,
): Promise<{ blocks: number; bytes: number }> {
  if (blocks.length === 0) return { blocks: 0, bytes: 0 }
  const total = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const progress = openProgress('uploading', total)
  try {
    await client.putBlocks(blocks, { signal, onProgress: ({ bytes }) => progress.moved(bytes) })
  } finally {
    progress.end()
  }
  return { blocks: blocks.length, bytes: total }
}
