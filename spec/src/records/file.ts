/**
 * A file by its content: bytes cut into leaves of 1 MiB and joined by a balanced tree of 174 links
 * a node. A file of one leaf is that leaf, so up to 1 MiB a file's CID is that of its bytes.
 *
 * One profile, so that a file has one CID for everybody, and any IPFS node can serve it: UnixFS,
 * CIDv1, raw leaves. Source: protocol.md, "Canonical blocks".
 */

import type { CID } from 'multiformats/cid'
import { assert } from '../assert.ts'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Block } from './block.ts'
import { cidOf } from './cid.ts'
import type { FileRef } from './fields.ts'
import { encodeParts, type FileNode, type Part, readNode, storedBytes } from './unixfs.ts'

/** A file or directory as blocks, parts before what joins them; the last one is the root. */
export type EncodedFile = {
  readonly cid: CID
  /** Bytes of the file, or of all files of the directory. */
  readonly bytes: number
  readonly blocks: readonly Block[]
}

/** Gives the bytes of a block, or undefined if nobody here has it. */
export type GetBlock = (cid: CID) => Uint8Array | undefined

/**
 * The blocks of a file. Leaves share memory with `bytes`; equal leaves appear as often as they
 * occur. Refuses with FILE_TOO_LARGE above 1 GiB.
 */
export function encodeFile(bytes: Uint8Array): EncodedFile {
  const { root, blocks } = encodeFileParts(bytes)
  return { cid: root.cid, bytes: root.bytes, blocks }
}

/**
 * The bytes of a file. Every block is checked against its CID and its place in the tree, and
 * reading stops where more than `ref.bytes` would come. Refuses with BLOCK_MISSING,
 * BLOCK_CID_MISMATCH, BLOCK_TOO_LARGE, CID_REFUSED, FILE_MALFORMED, FILE_TOO_LARGE. `into` is
 * memory of `ref.bytes` to write to; what `get` gives may be parts of it, in their place already.
 */
export function readFile(ref: FileRef, get: GetBlock, into?: Uint8Array): Uint8Array {
  return readFileNode(fetchNode(ref.cid, get), ref.bytes, get, into)
}

export function encodeFileParts(bytes: Uint8Array): { root: Part; blocks: Block[] } {
  ensureSize(bytes.length)
  const whole = plainBytes(bytes)
  const blocks: Block[] = []
  let level: Part[] = []
  // an empty file is one empty leaf
  for (let at = 0; at === 0 || at < whole.length; at += LIMITS.fileChunkBytes) {
    const leaf = whole.subarray(at, at + LIMITS.fileChunkBytes)
    const cid = cidOf('raw', leaf)
    blocks.push({ cid, bytes: leaf })
    level.push({ cid, bytes: leaf.length, storedBytes: leaf.length })
  }
  while (level.length > 1) {
    const above: Part[] = []
    for (let at = 0; at < level.length; at += LIMITS.fileLinksMax) {
      const parts = level.slice(at, at + LIMITS.fileLinksMax)
      const block = encodeParts(parts)
      blocks.push(block)
      above.push({
        cid: block.cid,
        bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
        storedBytes: storedBytes(block, parts),
      })
    }
    level = above
  }
  return { root: level[0] as Part, blocks }
}

export function readFileNode(
  root: FileNode,
  bytes: number,
  get: GetBlock,
  into?: Uint8Array,
): Uint8Array {
  ensureSize(bytes)
  ensurePart(root, bytes)
  if (root.type === 'leaf') return plainBytes(root.bytes)
  admit(bytes > LIMITS.fileChunkBytes, 'FILE_MALFORMED', 'a branch where one leaf is enough')
  const out = into ?? new Uint8Array(bytes)
  assert(out.length === bytes, 'a file is read into memory of its size')
  let at = 0
  const walk = (node: FileNode, span: number): void => {
    if (node.type !== 'branch') {
      admit(
        node.type === 'leaf' && span === 1,
        'FILE_MALFORMED',
        () => `a ${node.type} out of place`,
      )
      out.set(node.bytes, at)
      at += node.bytes.length
      return
    }
    // every part but the last is as large as its level allows
    const partSpan = span / LIMITS.fileLinksMax
    const partBytes = partSpan * LIMITS.fileChunkBytes
    admit(partSpan >= 1, 'FILE_MALFORMED', 'a branch where a leaf belongs')
    for (const [index, part] of node.links.entries()) {
      const rest = node.bytes - index * partBytes
      admit(part.bytes === Math.min(rest, partBytes), 'FILE_MALFORMED', 'an unbalanced branch')
      const child = fetchNode(part.cid, get)
      ensurePart(child, part.bytes)
      admit(child.storedBytes === part.storedBytes, 'FILE_MALFORMED', 'a wrong stored size')
      walk(child, partSpan)
    }
  }
  walk(root, spanOf(bytes))
  return out
}

/** One block of a file, read and checked. */
export function fetchNode(cid: CID, get: GetBlock): FileNode {
  const bytes = get(cid)
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid}`)
  return readNode(cid, bytes)
}

/** How many leaves the root of a file of this size could span: 1, 174, 174² … */
function spanOf(bytes: number): number {
  let span = 1
  while (span * LIMITS.fileChunkBytes < bytes) span *= LIMITS.fileLinksMax
  return span
}

function ensurePart(node: FileNode, bytes: number): void {
  if (node.type === 'directory') throw new Refusal('FILE_MALFORMED', 'a directory, not a file')
  const actual = node.type === 'leaf' ? node.bytes.length : node.bytes
  admit(actual <= bytes, 'FILE_TOO_LARGE', () => `${actual} bytes where ${bytes} were declared`)
  admit(actual === bytes, 'FILE_MALFORMED', () => `${actual} bytes where ${bytes} were declared`)
}

/** Stores and file systems hand out Buffers, whose `slice` does not copy: a plain view of one. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

function ensureSize(bytes: number): void {
  admit(
    bytes <= LIMITS.inputBytesMax,
    'FILE_TOO_LARGE',
    () => `a file of ${bytes} bytes, at most ${LIMITS.inputBytesMax}`,
  )
}
