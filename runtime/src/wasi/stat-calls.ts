/** What a descriptor or file is: status, rights, flags, size, times; what a directory holds. */
import {
  Errno,
  ensureFlags,
  FDFLAGS_ALL,
  FILETYPE,
  FSTFLAGS,
  FSTFLAGS_ALL,
  fail,
  LOOKUP_FOLLOW,
} from './abi.ts'
import type { Descriptor } from './descriptors.ts'
import { type Host, pathOf, type WasiCalls } from './host.ts'
import type { DirectoryNode, TreeNode } from './nodes.ts'
import { findPlace } from './paths.ts'

const DEVICE = 1n
const DIRENT_BYTES = 24
const ENTRY_FUEL = 500
/** Cookies 0 and 1 are `.` and `..`; an entry's own cookie follows after them. */
const DOTS = 2
/** Where the cookies of the second directory begin that `.` lists. */
const BESIDE = 2 ** 48

export const statCalls: WasiCalls<
  | 'fd_fdstat_get'
  | 'fd_fdstat_set_flags'
  | 'fd_fdstat_set_rights'
  | 'fd_filestat_get'
  | 'fd_filestat_set_size'
  | 'fd_filestat_set_times'
  | 'fd_prestat_get'
  | 'fd_prestat_dir_name'
  | 'fd_readdir'
  | 'path_filestat_get'
  | 'path_filestat_set_times'
> = {
  fd_fdstat_get(host, fd, pointer) {
    const descriptor = host.descriptors.get(fd)
    const bytes = new Uint8Array(24)
    const view = new DataView(bytes.buffer)
    bytes[0] = filetypeOf(descriptor)
    view.setUint16(2, descriptor.flags, true)
    view.setBigUint64(8, descriptor.rights, true)
    view.setBigUint64(16, descriptor.inheriting, true)
    host.memory.write(pointer, bytes)
  },

  fd_fdstat_set_flags(host, fd, flags) {
    const descriptor = host.descriptors.get(fd, 'FD_FDSTAT_SET_FLAGS')
    ensureFlags(flags, FDFLAGS_ALL)
    descriptor.flags = flags
  },

  fd_fdstat_set_rights(host, fd, rights, inheriting) {
    const descriptor = host.descriptors.get(fd)
    if ((rights & ~descriptor.rights) !== 0n) fail('NOTCAPABLE')
    if ((inheriting & ~descriptor.inheriting) !== 0n) fail('NOTCAPABLE')
    descriptor.rights = rights
    descriptor.inheriting = inheriting
  },

  fd_filestat_get(host, fd, pointer) {
    const descriptor = host.descriptors.get(fd, 'FD_FILESTAT_GET')
    const bytes = 'node' in descriptor ? filestat(descriptor.node) : streamFilestat()
    host.memory.write(pointer, bytes)
  },

  fd_filestat_set_size(host, fd, size) {
    const { node } = host.descriptors.file(fd, 'FD_FILESTAT_SET_SIZE', 'INVAL')
    if (size >= 1n << 63n) fail('INVAL')
    host.tree.resize(node, Number(size))
  },

  fd_filestat_set_times(host, fd, accessed, modified, flags) {
    const descriptor = host.descriptors.get(fd, 'FD_FILESTAT_SET_TIMES')
    if (!('node' in descriptor)) fail('BADF')
    setTimes(host, descriptor.node, accessed, modified, flags)
  },

  fd_prestat_get(host, fd, pointer) {
    const name = preopenName(host, fd)
    host.memory.setU32(pointer, 0) // tag: a directory
    host.memory.setU32(pointer + 4, name.length)
  },

  fd_prestat_dir_name(host, fd, pointer, length) {
    const name = preopenName(host, fd)
    if (length < name.length) fail('NAMETOOLONG')
    host.memory.write(pointer, name)
  },

  fd_readdir(host, fd, pointer, length, cookie, usedPointer) {
    const { search } = host.descriptors.directory(fd, 'FD_READDIR')
    host.memory.ensureWritable(pointer, length)
    host.memory.ensureWritable(usedPointer, 4)
    let used = 0
    for (const { next, name, node: listed } of listing(search, cookie)) {
      if (used === length) break
      host.charge(ENTRY_FUEL + DIRENT_BYTES + name.length)
      const entry = direntOf(next, name, listed)
      const part = entry.subarray(0, length - used) // the last may be cut; it is asked for again
      host.memory.write(pointer + used, part)
      used += part.length
    }
    host.memory.setU32(usedPointer, used)
  },

  path_filestat_get(host, fd, lookup, pathPointer, pathLength, pointer) {
    const node = nodeAt(host, fd, 'PATH_FILESTAT_GET', lookup, pathPointer, pathLength)
    host.memory.write(pointer, filestat(node))
  },

  path_filestat_set_times(host, fd, lookup, pathPointer, pathLength, accessed, modified, flags) {
    const node = nodeAt(host, fd, 'PATH_FILESTAT_SET_TIMES', lookup, pathPointer, pathLength)
    setTimes(host, node, accessed, modified, flags)
  },
}

function nodeAt(
  host: Host,
  fd: number,
  right: 'PATH_FILESTAT_GET' | 'PATH_FILESTAT_SET_TIMES',
  lookup: number,
  pathPointer: number,
  pathLength: number,
): TreeNode {
  const directory = host.descriptors.directory(fd, right)
  ensureFlags(lookup, LOOKUP_FOLLOW)
  const path = pathOf(host, pathPointer, pathLength)
  const end = (lookup & LOOKUP_FOLLOW) !== 0 ? 'follow' : 'keep'
  return findPlace(directory.search, path, end, host.charge).node ?? fail('NOENT')
}

function filetypeOf(descriptor: Descriptor): number {
  if (descriptor.type === 'directory') return FILETYPE.DIRECTORY
  return descriptor.type === 'file' ? FILETYPE.REGULAR_FILE : FILETYPE.UNKNOWN
}

const NODE_TYPES = {
  file: FILETYPE.REGULAR_FILE,
  directory: FILETYPE.DIRECTORY,
  link: FILETYPE.SYMBOLIC_LINK,
} as const

function filestat(node: TreeNode): Uint8Array {
  const bytes = new Uint8Array(64)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, DEVICE, true)
  view.setBigUint64(8, node.inode, true)
  bytes[16] = NODE_TYPES[node.type]
  view.setBigUint64(24, BigInt(node.names), true)
  view.setBigUint64(32, BigInt(sizeOf(node)), true)
  view.setBigUint64(40, node.times.accessed, true)
  view.setBigUint64(48, node.times.modified, true)
  view.setBigUint64(56, node.times.changed, true)
  return bytes
}

function sizeOf(node: TreeNode): number {
  if (node.type === 'file') return node.size
  return node.type === 'link' ? Buffer.byteLength(node.target) : 0
}

/** A stream is neither file nor terminal, and has no times. */
function streamFilestat(): Uint8Array {
  const bytes = new Uint8Array(64)
  new DataView(bytes.buffer).setBigUint64(24, 1n, true)
  return bytes
}

function setTimes(
  host: Host,
  node: TreeNode,
  accessed: bigint,
  modified: bigint,
  flags: number,
): void {
  const has = (flag: number) => (flags & flag) !== 0
  ensureFlags(flags, FSTFLAGS_ALL)
  if (has(FSTFLAGS.ATIM) && has(FSTFLAGS.ATIM_NOW)) fail('INVAL')
  if (has(FSTFLAGS.MTIM) && has(FSTFLAGS.MTIM_NOW)) fail('INVAL')
  if (node.type !== 'link' && node.readOnly) fail('ROFS')
  const now = host.now()
  if (has(FSTFLAGS.ATIM)) node.times.accessed = accessed
  if (has(FSTFLAGS.ATIM_NOW)) node.times.accessed = now
  if (has(FSTFLAGS.MTIM)) node.times.modified = modified
  if (has(FSTFLAGS.MTIM_NOW)) node.times.modified = now
  node.times.changed = now
}

function preopenName(host: Host, fd: number): Uint8Array {
  const descriptor = host.descriptors.get(fd)
  if (descriptor.type !== 'directory' || descriptor.preopen === undefined) throw new Errno('BADF')
  return Buffer.from(descriptor.preopen)
}

/**
 * The names of a directory from a cookie on. One that looks its names up in a second directory too
 * lists what the guest made there; the cookies of the two lie apart.
 */
function* listing(
  [directory, beside]: readonly DirectoryNode[],
  cookie: bigint,
): Generator<{ next: bigint; name: Uint8Array; node: TreeNode }> {
  if (cookie > BigInt(Number.MAX_SAFE_INTEGER) || directory === undefined) return
  const start = Number(cookie)
  const dots: [string, TreeNode][] = [
    ['.', directory],
    ['..', directory.parent ?? directory],
  ]
  for (const [index, [name, node]] of dots.entries()) {
    if (start <= index) yield { next: BigInt(index + 1), name: Buffer.from(name), node }
  }
  for (const { cookie: own, name, node } of directory.entries.from(Math.max(0, start - DOTS))) {
    yield { next: BigInt(own + DOTS + 1), name: Buffer.from(name), node }
  }
  if (beside === undefined || beside.readOnly) return
  for (const { cookie: own, name, node } of beside.entries.from(Math.max(0, start - BESIDE))) {
    const standing = node.type === 'directory' && node.pinned
    if (standing || directory.entries.get(name) !== undefined) continue
    yield { next: BigInt(BESIDE + own + 1), name: Buffer.from(name), node }
  }
}

function direntOf(next: bigint, name: Uint8Array, node: TreeNode): Uint8Array {
  const bytes = new Uint8Array(DIRENT_BYTES + name.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, next, true)
  view.setBigUint64(8, node.inode, true)
  view.setUint32(16, name.length, true)
  bytes[20] = NODE_TYPES[node.type]
  bytes.set(name, DIRENT_BYTES)
  return bytes
}
