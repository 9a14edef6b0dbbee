/**
 * Calls the WASI host as a guest does, without a guest: a memory of one megabyte, and each call
 * with its arguments laid out in it. Answers are errno names.
 */
import type { RunInput } from '@planetary-mesh/spec'
import { type Meter, openMeter } from '../../src/admission/meter.ts'
import { ERRNO, RIGHTS, WASI_MODULE, type WasiName } from '../../src/wasi/abi.ts'
import { openHost } from '../../src/wasi/open-host.ts'
import { runInput } from '../run-input.ts'

export const MEMORY_BYTES = 1 << 20
/** Where arguments are put; what calls write goes to lower addresses. */
const TEXT_AT = 600_000
const SECOND_TEXT_AT = 700_000
export const RESULT_AT = 64
export const BUFFER_AT = 4096
export const STAT_AT = 2048

/** The preopened descriptors, in their order. */
export const FD = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  root: 3,
  cwd: 4,
  in: 5,
  out: 6,
  tmp: 7,
} as const

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, code]) => [code, name]))
const ALL_RIGHTS = Object.values(RIGHTS).reduce((all, right) => all | right, 0n)
const FILE_RIGHTS = ALL_RIGHTS & ~RIGHTS.FD_READDIR

type Given = Partial<Omit<RunInput, 'limits'>> & { limits?: Partial<RunInput['limits']> }

export class Caller {
  readonly bytes = new Uint8Array(MEMORY_BYTES)
  readonly view = new DataView(this.bytes.buffer)
  readonly meter: Meter
  readonly host: ReturnType<typeof openHost>

  constructor(given: Given = {}) {
    const input = runInput({ ...given, limits: { fuelMax: 2 ** 40, ...given.limits } })
    this.meter = openMeter(input.limits.fuelMax)
    this.host = openHost(input, this.meter)
    this.host.attach({ buffer: this.bytes.buffer })
  }

  /** Any call with plain arguments; the errno by its name. */
  call(name: WasiName, ...args: (number | bigint)[]): string {
    const functions = this.host.imports[WASI_MODULE] as Record<string, (...a: unknown[]) => number>
    const errno = functions[name]?.(...args) ?? Number.NaN
    return NAMES.get(errno) ?? `errno ${errno}`
  }

  #text(at: number, text: string): [pointer: number, length: number] {
    const bytes = Buffer.from(text)
    this.bytes.set(bytes, at)
    return [at, bytes.length]
  }

  /** A path argument where no other stands. */
  path1(path: string): [pointer: number, length: number] {
    return this.#text(TEXT_AT, path)
  }

  /** What a path names, followed or not: type, names and size, or the errno. */
  stat(
    fd: number,
    path: string,
    follow = 0,
  ): { type: number; names: number; size: number } | string {
    const errno = this.call('path_filestat_get', fd, follow, ...this.path1(path), STAT_AT)
    return errno === 'SUCCESS' ? this.statAt() : errno
  }

  statAt() {
    return {
      type: this.view.getUint8(STAT_AT + 16),
      names: Number(this.view.getBigUint64(STAT_AT + 24, true)),
      size: Number(this.view.getBigUint64(STAT_AT + 32, true)),
    }
  }

  /** A call of the shape (fd, path), such as path_unlink_file. */
  path(
    name: 'path_create_directory' | 'path_remove_directory' | 'path_unlink_file',
    fd: number,
    path: string,
  ): string {
    return this.call(name, fd, ...this.#text(TEXT_AT, path))
  }

  /** Opens a file with all rights, creating it if `oflags` says so; the descriptor or the errno. */
  open(fd: number, path: string, oflags = 0, rights = FILE_RIGHTS, follow = 1): number | string {
    const where = this.#text(TEXT_AT, path)
    const asked = [oflags, rights, ALL_RIGHTS, 0] as const
    const errno = this.call('path_open', fd, follow, ...where, ...asked, RESULT_AT)
    return errno === 'SUCCESS' ? this.view.getUint32(RESULT_AT, true) : errno
  }

  /** As `open` for a directory, with the rights that a directory has. */
  openDirectory(fd: number, path: string): number | string {
    return this.open(fd, path, 2, ALL_RIGHTS & ~RIGHTS.FD_WRITE)
  }

  link(fd: number, path: string, toFd: number, to: string, follow = 0): string {
    const [from, target] = [this.#text(TEXT_AT, path), this.#text(SECOND_TEXT_AT, to)]
    return this.call('path_link', fd, follow, ...from, toFd, ...target)
  }

  rename(fd: number, path: string, toFd: number, to: string): string {
    const [from, target] = [this.#text(TEXT_AT, path), this.#text(SECOND_TEXT_AT, to)]
    return this.call('path_rename', fd, ...from, toFd, ...target)
  }

  symlink(target: string, fd: number, path: string): string {
    const [from, at] = [this.#text(TEXT_AT, target), this.#text(SECOND_TEXT_AT, path)]
    return this.call('path_symlink', ...from, fd, ...at)
  }

  /** Writes `size` bytes of `x`. */
  write(fd: number | string, size: number): string {
    this.bytes.fill(0x78, BUFFER_AT, BUFFER_AT + size)
    this.view.setUint32(0, BUFFER_AT, true)
    this.view.setUint32(4, size, true)
    return this.call('fd_write', fd as number, 0, 1, RESULT_AT)
  }

  /** The names of a directory, asked for in pieces of `size` bytes. */
  list(fd: number | string, size: number, between: (name: string) => void = () => {}): string[] {
    const names: string[] = []
    let cookie = 0n
    for (;;) {
      this.call('fd_readdir', fd as number, BUFFER_AT, size, cookie, RESULT_AT)
      const used = this.view.getUint32(RESULT_AT, true)
      const found: string[] = []
      let at = 0
      while (at + 24 <= used) {
        const length = this.view.getUint32(BUFFER_AT + at + 16, true)
        if (at + 24 + length > used) break
        const start = BUFFER_AT + at + 24
        found.push(Buffer.from(this.bytes.subarray(start, start + length)).toString())
        cookie = this.view.getBigUint64(BUFFER_AT + at, true)
        at += 24 + length
      }
      names.push(...found)
      for (const name of found) between(name)
      if (used < size) return names
    }
  }
}
