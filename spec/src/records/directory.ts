/**
 * Several files under one CID: basic UnixFS directories, nested by path, names sorted by their
 * bytes. A directory exists because a file is in it, so only the root may be empty; that and the
 * one file profile give the same files the same CID everywhere.
 */
import type { CID } from 'multiformats/cid'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { VirtualFile } from '../sandbox.ts'
import type { Block } from './block.ts'
import type { FileRef } from './fields.ts'
import {
  type EncodedFile,
  encodeFileParts,
  fetchNode,
  type GetBlock,
  readFileNode,
} from './file.ts'
import { splitPath } from './file-name.ts'
import { compareNames, type Entry, encodeEntries, type FileNode, storedBytes } from './unixfs.ts'

type Tree = Map<string, Tree | Uint8Array>

/**
 * The blocks of a directory of files, given by relative path in any order; no files give the empty
 * directory. Refuses with FILE_NAME_REFUSED (a bad name, or one taken twice) and FILE_TOO_LARGE
 * (more than 4096 files and directories).
 */
export function encodeDirectory(files: readonly VirtualFile[]): EncodedFile {
  const root: Tree = new Map()
  let count = 0
  for (const { path, bytes } of files) {
    const names = splitPath(path)
    const last = names.pop() as string
    let tree = root
    for (const name of names) {
      let next = tree.get(name)
      if (next === undefined) {
        next = new Map()
        tree.set(name, next)
        count++
      }
      if (!(next instanceof Map)) throw takenTwice(path)
      tree = next
    }
    if (tree.has(last)) throw takenTwice(path)
    tree.set(last, bytes)
    count++
    ensureCount(count)
  }
  const blocks: Block[] = []
  const { cid, bytes } = encodeTree(root, blocks)
  return { cid, bytes, blocks }
}

/**
 * The files of a directory, sorted by path (code units). `ref.bytes` is the sum of their sizes.
 * Refuses as `readFile` does, with FILE_NAME_REFUSED, and with FILE_TOO_LARGE above 4096 entries.
 */
export function readDirectory(ref: FileRef, get: GetBlock): VirtualFile[] {
  const files: VirtualFile[] = []
  let left = ref.bytes
  let count = 0
  const walk = (node: FileNode, path: readonly string[]): void => {
    if (node.type === 'directory') {
      const nested = path.length > 0
      admit(!nested || node.entries.length > 0, 'FILE_MALFORMED', 'an empty directory in another')
      admit(path.length < LIMITS.pathDepthMax, 'FILE_NAME_REFUSED', 'the path is too deep')
      count += node.entries.length
      ensureCount(count)
      for (const { name, cid, storedBytes } of node.entries) {
        const child = fetchNode(cid, get)
        admit(child.storedBytes === storedBytes, 'FILE_MALFORMED', 'a wrong stored size')
        walk(child, [...path, name])
      }
      return
    }
    admit(path.length > 0, 'FILE_MALFORMED', 'a file, not a directory')
    const size = node.type === 'leaf' ? node.bytes.length : node.bytes
    admit(size <= left, 'FILE_TOO_LARGE', () => `more than the ${ref.bytes} bytes declared`)
    left -= size
    files.push({ path: path.join('/'), bytes: readFileNode(node, size, get) })
  }
  walk(fetchNode(ref.cid, get), [])
  admit(left === 0, 'FILE_MALFORMED', () => `${left} bytes fewer than the ${ref.bytes} declared`)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function encodeTree(tree: Tree, blocks: Block[]): { cid: CID; bytes: number; storedBytes: number } {
  const entries: Entry[] = []
  let bytes = 0
  for (const name of [...tree.keys()].sort(compareNames)) {
    const child = tree.get(name) as Tree | Uint8Array
    const part = child instanceof Map ? encodeTree(child, blocks) : encodeLeaf(child, blocks)
    entries.push({ name, cid: part.cid, storedBytes: part.storedBytes })
    bytes += part.bytes
  }
  const block = encodeEntries(entries)
  blocks.push(block)
  return { cid: block.cid, bytes, storedBytes: storedBytes(block, entries) }
}

function encodeLeaf(bytes: Uint8Array, blocks: Block[]) {
  const file = encodeFileParts(bytes)
  for (const block of file.blocks) blocks.push(block)
  return file.root
}

const takenTwice = (path: string) =>
  new Refusal('FILE_NAME_REFUSED', `'${path.slice(0, 80)}' is taken twice`)

function ensureCount(count: number): void {
  admit(
    count <= LIMITS.directoryEntriesMax,
    'FILE_TOO_LARGE',
    () => `more than ${LIMITS.directoryEntriesMax} files and directories`,
  )
}
