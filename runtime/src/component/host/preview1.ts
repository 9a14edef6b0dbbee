/**
 * WASI preview2 stands on the preview1 host here: what a component asks becomes calls of preview1
 * on a small memory of our own. So there is one file tree, one clock, one budget, one price list
 * and one digest for both kinds of guest.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Meter } from '../../admission/meter.ts'
import { ERRNO, type ErrnoName, WASI_MODULE } from '../../wasi/abi.ts'
import type { OpenedHost } from '../../wasi/open-host.ts'
import { refuseToGoOn } from './stop.ts'

/** The most that one call reads or writes. */
export const CHUNK_BYTES = 65_536

const RESULT_AT = 0
const FIRST_AT = 4096
const SECOND_AT = 16_384
const DATA_AT = 32_768
const VECTOR_AT = 1024
const MEMORY_BYTES = DATA_AT + CHUNK_BYTES
/** Longer paths are cut to one byte more than any may have, and refused as too long. */
const PATH_BYTES = SECOND_AT - FIRST_AT

/** Error codes of `wasi:filesystem/types` by those of preview1. */
const ERROR_CODES: Readonly<Record<ErrnoName, string>> = {
  SUCCESS: 'io',
  '2BIG': 'invalid',
  BADF: 'bad-descriptor',
  BUSY: 'busy',
  EXIST: 'exist',
  FAULT: 'invalid',
  FBIG: 'file-too-large',
  ILSEQ: 'illegal-byte-sequence',
  INVAL: 'invalid',
  ISDIR: 'is-directory',
  LOOP: 'loop',
  MFILE: 'insufficient-memory',
  NAMETOOLONG: 'name-too-long',
  NOENT: 'no-entry',
  NOSPC: 'insufficient-space',
  NOTDIR: 'not-directory',
  NOTEMPTY: 'not-empty',
  NOTSOCK: 'unsupported',
  NOTSUP: 'unsupported',
  OVERFLOW: 'overflow',
  PERM: 'not-permitted',
  ROFS: 'read-only',
  SPIPE: 'invalid-seek',
  NOTCAPABLE: 'not-permitted',
}
const CODE_OF_NUMBER: ReadonlyMap<number, string> = new Map(
  Object.entries(ERRNO).map(([name, code]) => [code, ERROR_CODES[name as ErrnoName]]),
)

/**
 * The error of a `result` of the component model, as the code that jco writes expects it thrown. It
 * is no `Error`: those end the run.
 */
export class WitError {
  readonly payload: unknown

  constructor(payload: unknown) {
    this.payload = payload
  }
}

type Calls = Record<string, (...args: (number | bigint)[]) => number>

export class Preview1 {
  readonly meter: Meter
  /** How many resources the guest holds now. */
  #resources = 0
  readonly #calls: Calls
  readonly #bytes = new Uint8Array(MEMORY_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)

  constructor(host: OpenedHost, meter: Meter) {
    this.meter = meter
    this.#calls = host.imports[WASI_MODULE] as Calls
    host.attach({ buffer: this.#bytes.buffer })
  }

  /** Counts a resource that the guest gets; one too many ends the run. */
  hold(): void {
    if (++this.#resources > LIMITS.componentHandlesMax) refuseToGoOn('too many resources')
  }

  release(): void {
    this.#resources--
  }

  /** Calls one function; throws `WitError` with the error code of `wasi:filesystem/types`. */
  call(name: string, ...args: (number | bigint)[]): void {
    const errno = this.#calls[name]?.(...args)
    if (errno !== 0) throw new WitError(CODE_OF_NUMBER.get(errno ?? ERRNO.NOTSUP) ?? 'io')
  }

  /** As `call`, for a function whose last argument is where it puts a number of 32 bits. */
  number(name: string, ...args: (number | bigint)[]): number {
    this.call(name, ...args, RESULT_AT)
    return this.#view.getUint32(RESULT_AT, true)
  }

  /** As `number`, for 64 bits. */
  long(name: string, ...args: (number | bigint)[]): bigint {
    this.call(name, ...args, RESULT_AT)
    return this.#view.getBigUint64(RESULT_AT, true)
  }

  /** A view of what a call has put where `structure` said. */
  structure(name: string, ...args: (number | bigint)[]): DataView {
    this.call(name, ...args, DATA_AT)
    return new DataView(this.#bytes.buffer, DATA_AT, CHUNK_BYTES)
  }

  /** Puts a path into the memory and gives its place, as the arguments of a call. */
  path(text: string, place: 'first' | 'second' = 'first'): [pointer: number, length: number] {
    const at = place === 'first' ? FIRST_AT : SECOND_AT
    const bytes = Buffer.from(text).subarray(0, PATH_BYTES)
    this.#bytes.set(bytes, at)
    return [at, bytes.length]
  }

  /** Calls a function that reads into one buffer: at most `length` bytes, fewer at the end. */
  read(name: string, fd: number, length: number, ...rest: bigint[]): Uint8Array {
    const count = this.number(name, fd, ...this.#vector(Math.min(length, CHUNK_BYTES)), ...rest)
    return this.#bytes.slice(DATA_AT, DATA_AT + count)
  }

  /** Calls a function that writes from one buffer, as often as it takes for all of `bytes`. */
  write(name: string, fd: number, bytes: Uint8Array, offset?: bigint): void {
    for (let at = 0; at < bytes.length || at === 0; at += CHUNK_BYTES) {
      const piece = bytes.subarray(at, at + CHUNK_BYTES)
      this.#bytes.set(piece, DATA_AT)
      const rest = offset === undefined ? [] : [offset + BigInt(at)]
      this.number(name, fd, ...this.#vector(piece.length), ...rest)
    }
  }

  /** So many random bytes, at most `CHUNK_BYTES`. */
  drawn(length: number): Uint8Array {
    this.call('random_get', DATA_AT, length)
    return this.#bytes.slice(DATA_AT, DATA_AT + length)
  }

  /** The name of a descriptor that was opened for the guest. Throws `WitError` for any other. */
  preopenName(fd: number): string {
    this.call('fd_prestat_get', fd, RESULT_AT)
    const length = this.#view.getUint32(RESULT_AT + 4, true)
    this.call('fd_prestat_dir_name', fd, DATA_AT, length)
    return Buffer.from(this.#bytes.slice(DATA_AT, DATA_AT + length)).toString()
  }

  /** Calls a function that fills a buffer and then says how much it gave. */
  filled(name: string, before: (number | bigint)[], rest: bigint[] = []): Uint8Array {
    const count = this.number(name, ...before, DATA_AT, CHUNK_BYTES, ...rest)
    return this.#bytes.slice(DATA_AT, DATA_AT + count)
  }

  /** Waits, on the guest's clock, until it is `whenNs`. */
  sleepUntil(whenNs: bigint): void {
    const { at, clockId, timeoutAt, flagsAt } = SUBSCRIPTION
    this.#bytes.fill(0, at, at + SUBSCRIPTION.bytes)
    this.#view.setUint32(clockId, MONOTONIC, true)
    this.#view.setBigUint64(timeoutAt, whenNs, true)
    this.#view.setUint16(flagsAt, ABSOLUTE, true)
    this.number('poll_oneoff', at, DATA_AT, 1)
  }

  #vector(length: number): [pointer: number, count: number] {
    this.#view.setUint32(VECTOR_AT, DATA_AT, true)
    this.#view.setUint32(VECTOR_AT + 4, length, true)
    return [VECTOR_AT, 1]
  }
}

/**
 * What a guest holds a handle of. The glue disposes of it when the guest drops the handle; without
 * a limit a guest could fill our memory with them.
 */
export class Resource {
  readonly preview1: Preview1

  constructor(preview1: Preview1) {
    this.preview1 = preview1
    preview1.hold()
  }

  [Symbol.dispose](): void {
    this.preview1.release()
  }
}

const MONOTONIC = 1
const ABSOLUTE = 1
/** One clock subscription of `poll_oneoff`, by the layout of preview1. */
const SUBSCRIPTION = {
  at: FIRST_AT,
  bytes: 48,
  clockId: FIRST_AT + 16,
  timeoutAt: FIRST_AT + 24,
  flagsAt: FIRST_AT + 40,
} as const
