/** Arguments, files and streams of the sandbox, for programs that read and write whole texts. */
import {
  args_get,
  args_sizes_get,
  fd_close,
  fd_read,
  fd_write,
  path_open,
} from './wasi_snapshot_preview1'

export const STDOUT: i32 = 1
export const STDERR: i32 = 2

/** The sandbox opens these for every job, in this order, from descriptor 3 on: / . /in /out /tmp */
export const IN: i32 = 5
export const OUT: i32 = 6

const CREATE_AND_TRUNCATE: i32 = 1 | 8
const RIGHT_READ: i64 = 1 << 1
const RIGHT_WRITE: i64 = 1 << 6
const CHUNK: i32 = 65536

// two words that the host fills or reads, and one more
const pair = memory.data(8)
const count = memory.data(4)

/** The arguments; the first is the program's name. */
export function args(): string[] {
  args_sizes_get(pair, pair + 4)
  const number = load<i32>(pair)
  const pointers = new StaticArray<usize>(number)
  const texts = new StaticArray<u8>(load<i32>(pair + 4))
  args_get(changetype<usize>(pointers), changetype<usize>(texts))
  const found: string[] = []
  for (let i = 0; i < number; i++) {
    let end = pointers[i]
    while (load<u8>(end) !== 0) end++
    found.push(String.UTF8.decodeUnsafe(pointers[i], end - pointers[i]))
  }
  return found
}

/** The text of a file in a folder; null when it cannot be read. */
export function readText(folder: i32, name: string): string | null {
  const fd = open(folder, name, 0, RIGHT_READ)
  if (fd < 0) return null
  let bytes = new Uint8Array(CHUNK)
  let size = 0
  for (;;) {
    if (size === bytes.length) {
      const larger = new Uint8Array(2 * size)
      larger.set(bytes)
      bytes = larger
    }
    store<usize>(pair, bytes.dataStart + size)
    store<i32>(pair + 4, bytes.length - size)
    if (fd_read(fd, pair, 1, count) !== 0 || load<i32>(count) === 0) break
    size += load<i32>(count)
  }
  fd_close(fd)
  return String.UTF8.decodeUnsafe(bytes.dataStart, size)
}

/** Writes a file anew; false when it cannot be written. */
export function writeText(folder: i32, name: string, text: string): bool {
  const fd = open(folder, name, CREATE_AND_TRUNCATE, RIGHT_WRITE)
  if (fd < 0) return false
  const isWritten = write(fd, text)
  return fd_close(fd) === 0 && isWritten
}

/** Writes all of a text to an open descriptor. */
export function write(fd: i32, text: string): bool {
  const bytes = String.UTF8.encode(text)
  for (let at = 0; at < bytes.byteLength; ) {
    store<usize>(pair, changetype<usize>(bytes) + at)
    store<i32>(pair + 4, bytes.byteLength - at)
    if (fd_write(fd, pair, 1, count) !== 0) return false
    at += load<i32>(count)
  }
  return true
}

function open(folder: i32, name: string, flags: i32, rights: i64): i32 {
  const path = String.UTF8.encode(name)
  const pointer = changetype<usize>(path)
  const errno = path_open(folder, 1, pointer, path.byteLength, flags, rights, 0, 0, count)
  return errno === 0 ? load<i32>(count) : -1
}
