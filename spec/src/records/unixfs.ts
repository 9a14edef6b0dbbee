/**
 * The blocks that files are made of: raw leaves, and DAG-PB nodes that say "these parts in this
 * order" (a branch) or "these names" (a directory). A node is accepted only if our own encoder
 * would have written its very bytes, so nothing can hide in one: no modes, times, inline data,
 * shards or unknown fields. Source: the IPFS UnixFS and DAG-PB specifications.
 */
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Block, ensureHash, equalBytes } from './block.ts'
import { CODEC, cidOf, ensureFileCid } from './cid.ts'
import { ensureEntryName } from './file-name.ts'

/** A part of a file: how many bytes of it, and how many the blocks below take together. */
export type Part = { readonly cid: CID; readonly bytes: number; readonly storedBytes: number }
/** A name in a directory, and how many bytes the blocks below take together. */
export type Entry = { readonly name: string; readonly cid: CID; readonly storedBytes: number }

export type FileNode =
  | { type: 'leaf'; bytes: Uint8Array; storedBytes: number }
  | { type: 'branch'; links: readonly Part[]; bytes: number; storedBytes: number }
  | { type: 'directory'; entries: readonly Entry[]; storedBytes: number }

/** The UnixFS data of a branch of 174 parts has at most this many bytes. */
const DATA_BYTES_MAX = 4096

/**
 * Reads one block of a file or directory, after checking its hash. In `branch`, `bytes` is the sum
 * over `links`; whether those sizes are true shows only when the parts are read (`readFile`).
 * Refuses with BLOCK_TOO_LARGE, BLOCK_CID_MISMATCH, CID_REFUSED, FILE_MALFORMED, FILE_NAME_REFUSED,
 * FILE_TOO_LARGE.
 */
export function readNode(cid: CID, bytes: Uint8Array): FileNode {
  ensureFileCid(cid)
  const bytesMax = cid.code === CODEC.raw ? LIMITS.fileChunkBytes : LIMITS.blockBytesMax
  admit(
    bytes.length <= bytesMax,
    'BLOCK_TOO_LARGE',
    () => `${bytes.length} bytes, at most ${bytesMax}`,
  )
  ensureHash(cid, bytes)
  if (cid.code === CODEC.raw) return { type: 'leaf', bytes, storedBytes: bytes.length }
  const { links, data } = decodeNode(bytes)
  const node = data.type === 'directory' ? asDirectory(links) : asBranch(links, data.blockSizes)
  const again = node.type === 'directory' ? encodeEntries(node.entries) : encodeParts(node.links)
  admit(equalBytes(again.bytes, bytes), 'FILE_MALFORMED', 'the node is not of the import profile')
  return { ...node, storedBytes: storedBytes(again, links) }
}

/** The node that joins parts, in order. */
export function encodeParts(parts: readonly Part[]): Block {
  const data = new UnixFS({ type: 'file', blockSizes: parts.map((part) => BigInt(part.bytes)) })
  return encodeNode(
    data,
    parts.map((part) => ({ name: '', ...part })),
  )
}

/** The node that names entries, which must be sorted by the bytes of their names. */
export function encodeEntries(entries: readonly Entry[]): Block {
  return encodeNode(new UnixFS({ type: 'directory' }), entries)
}

/** How many bytes a node's block and all blocks below take together: DAG-PB's `Tsize`. */
export function storedBytes(block: Block, links: readonly { storedBytes: number }[]): number {
  return links.reduce((sum, link) => sum + link.storedBytes, block.bytes.length)
}

/** Orders names by their UTF-8 bytes, which is not JavaScript's order above U+FFFF. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function encodeNode(data: UnixFS, links: readonly Entry[]): Block {
  const bytes = dagPb.encode({
    Data: data.marshal(),
    Links: links.map(({ name, cid, storedBytes }) => ({
      Hash: cid,
      Name: name,
      Tsize: storedBytes,
    })),
  })
  return { cid: cidOf('dag-pb', bytes), bytes }
}

function decodeNode(bytes: Uint8Array): { links: Entry[]; data: UnixFS } {
  try {
    const node = dagPb.decode(bytes)
    const dataBytes = node.Data ?? new Uint8Array()
    admit(dataBytes.length <= DATA_BYTES_MAX, 'FILE_MALFORMED', 'a node with data of its own')
    const data = UnixFS.unmarshal(dataBytes)
    admit(
      data.type === 'file' || data.type === 'directory',
      'FILE_MALFORMED',
      () => `a node of type ${data.type}`,
    )
    return { data, links: node.Links.map(asEntry) }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal('FILE_MALFORMED', 'the block is not a UnixFS node', { cause })
  }
}

function asEntry(link: dagPb.PBLink): Entry {
  ensureFileCid(link.Hash)
  const storedBytes = link.Tsize ?? 0
  admit(Number.isSafeInteger(storedBytes), 'FILE_MALFORMED', 'a size above 2^53 - 1')
  return { name: link.Name ?? '', cid: link.Hash, storedBytes }
}

function asBranch(links: readonly Entry[], sizes: readonly bigint[]) {
  admit(
    links.length >= 1 && links.length <= LIMITS.fileLinksMax && links.length === sizes.length,
    'FILE_MALFORMED',
    () => `a branch of ${links.length} links and ${sizes.length} sizes`,
  )
  const parts = links.map(({ cid, storedBytes }, index) => {
    const bytes = Number(sizes[index])
    admit(bytes >= 1, 'FILE_MALFORMED', 'a branch with an empty part')
    return { cid, bytes, storedBytes }
  })
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  admit(
    bytes <= LIMITS.inputBytesMax,
    'FILE_TOO_LARGE',
    () => `a file of ${bytes} bytes, at most ${LIMITS.inputBytesMax}`,
  )
  return { type: 'branch' as const, links: parts, bytes }
}

function asDirectory(entries: readonly Entry[]) {
  admit(
    entries.length <= LIMITS.directoryEntriesMax,
    'FILE_TOO_LARGE',
    () => `a directory of ${entries.length} entries, at most ${LIMITS.directoryEntriesMax}`,
  )
  for (const [index, { name }] of entries.entries()) {
    ensureEntryName(name)
    const before = entries[index - 1]
    admit(
      before === undefined || compareNames(before.name, name) < 0,
      'FILE_MALFORMED',
      'the names of a directory are not sorted, or one is taken twice',
    )
  }
  return { type: 'directory' as const, entries }
}
