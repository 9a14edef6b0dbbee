/**
 * Files of the sandbox: opening one by the directory that the host has opened for us, and reading
 * and writing through its descriptor.
 */
import {
  fd_prestat_dir_name,
  fd_prestat_get,
  fd_read,
  fd_write,
  path_open,
} from './wasi_snapshot_preview1'

export const STDOUT: i32 = 1
export const STDERR: i32 = 2
/** What `openFile` answers when there is no such file. */
export const NO_FILE: i32 = -1

const FIRST_DIRECTORY: i32 = 3
const DIRECTORY_NAME_MAX: u32 = 64
const CREATE_AND_TRUNCATE: i32 = 1 | 8
const RIGHT_READ: i64 = 1 << 1
const RIGHT_WRITE: i64 = 1 << 6

// Two words that the host fills or reads: a prestat, an iovec, a descriptor, a count.
const pair = memory.data(8)
const count = memory.data(4)
const nameBytes = memory.data(64)

function findDirectory(name: string): i32 {
  for (let fd = FIRST_DIRECTORY; fd_prestat_get(fd, pair) === 0; fd++) {
    const length = load<u32>(pair, 4)
    if (load<u8>(pair) !== 0 || length > DIRECTORY_NAME_MAX) continue
    if (fd_prestat_dir_name(fd, nameBytes, length) !== 0) continue
    let same = length === <u32>name.length
    for (let i: u32 = 0; same && i < length; i++)
      same = <i32>load<u8>(nameBytes + i) === name.charCodeAt(i)
    if (same) return fd
  }
  return NO_FILE
}

/** Opens `directory/name` to read it, or makes it anew to write. NO_FILE if the host will not. */
export function openFile(directory: string, name: string, writing: bool): i32 {
  const fd = findDirectory(directory)
  if (fd === NO_FILE) return NO_FILE
  const path = String.UTF8.encode(name)
  const errno = path_open(
    fd,
    0,
    changetype<usize>(path),
    path.byteLength,
    writing ? CREATE_AND_TRUNCATE : 0,
    writing ? RIGHT_WRITE : RIGHT_READ,
    0,
    0,
    pair,
  )
  return errno === 0 ? load<i32>(pair) : NO_FILE
}

/** Reads at most `length` bytes; 0 at the end, -1 if the host could not. */
export function readFile(fd: i32, address: usize, length: i32): i32 {
  store<usize>(pair, address)
  store<i32>(pair, length, 4)
  return fd_read(fd, pair, 1, count) === 0 ? load<i32>(count) : -1
}

/** Writes all of it; false if the host could not. */
export function writeFile(fd: i32, address: usize, length: i32): bool {
  let done: i32 = 0
  while (done < length) {
    store<usize>(pair, address + done)
    store<i32>(pair, length - done, 4)
    if (fd_write(fd, pair, 1, count) !== 0 || load<i32>(count) === 0) return false
    done += load<i32>(count)
  }
  return true
}
