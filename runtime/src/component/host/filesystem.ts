/** `wasi:filesystem`: the virtual tree of preview1 as descriptors that are resources. */
import {
  DIRECTORY_RIGHTS,
  FILE_RIGHTS,
  FILETYPE,
  FSTFLAGS,
  OFLAGS,
  RIGHTS,
} from '../../wasi/abi.ts'
import { type Preview1, Resource, WitError } from './preview1.ts'
import { fileSink, fileSource, InputStream, OutputStream } from './streams.ts'
import { type Instant, instantOf, nanosecondsOf } from './time.ts'

type Timestamp = { tag: 'no-change' } | { tag: 'now' } | { tag: 'timestamp'; val: Instant }
type PathFlags = { symlinkFollow?: boolean }
type OpenFlags = { create?: boolean; directory?: boolean; exclusive?: boolean; truncate?: boolean }
type DescriptorFlags = { read?: boolean; write?: boolean; mutateDirectory?: boolean }

const TYPES: Readonly<Record<number, string>> = {
  [FILETYPE.DIRECTORY]: 'directory',
  [FILETYPE.REGULAR_FILE]: 'regular-file',
  [FILETYPE.SYMBOLIC_LINK]: 'symbolic-link',
}
/** The layout of `filestat` and `dirent` in preview1. */
const STAT = { inode: 8, type: 16, links: 24, size: 32, accessed: 40, modified: 48, changed: 56 }
const DIRENT = { next: 0, nameLength: 16, type: 20, bytes: 24 }
const FIRST_DESCRIPTOR = 3
const ADVICES = ['normal', 'sequential', 'random', 'will-need', 'dont-need', 'no-reuse']

/** The names of a directory, in the order in which preview1 lists them. */
export class DirectoryEntryStream extends Resource {
  readonly #fd: number
  #cookie = 0n
  #page: { type: string; name: string; next: bigint }[] = []

  constructor(preview1: Preview1, fd: number) {
    super(preview1)
    this.#fd = fd
  }

  readDirectoryEntry(): { type: string; name: string } | undefined {
    for (;;) {
      const entry = this.#page.shift() ?? this.#nextPage()
      if (entry === undefined) return undefined
      this.#cookie = entry.next
      const { type, name } = entry
      if (name !== '.' && name !== '..') return { type, name }
    }
  }

  #nextPage() {
    const bytes = this.preview1.filled('fd_readdir', [this.#fd], [this.#cookie])
    const view = new DataView(bytes.buffer)
    for (let at = 0; at + DIRENT.bytes <= bytes.length; ) {
      const end = at + DIRENT.bytes + view.getUint32(at + DIRENT.nameLength, true)
      if (end > bytes.length) break // cut: it comes first on the next page
      this.#page.push({
        next: view.getBigUint64(at + DIRENT.next, true),
        type: TYPES[view.getUint8(at + DIRENT.type)] ?? 'unknown',
        name: Buffer.from(bytes.subarray(at + DIRENT.bytes, end)).toString(),
      })
      at = end
    }
    return this.#page.shift()
  }
}

export class Descriptor extends Resource {
  readonly #fd: number
  readonly #flags: DescriptorFlags

  constructor(preview1: Preview1, fd: number, flags: DescriptorFlags) {
    super(preview1)
    this.#fd = fd
    this.#flags = flags
  }

  readViaStream(offset: bigint) {
    return new InputStream(this.preview1, fileSource(this.preview1, this.#fd, offset))
  }

  writeViaStream(offset: bigint) {
    return new OutputStream(this.preview1, fileSink(this.preview1, this.#fd, offset))
  }

  appendViaStream() {
    return new OutputStream(this.preview1, fileSink(this.preview1, this.#fd))
  }

  advise(offset: bigint, length: bigint, advice: string): void {
    this.preview1.call('fd_advise', this.#fd, offset, length, ADVICES.indexOf(advice))
  }

  syncData(): void {
    this.preview1.call('fd_datasync', this.#fd)
  }

  sync(): void {
    this.preview1.call('fd_sync', this.#fd)
  }

  getFlags(): DescriptorFlags {
    return this.#flags
  }

  getType(): string {
    return TYPES[this.#filestat().getUint8(STAT.type)] ?? 'unknown'
  }

  setSize(size: bigint): void {
    this.preview1.call('fd_filestat_set_size', this.#fd, size)
  }

  setTimes(accessed: Timestamp, modified: Timestamp): void {
    this.preview1.call('fd_filestat_set_times', this.#fd, ...timesOf(accessed, modified))
  }

  read(length: bigint, offset: bigint): [bytes: Uint8Array, end: boolean] {
    const wanted = Number(length < 65_536n ? length : 65_536n)
    const bytes = this.preview1.read('fd_pread', this.#fd, wanted, offset)
    return [bytes, bytes.length === 0 && wanted > 0]
  }

  write(bytes: Uint8Array, offset: bigint): bigint {
    this.preview1.write('fd_pwrite', this.#fd, bytes, offset)
    return BigInt(bytes.length)
  }

  readDirectory(): DirectoryEntryStream {
    if (this.getType() !== 'directory') throw new WitError('not-directory')
    return new DirectoryEntryStream(this.preview1, this.#fd)
  }

  createDirectoryAt(path: string): void {
    this.preview1.call('path_create_directory', this.#fd, ...this.preview1.path(path))
  }

  stat() {
    return statOf(this.#filestat())
  }

  statAt(flags: PathFlags, path: string) {
    return statOf(this.#filestatAt(flags, path))
  }

  setTimesAt(flags: PathFlags, path: string, accessed: Timestamp, modified: Timestamp): void {
    const where = [this.#fd, lookupOf(flags), ...this.preview1.path(path)]
    this.preview1.call('path_filestat_set_times', ...where, ...timesOf(accessed, modified))
  }

  linkAt(flags: PathFlags, path: string, to: Descriptor, toPath: string): void {
    const from = [this.#fd, lookupOf(flags), ...this.preview1.path(path)]
    this.preview1.call('path_link', ...from, to.#fd, ...this.preview1.path(toPath, 'second'))
  }

  openAt(flags: PathFlags, path: string, open: OpenFlags, wanted: DescriptorFlags): Descriptor {
    const oflags =
      (open.create ? OFLAGS.CREAT : 0) |
      (open.directory ? OFLAGS.DIRECTORY : 0) |
      (open.exclusive ? OFLAGS.EXCL : 0) |
      (open.truncate ? OFLAGS.TRUNC : 0)
    const fd = this.preview1.number(
      ...(['path_open', this.#fd, lookupOf(flags), ...this.preview1.path(path)] as const),
      ...[oflags, rightsOf(wanted), DIRECTORY_RIGHTS | FILE_RIGHTS, 0],
    )
    return new Descriptor(this.preview1, fd, wanted)
  }

  readlinkAt(path: string): string {
    const bytes = this.preview1.filled('path_readlink', [this.#fd, ...this.preview1.path(path)])
    return Buffer.from(bytes).toString()
  }

  removeDirectoryAt(path: string): void {
    this.preview1.call('path_remove_directory', this.#fd, ...this.preview1.path(path))
  }

  renameAt(path: string, to: Descriptor, toPath: string): void {
    const from = [this.#fd, ...this.preview1.path(path)]
    this.preview1.call('path_rename', ...from, to.#fd, ...this.preview1.path(toPath, 'second'))
  }

  symlinkAt(target: string, path: string): void {
    const from = this.preview1.path(target)
    this.preview1.call('path_symlink', ...from, this.#fd, ...this.preview1.path(path, 'second'))
  }

  unlinkFileAt(path: string): void {
    this.preview1.call('path_unlink_file', this.#fd, ...this.preview1.path(path))
  }

  isSameObject(other: Descriptor): boolean {
    return this.metadataHash().lower === other.metadataHash().lower
  }

  metadataHash() {
    return hashOf(this.#filestat())
  }

  metadataHashAt(flags: PathFlags, path: string) {
    return hashOf(this.#filestatAt(flags, path))
  }

  /** What was open from the start stays so: it is handed out each time that it is asked for. */
  override [Symbol.dispose](): void {
    super[Symbol.dispose]()
    if (this.#flags !== PREOPENED) this.preview1.call('fd_close', this.#fd)
  }

  #filestat(): DataView {
    return this.preview1.structure('fd_filestat_get', this.#fd)
  }

  #filestatAt(flags: PathFlags, path: string): DataView {
    const where = [this.#fd, lookupOf(flags), ...this.preview1.path(path)]
    return this.preview1.structure('path_filestat_get', ...where)
  }
}

export function filesystemOf(preview1: Preview1) {
  const filesystemErrorCode = (error: { code: unknown }) =>
    typeof error.code === 'string' ? error.code : undefined
  const getDirectories = () =>
    preopened(preview1).map(([fd, name]) => [new Descriptor(preview1, fd, PREOPENED), name])
  return {
    'wasi:filesystem/types': { Descriptor, DirectoryEntryStream, filesystemErrorCode },
    'wasi:filesystem/preopens': { getDirectories },
  }
}

const PREOPENED: DescriptorFlags = { read: true, mutateDirectory: true }

/** The descriptors that the guest finds open, with their names. */
function preopened(preview1: Preview1): [fd: number, name: string][] {
  const found: [number, string][] = []
  for (let fd = FIRST_DESCRIPTOR; ; fd++) {
    try {
      found.push([fd, preview1.preopenName(fd)])
    } catch (thrown) {
      if (thrown instanceof WitError) return found
      throw thrown
    }
  }
}

const lookupOf = ({ symlinkFollow }: PathFlags) => (symlinkFollow ? 1 : 0)

/** What may be done with what is opened: everything, but read and written only as asked. */
function rightsOf({ read, write }: DescriptorFlags): bigint {
  const all = DIRECTORY_RIGHTS | FILE_RIGHTS
  const without = all & ~(RIGHTS.FD_READ | RIGHTS.FD_WRITE)
  return without | (read ? RIGHTS.FD_READ : 0n) | (write ? RIGHTS.FD_WRITE : 0n)
}

function timesOf(accessed: Timestamp, modified: Timestamp): [bigint, bigint, number] {
  const value = (time: Timestamp) => (time.tag === 'timestamp' ? nanosecondsOf(time.val) : 0n)
  const flag = (time: Timestamp, set: number, now: number) =>
    time.tag === 'no-change' ? 0 : time.tag === 'now' ? now : set
  const flags =
    flag(accessed, FSTFLAGS.ATIM, FSTFLAGS.ATIM_NOW) |
    flag(modified, FSTFLAGS.MTIM, FSTFLAGS.MTIM_NOW)
  return [value(accessed), value(modified), flags]
}

function statOf(view: DataView) {
  const time = (at: number) => instantOf(view.getBigUint64(at, true))
  return {
    type: TYPES[view.getUint8(STAT.type)] ?? 'unknown',
    linkCount: view.getBigUint64(STAT.links, true),
    size: view.getBigUint64(STAT.size, true),
    dataAccessTimestamp: time(STAT.accessed),
    dataModificationTimestamp: time(STAT.modified),
    statusChangeTimestamp: time(STAT.changed),
  }
}

const hashOf = (view: DataView) => ({ lower: view.getBigUint64(STAT.inode, true), upper: 0n })
