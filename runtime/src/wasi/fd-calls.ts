/** Reading, writing and moving about in an open descriptor. */
import { FDFLAGS, fail, WHENCE } from './abi.ts'
import type { FileDescriptor } from './descriptors.ts'
import type { Host, WasiCalls } from './host.ts'
import { scatter, totalOf, vectorsOf } from './vectors.ts'

const ADVICE_MAX = 5

export const fdCalls: WasiCalls<
  | 'fd_advise'
  | 'fd_allocate'
  | 'fd_close'
  | 'fd_datasync'
  | 'fd_pread'
  | 'fd_pwrite'
  | 'fd_read'
  | 'fd_renumber'
  | 'fd_seek'
  | 'fd_sync'
  | 'fd_tell'
  | 'fd_write'
> = {
  fd_advise(host, fd, offset, length, advice) {
    if (host.descriptors.get(fd).type !== 'file') fail('BADF')
    host.descriptors.file(fd, 'FD_ADVISE')
    if (advice > ADVICE_MAX) fail('INVAL')
    if (offset + length >= 1n << 63n) fail('INVAL')
  },

  fd_allocate(host, fd, offset, length) {
    const { node } = host.descriptors.file(fd, 'FD_ALLOCATE')
    if (length === 0n) fail('INVAL')
    if (offset + length >= 1n << 63n) fail('FBIG')
    const end = Number(offset + length)
    if (end > node.size) host.tree.resize(node, end)
  },

  fd_close: (host, fd) => host.descriptors.close(fd),

  /** Nothing is ever unwritten in memory: syncing only asks whether one may. */
  fd_datasync: (host, fd) => sync(host, fd, 'FD_DATASYNC'),
  fd_sync: (host, fd) => sync(host, fd, 'FD_SYNC'),

  fd_pread(host, fd, vectors, count, offset, sizePointer) {
    const file = fileAt(host, fd, 'FD_READ')
    const spans = vectorsOf(host, vectors, count)
    host.memory.ensureWritable(sizePointer, 4)
    if (offset >= 1n << 63n) fail('INVAL')
    host.memory.setU32(sizePointer, scatter(host, spans, contentFrom(file, Number(offset))))
  },

  fd_pwrite(host, fd, vectors, count, offset, sizePointer) {
    const file = fileAt(host, fd, 'FD_WRITE')
    const spans = vectorsOf(host, vectors, count)
    host.memory.ensureWritable(sizePointer, 4)
    if (offset >= 1n << 63n) fail('INVAL')
    const total = totalOf(spans)
    host.charge(total)
    // with APPEND the offset is ignored, as Linux has it
    let at = file.flags & FDFLAGS.APPEND ? file.node.size : Number(offset)
    for (const { pointer, length } of spans) {
      host.tree.write(file.node, at, host.memory.read(pointer, length))
      at += length
    }
    host.memory.setU32(sizePointer, total)
  },

  fd_read(host, fd, vectors, count, sizePointer) {
    const descriptor = host.descriptors.get(fd)
    if (descriptor.type === 'directory') fail('ISDIR')
    if (descriptor.type === 'output') fail('BADF')
    host.descriptors.get(fd, 'FD_READ')
    const spans = vectorsOf(host, vectors, count)
    host.memory.ensureWritable(sizePointer, 4)
    const content =
      descriptor.type === 'stdin'
        ? descriptor.bytes.subarray(descriptor.position)
        : contentFrom(descriptor, descriptor.position)
    const size = scatter(host, spans, content)
    descriptor.position += size
    host.memory.setU32(sizePointer, size)
  },

  fd_write(host, fd, vectors, count, sizePointer) {
    const descriptor = host.descriptors.get(fd)
    if (descriptor.type === 'directory') fail('ISDIR')
    if (descriptor.type === 'stdin') fail('BADF')
    host.descriptors.get(fd, 'FD_WRITE')
    const spans = vectorsOf(host, vectors, count)
    host.memory.ensureWritable(sizePointer, 4)
    const total = totalOf(spans)
    host.charge(total)
    if (descriptor.type === 'file' && descriptor.flags & FDFLAGS.APPEND) {
      descriptor.position = descriptor.node.size
    }
    for (const { pointer, length } of spans) {
      const bytes = host.memory.read(pointer, length)
      if (descriptor.type === 'output') descriptor.sink.write(bytes)
      else {
        host.tree.write(descriptor.node, descriptor.position, bytes)
        descriptor.position += length
      }
    }
    host.memory.setU32(sizePointer, total)
  },

  fd_renumber: (host, from, to) => host.descriptors.renumber(from, to),

  fd_seek(host, fd, delta, whence, positionPointer) {
    const file = host.descriptors.file(fd)
    const offset = BigInt.asIntN(64, delta)
    const tells = whence === WHENCE.CUR && offset === 0n
    host.descriptors.get(fd, tells ? 'FD_TELL' : 'FD_SEEK')
    host.memory.ensureWritable(positionPointer, 8)
    const position = startOf(file, whence) + offset
    if (position < 0n) fail('INVAL')
    if (position > BigInt(Number.MAX_SAFE_INTEGER)) fail('OVERFLOW')
    file.position = Number(position)
    host.memory.setU64(positionPointer, position)
  },

  fd_tell(host, fd, positionPointer) {
    const file = host.descriptors.file(fd, 'FD_TELL')
    host.memory.setU64(positionPointer, BigInt(file.position))
  },
}

function sync(host: Host, fd: number, right: 'FD_SYNC' | 'FD_DATASYNC'): void {
  const { type } = host.descriptors.get(fd)
  if (type === 'stdin' || type === 'output') fail('INVAL')
  host.descriptors.get(fd, right)
}

/** A file that may be read or written anywhere: that takes the right to seek as well. */
function fileAt(host: Host, fd: number, right: 'FD_READ' | 'FD_WRITE'): FileDescriptor {
  host.descriptors.file(fd, right)
  return host.descriptors.file(fd, 'FD_SEEK')
}

function contentFrom(file: FileDescriptor, position: number): Uint8Array {
  const { node } = file
  return node.bytes.subarray(Math.min(position, node.size), node.size)
}

function startOf(file: FileDescriptor, whence: number): bigint {
  switch (whence) {
    case WHENCE.SET:
      return 0n
    case WHENCE.CUR:
      return BigInt(file.position)
    case WHENCE.END:
      return BigInt(file.node.size)
    default:
      return fail('INVAL')
  }
}
