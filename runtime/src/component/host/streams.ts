/** `wasi:io/streams` and `wasi:io/error` over descriptors of preview1. Nothing ever blocks. */
import { CHUNK_BYTES, type Preview1, Resource, WitError } from './preview1.ts'
import { refuseToGoOn } from './stop.ts'
import { Pollable } from './time.ts'

/** What `check-write` permits: as much as one call of preview1 takes. */
const WRITE_BYTES_MAX = BigInt(CHUNK_BYTES)
const CLOSED = { tag: 'closed' } as const

/** Where a stream reads from or writes to. `take` gives no bytes at the end. */
type Source = { take(length: number): Uint8Array }
type Sink = { put(bytes: Uint8Array): void }

/** Why a stream failed: the error code of `wasi:filesystem/types`, if it is one. */
export class IoError extends Resource {
  readonly code: unknown

  constructor(preview1: Preview1, code: unknown) {
    super(preview1)
    this.code = code
  }

  toDebugString(): string {
    return String(this.code)
  }
}

/** Runs what a stream stands on; its error becomes that of a stream. */
function within<T>(preview1: Preview1, act: () => T): T {
  try {
    return act()
  } catch (thrown) {
    if (!(thrown instanceof WitError)) throw thrown
    throw new WitError({ tag: 'last-operation-failed', val: new IoError(preview1, thrown.payload) })
  }
}

export class InputStream extends Resource {
  readonly #source: Source

  constructor(preview1: Preview1, source: Source) {
    super(preview1)
    this.#source = source
  }

  read(length: bigint): Uint8Array {
    const wanted = Number(length < WRITE_BYTES_MAX ? length : WRITE_BYTES_MAX)
    const bytes = within(this.preview1, () => this.#source.take(wanted))
    if (bytes.length === 0 && wanted > 0) throw new WitError(CLOSED)
    return bytes
  }

  blockingRead(length: bigint): Uint8Array {
    return this.read(length)
  }

  skip(length: bigint): bigint {
    return BigInt(this.read(length).length)
  }

  blockingSkip(length: bigint): bigint {
    return this.skip(length)
  }

  subscribe() {
    return new Pollable(this.preview1)
  }
}

export class OutputStream extends Resource {
  readonly #sink: Sink

  constructor(preview1: Preview1, sink: Sink) {
    super(preview1)
    this.#sink = sink
  }

  checkWrite(): bigint {
    return WRITE_BYTES_MAX
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > CHUNK_BYTES) refuseToGoOn('a write of more than was permitted')
    within(this.preview1, () => this.#sink.put(bytes))
  }

  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.write(bytes)
  }

  flush(): void {}

  blockingFlush(): void {}

  writeZeroes(length: bigint): void {
    if (length > WRITE_BYTES_MAX) refuseToGoOn('a write of more than was permitted')
    this.write(new Uint8Array(Number(length)))
  }

  blockingWriteZeroesAndFlush(length: bigint): void {
    this.writeZeroes(length)
  }

  splice(source: InputStream, length: bigint): bigint {
    const bytes = source.read(length)
    this.write(bytes)
    return BigInt(bytes.length)
  }

  blockingSplice(source: InputStream, length: bigint): bigint {
    return this.splice(source, length)
  }

  subscribe() {
    return new Pollable(this.preview1)
  }
}

/** A standard stream, by its descriptor. */
export const standardInput = (preview1: Preview1): Source => ({
  take: (length) => preview1.read('fd_read', 0, length),
})
export const standardOutput = (preview1: Preview1, fd: 1 | 2): Sink => ({
  put: (bytes) => preview1.write('fd_write', fd, bytes),
})

/** A file from an offset on; each stream keeps its own place. */
export function fileSource(preview1: Preview1, fd: number, offset: bigint): Source {
  let at = offset
  return {
    take(length) {
      const bytes = preview1.read('fd_pread', fd, length, at)
      at += BigInt(bytes.length)
      return bytes
    },
  }
}

/** A file from an offset on; at its end, wherever that is by then, when `offset` is undefined. */
export function fileSink(preview1: Preview1, fd: number, offset?: bigint): Sink {
  let at = offset ?? 0n
  return {
    put(bytes) {
      if (offset === undefined) {
        at = preview1.structure('fd_filestat_get', fd).getBigUint64(SIZE_AT, true)
      }
      preview1.write('fd_pwrite', fd, bytes, at)
      at += BigInt(bytes.length)
    },
  }
}

/** Where the size stands in a `filestat` of preview1. */
const SIZE_AT = 32
