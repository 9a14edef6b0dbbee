/**
 * A file or directory block by block, parents first: which block comes next follows from those that
 * were there. Both ends of a CAR stream walk, so nothing else can be slipped in.
 */
import {
  admit,
  type Block,
  type CID,
  ensureFileCid,
  LIMITS,
  Refusal,
  readNode,
  textOf,
} from '@planetary-mesh/spec'
import type { Blocks } from '../ports.ts'

export type DagWalk = {
  /** The block to take next, and those known to follow it. */
  soon(count: number): readonly CID[]
  /** The bytes of that block. Refuses as `readNode` does, FILE_TOO_LARGE what never ends. */
  take(bytes: Uint8Array): void
}

/** Each block is walked once. Refuses CID_REFUSED what is no file or directory. */
export function openDagWalk(root: CID): DagWalk {
  ensureFileCid(root)
  /** The last one is next. */
  const stack = [root]
  const seen = new Set([textOf(root)])
  let total = 0
  return {
    soon: (count) => stack.slice(-count).reverse(),
    take(bytes) {
      const cid = stack.pop() as CID
      const node = readNode(cid, bytes)
      total += bytes.length
      admit(total <= LIMITS.carBytesMax, 'FILE_TOO_LARGE', `more than ${LIMITS.carBytesMax} bytes`)
      for (const part of linksOf(node).toReversed()) {
        if (seen.has(textOf(part.cid))) continue
        seen.add(textOf(part.cid))
        stack.push(part.cid)
      }
      const max = LIMITS.carBlocksMax
      admit(seen.size <= max, 'FILE_TOO_LARGE', `more than ${max} blocks under one CID`)
    },
  }
}

function linksOf(node: ReturnType<typeof readNode>): readonly { cid: CID }[] {
  if (node.type === 'branch') return node.links
  return node.type === 'directory' ? node.entries : []
}

/** Blocks asked for before they are sent: each at most 1 MiB. */
const AHEAD = 8

/** Refuses BLOCK_MISSING a block that nobody has, and as the walk and `Blocks.get` do. */
export async function* dagBlocks(
  root: CID,
  blocks: Pick<Blocks, 'get'>,
  signal: AbortSignal,
): AsyncGenerator<Block> {
  const walk = openDagWalk(root)
  const asked = new Map<string, Promise<Uint8Array | undefined>>()
  for (;;) {
    const soon = walk.soon(AHEAD)
    const [cid] = soon
    if (cid === undefined) return
    for (const one of soon) {
      if (asked.has(textOf(one))) continue
      const answer = blocks.get(one)
      // heard when its turn comes, if it comes
      answer.catch(() => {})
      asked.set(textOf(one), answer)
    }
    const bytes = await asked.get(textOf(cid))
    asked.delete(textOf(cid))
    signal.throwIfAborted()
    if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `nobody has ${cid}`)
    walk.take(bytes)
    yield { cid, bytes }
  }
}
