/** Opening, making, naming and removing what a path says. */
import {
  DIRECTORY_RIGHTS,
  ensureFlags,
  FDFLAGS_ALL,
  FILE_RIGHTS,
  fail,
  LOOKUP_FOLLOW,
  OFLAGS,
  OFLAGS_ALL,
  RIGHTS,
  type Right,
} from './abi.ts'
import type { DirectoryDescriptor } from './descriptors.ts'
import { type Host, pathOf, type WasiCalls } from './host.ts'
import type { FileNode, TreeNode } from './nodes.ts'
import { findPlace, type LinkAtEnd, type Place } from './paths.ts'

export const pathCalls: WasiCalls<
  | 'path_create_directory'
  | 'path_link'
  | 'path_open'
  | 'path_readlink'
  | 'path_remove_directory'
  | 'path_rename'
  | 'path_symlink'
  | 'path_unlink_file'
> = {
  path_create_directory(host, fd, pointer, length) {
    const place = placeAt(host, fd, 'PATH_CREATE_DIRECTORY', pointer, length)
    ensureNew(host, place)
    host.tree.makeDirectory(place.parent, place.name)
  },

  path_link(host, fromFd, lookup, fromPointer, fromLength, toFd, toPointer, toLength) {
    ensureFlags(lookup, LOOKUP_FOLLOW)
    const end = (lookup & LOOKUP_FOLLOW) !== 0 ? 'follow' : 'keep'
    const from = placeAt(host, fromFd, 'PATH_LINK_SOURCE', fromPointer, fromLength, end)
    const to = placeAt(host, toFd, 'PATH_LINK_TARGET', toPointer, toLength)
    const node = from.node ?? fail('NOENT')
    if (node.type === 'directory') fail('PERM')
    ensureNew(host, to)
    if (to.slash) fail('NOENT')
    host.tree.link(node, to.parent, to.name)
  },

  path_open(host, fd, lookup, pointer, length, oflags, rights, inheriting, fdflags, fdPointer) {
    host.memory.ensureWritable(fdPointer, 4)
    const directory = host.descriptors.directory(fd, 'PATH_OPEN')
    const has = (flag: number) => (oflags & flag) !== 0
    if (has(OFLAGS.CREAT)) host.descriptors.get(fd, 'PATH_CREATE_FILE')
    if (has(OFLAGS.TRUNC)) host.descriptors.get(fd, 'PATH_FILESTAT_SET_SIZE')
    ensureFlags(lookup, LOOKUP_FOLLOW)
    ensureFlags(oflags, OFLAGS_ALL)
    ensureFlags(fdflags, FDFLAGS_ALL)
    if (has(OFLAGS.CREAT) && has(OFLAGS.DIRECTORY)) fail('INVAL')
    host.descriptors.ensureFree()
    const follow = (lookup & LOOKUP_FOLLOW) !== 0 && !(has(OFLAGS.CREAT) && has(OFLAGS.EXCL))
    const place = placeAt(host, fd, 'PATH_OPEN', pointer, length, follow ? 'follow' : 'keep')
    const asked = { rights, inheriting, flags: fdflags }
    host.memory.setU32(fdPointer, openPlace(host, directory, place, oflags, asked))
  },

  path_readlink(host, fd, pointer, length, buffer, bufferLength, usedPointer) {
    const { node } = placeAt(host, fd, 'PATH_READLINK', pointer, length, 'keep')
    if (node === undefined) fail('NOENT')
    if (node.type !== 'link') fail('INVAL')
    const target = Buffer.from(node.target)
    host.charge(target.length)
    const part = target.subarray(0, bufferLength)
    host.memory.ensureWritable(usedPointer, 4)
    host.memory.write(buffer, part)
    host.memory.setU32(usedPointer, part.length)
  },

  path_remove_directory(host, fd, pointer, length) {
    const place = placeAt(host, fd, 'PATH_REMOVE_DIRECTORY', pointer, length)
    const node = place.node ?? fail('NOENT')
    ensureNamed(place, node)
    if (node.type !== 'directory') fail('NOTDIR')
    host.tree.removeDirectory(place.parent, place.name, node)
  },

  path_rename(host, fromFd, fromPointer, fromLength, toFd, toPointer, toLength) {
    const from = placeAt(host, fromFd, 'PATH_RENAME_SOURCE', fromPointer, fromLength)
    const to = placeAt(host, toFd, 'PATH_RENAME_TARGET', toPointer, toLength)
    const node = from.node ?? fail('NOENT')
    if (to.slash && node.type !== 'directory') fail('NOTDIR')
    ensureNamed(from, node)
    ensureNamed(to, to.node)
    if (host.tree.isGone(to.parent)) fail('NOENT')
    host.tree.rename({ ...from, node }, to)
  },

  path_symlink(host, targetPointer, targetLength, fd, pointer, length) {
    const target = pathOf(host, targetPointer, targetLength)
    const place = placeAt(host, fd, 'PATH_SYMLINK', pointer, length)
    if (target === '') fail('NOENT')
    if (target.includes('\0')) fail('INVAL')
    if (target.startsWith('/')) fail('NOTCAPABLE')
    ensureNew(host, place)
    if (place.slash) fail('NOENT')
    host.charge(target.length)
    host.tree.makeLink(place.parent, place.name, target)
  },

  path_unlink_file(host, fd, pointer, length) {
    const place = placeAt(host, fd, 'PATH_UNLINK_FILE', pointer, length)
    const node = place.node ?? fail('NOENT')
    if (node.type === 'directory') fail('ISDIR')
    ensureNamed(place, node)
    host.tree.unlink(place.parent, place.name, node)
  },
}

/** The place of a path argument; who asks for more than its name says so with `end`. */
function placeAt(
  host: Host,
  fd: number,
  right: Right,
  pointer: number,
  length: number,
  end: LinkAtEnd = 'name',
): Place {
  const directory = host.descriptors.directory(fd, right)
  return findPlace(directory.search, pathOf(host, pointer, length), end, host.charge)
}

/** A name that can be made: free, and in a directory that stands and can be changed. */
function ensureNew(host: Host, place: Place): void {
  if (place.node !== undefined) fail('EXIST')
  if (host.tree.isGone(place.parent)) fail('NOENT')
  if (place.parent.readOnly) fail('ROFS')
}

/** A name that can be taken from its directory: not `.` or `..`, and not in a read-only one. */
function ensureNamed(place: Place, node: TreeNode | undefined): void {
  if (place.name === '.' || place.name === '..') fail('INVAL')
  if (place.slash && node !== undefined && node.type !== 'directory') fail('NOTDIR')
  if (place.parent.readOnly) fail('ROFS')
}

type Asked = { rights: bigint; inheriting: bigint; flags: number }

function openPlace(
  host: Host,
  from: DirectoryDescriptor,
  place: Place,
  oflags: number,
  asked: Asked,
): number {
  const has = (flag: number) => (oflags & flag) !== 0
  const { node } = place
  if (node === undefined) {
    if (!has(OFLAGS.CREAT)) fail('NOENT')
    if (place.slash) fail('ISDIR')
    ensureNew(host, place)
    const granted = grantedOf(from, asked, FILE_RIGHTS)
    return openFile(host, host.tree.makeFile(place.parent, place.name), granted)
  }
  if (has(OFLAGS.CREAT) && has(OFLAGS.EXCL)) fail('EXIST')
  if (node.type === 'link') return fail('LOOP')
  if (node.type === 'directory') {
    if (has(OFLAGS.TRUNC) || has(OFLAGS.CREAT)) fail('ISDIR')
    if ((asked.rights & RIGHTS.FD_WRITE) !== 0n) fail('ISDIR')
    // the directory itself, opened again, looks its names up in the same places
    const search = node === from.node ? from.search : [node]
    const granted = grantedOf(from, asked, DIRECTORY_RIGHTS)
    return host.descriptors.add({
      type: 'directory',
      node,
      search,
      preopen: undefined,
      ...granted,
    })
  }
  if (has(OFLAGS.DIRECTORY)) fail('NOTDIR')
  const granted = grantedOf(from, asked, FILE_RIGHTS)
  const writes = has(OFLAGS.TRUNC) || (asked.rights & RIGHTS.FD_WRITE) !== 0n
  if (writes && node.readOnly) fail('ROFS')
  if (has(OFLAGS.TRUNC)) host.tree.resize(node, 0)
  return openFile(host, node, granted)
}

const openFile = (host: Host, node: FileNode, granted: Asked) =>
  host.descriptors.add({ type: 'file', node, position: 0, ...granted })

/**
 * What a new descriptor may do: of what was asked, all that makes sense for its type. ENOTCAPABLE
 * when the directory may not pass that on. Rights that make no sense are dropped, as is allowed:
 * programs ask for every bit there is.
 */
function grantedOf(from: DirectoryDescriptor, asked: Asked, applicable: bigint): Asked {
  const rights = asked.rights & applicable
  const inheriting =
    applicable === DIRECTORY_RIGHTS ? asked.inheriting & (DIRECTORY_RIGHTS | FILE_RIGHTS) : 0n
  if (((rights | inheriting) & ~from.inheriting) !== 0n) fail('NOTCAPABLE')
  return { rights, inheriting, flags: asked.flags }
}
