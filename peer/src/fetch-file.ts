/**
 * A file by its CID and declared size from a store that answers later. Its blocks are fetched level
 * by level, never more than a file of that size can have, and then read as spec reads any file.
 */
import {
  admit,
  type CID,
  CODEC,
  type FileRef,
  LIMITS,
  Refusal,
  readFile,
  readNode,
  textOf,
} from '@planetary-mesh/spec'
import type { Blocks } from './ports.ts'

/**
 * The bytes of the file. Refuses with FILE_TOO_LARGE above `bytesMax`, BLOCK_MISSING for a block
 * nobody has, and as `readFile` does: BLOCK_CID_MISMATCH, FILE_MALFORMED, CID_REFUSED …
 */
export async function fetchFile(
  ref: FileRef,
  blocks: Pick<Blocks, 'get'>,
  bytesMax: number = LIMITS.inputBytesMax,
): Promise<Uint8Array> {
  const held = new Map<string, Uint8Array>()
  ensureSize(ref, bytesMax)
  // leaves go to their place at once: a file of a GiB must not be here twice
  const whole = ref.bytes > LIMITS.fileChunkBytes ? new Uint8Array(ref.bytes) : undefined
  await fetchLevels(ref, blocks, held, async (cid, bytes, at) => {
    held.set(textOf(cid), cid.code === CODEC.raw ? placed(bytes, at, whole) : bytes)
  })
  return readFile(ref, (cid) => held.get(textOf(cid)), whole)
}

/**
 * Every block of the file is durable in `blocks` when it resolves; its leaves are not held in
 * memory. Refuses as `fetchFile` does, and as `Blocks.put` does: STORE_FULL.
 */
export async function keepFile(
  ref: FileRef,
  blocks: Pick<Blocks, 'get' | 'put'>,
  bytesMax: number = LIMITS.inputBytesMax,
): Promise<void> {
  const branches = new Map<string, Uint8Array>()
  let leafBytes = 0
  ensureSize(ref, bytesMax)
  await fetchLevels(ref, blocks, branches, async (cid, bytes) => {
    // what `get` gave may be kept, or not
    await blocks.put([{ cid, bytes }])
    if (cid.code === CODEC.raw) leafBytes += bytes.length
    else branches.set(textOf(cid), bytes)
    const max = ref.bytes
    admit(leafBytes <= max, 'FILE_TOO_LARGE', `${leafBytes} bytes where ${max} were declared`)
  })
}

function ensureSize(ref: FileRef, bytesMax: number): void {
  admit(ref.bytes <= bytesMax, 'FILE_TOO_LARGE', `${ref.bytes} bytes, at most ${bytesMax}`)
}

type Take = (cid: CID, bytes: Uint8Array, at: number) => Promise<void>

/** Gives each block to `take`, which puts those with links into `held`. */
async function fetchLevels(
  ref: FileRef,
  blocks: Pick<Blocks, 'get'>,
  held: ReadonlyMap<string, Uint8Array>,
  take: Take,
): Promise<void> {
  const nodesMax = nodesOf(ref.bytes)
  let nodes = 0
  for (let level = [ref.cid]; level.length > 0; level = linksOf(level, held)) {
    nodes += level.length
    admit(nodes <= nodesMax, 'FILE_MALFORMED', `more than ${nodesMax} blocks in ${ref.cid}`)
    await fetchAll(blocks, level, held, take)
  }
}

/** How many blocks a file of this size has: its leaves, and every level that joins them. */
function nodesOf(bytes: number): number {
  let level = Math.max(1, Math.ceil(bytes / LIMITS.fileChunkBytes))
  let nodes = level
  while (level > 1) {
    level = Math.ceil(level / LIMITS.fileLinksMax)
    nodes += level
  }
  return nodes
}

async function fetchAll(
  blocks: Pick<Blocks, 'get'>,
  cids: readonly CID[],
  held: ReadonlyMap<string, Uint8Array>,
  take: Take,
): Promise<void> {
  const missing = new Map<string, { cid: CID; at: number }>()
  for (const [at, cid] of cids.entries()) {
    const key = textOf(cid)
    if (!held.has(key) && !missing.has(key)) missing.set(key, { cid, at })
  }
  const left = missing.values()
  const fetchNext = async () => {
    // one iterator for all: each takes the next block that nobody has taken
    for (const { cid, at } of left) {
      const bytes = await blocks.get(cid)
      if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid}`)
      await take(cid, bytes, at)
    }
  }
  const fetches = Math.min(LIMITS.fileFetchesMax, missing.size)
  await Promise.all(Array.from({ length: fetches }, fetchNext))
}

/** A leaf in its place of the file, if it fits there; `readFile` judges whether it belongs. */
function placed(leaf: Uint8Array, index: number, whole: Uint8Array | undefined): Uint8Array {
  const at = index * LIMITS.fileChunkBytes
  if (whole === undefined || at + leaf.length > whole.length) return leaf
  whole.set(leaf, at)
  return whole.subarray(at, at + leaf.length)
}

/** The parts of every branch of a level. */
function linksOf(level: readonly CID[], held: ReadonlyMap<string, Uint8Array>): CID[] {
  return level.flatMap((cid) => {
    if (cid.code !== CODEC['dag-pb']) return []
    const node = readNode(cid, held.get(textOf(cid)) as Uint8Array)
    return node.type === 'branch' ? node.links.map((part) => part.cid) : []
  })
}
