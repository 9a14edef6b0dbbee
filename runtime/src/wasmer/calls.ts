/**
 * What stands between a guest and the calls of @wasmer/wasi: each is paid for, may be where a run
 * is cancelled, and counts towards the output cap. A panic inside the package is our fault.
 */
import { HostFault, LIMITS } from '@planetary-mesh/spec/bare'
import type { Meter } from '../admission/meter.ts'
import { ERRNO } from '../wasi/abi.ts'
import { OutputLimit } from '../wasi/budget.ts'
import { type CancelCheck, GuestCancelled } from '../wasi/cancel-point.ts'
import type { WasmMemory } from '../wasi/guest-memory.ts'
import { type MemFS, outputBytes, type Wasi, type WasiFunction } from './files.ts'

const CALL_FUEL = 4000
const VECTOR_FUEL = 100
const CHARACTER_FUEL = 8
const VECTOR_BYTES = 8
const STDOUT = 1
const STDERR = 2

/** Where a call says how much it is to move or list, by the places of its arguments. */
const VECTORS: Readonly<Record<string, number>> = {
  fd_read: 1,
  fd_write: 1,
  fd_pread: 1,
  fd_pwrite: 1,
}
const WRITES = ['fd_write', 'fd_pwrite']
/** Calls whose argument, at this place, is the size that a file is to have at least. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  fd_allocate: [1, 2],
  fd_filestat_set_size: [1],
}
/** Calls that may bring under `/out` what was not there. */
const MOVES = ['path_rename', 'path_link', 'path_open']

export class MeteredCalls {
  readonly #wasi: Wasi
  readonly #files: MemFS
  readonly #meter: Meter
  readonly #isCancelled: CancelCheck
  readonly #outputBytesMax: number
  readonly #streams = { [STDOUT]: [] as Uint8Array[], [STDERR]: [] as Uint8Array[] }
  #memory: WasmMemory | undefined
  /** So much may be written before it has to be counted again what there is. */
  #slack: number
  #fileBytesLeft: number = LIMITS.guestFileBytesMax

  constructor(given: {
    wasi: Wasi
    files: MemFS
    meter: Meter
    isCancelled: CancelCheck
    outputBytesMax: number
  }) {
    this.#wasi = given.wasi
    this.#files = given.files
    this.#meter = given.meter
    this.#isCancelled = given.isCancelled
    this.#outputBytesMax = given.outputBytesMax
    this.#slack = given.outputBytesMax
  }

  attach(memory: WasmMemory | undefined): void {
    this.#memory = memory
  }

  /** The function that the guest gets for `theirs`. */
  wrap(name: string, theirs: WasiFunction): WasiFunction {
    return (...args) => {
      if (this.#isCancelled(this.#meter.fuelUsed)) throw new GuestCancelled(this.#meter.fuelUsed())
      const moved = this.#moved(name, args)
      this.#pay(CALL_FUEL + moved)
      const grown = WRITES.includes(name) ? moved : this.#sizeAsked(name, args)
      const isStream = args[0] === STDOUT || args[0] === STDERR
      if (grown > this.#fileBytesLeft && !isStream) return ERRNO.NOSPC
      if (!isStream) this.#fileBytesLeft -= grown
      const errno = passOn(name, theirs, args)
      this.#slack = MOVES.includes(name) ? -1 : this.#slack - grown
      if (this.#slack < 0) this.#count(args[0] as number)
      return errno
    }
  }

  /** What was written to stdout and stderr so far. */
  streams(): { stdout: Uint8Array; stderr: Uint8Array } {
    this.#drain()
    const joined = (pieces: Uint8Array[]) => new Uint8Array(Buffer.concat(pieces))
    return { stdout: joined(this.#streams[STDOUT]), stderr: joined(this.#streams[STDERR]) }
  }

  #pay(units: number): void {
    this.#meter.charge(Math.min(units, LIMITS.fuelMax))
  }

  /** The bytes that a call moves, and pays the rest of what it works on. */
  #moved(name: string, args: readonly (number | bigint)[]): number {
    const vectorsAt = VECTORS[name]
    if (vectorsAt !== undefined) {
      const count = (args[vectorsAt + 1] as number) >>> 0
      this.#pay(count * VECTOR_FUEL)
      return this.#totalOf((args[vectorsAt] as number) >>> 0, count)
    }
    if (name === 'fd_readdir') return (args[2] as number) >>> 0
    if (name.startsWith('path_')) this.#pay(LIMITS.pathBytesMax * CHARACTER_FUEL)
    return 0
  }

  #totalOf(vectors: number, count: number): number {
    const view = new DataView(this.#memory?.buffer ?? new ArrayBuffer(0))
    if (vectors + count * VECTOR_BYTES > view.byteLength) return 0 // the package says EFAULT
    let total = 0
    for (let index = 0; index < count; index++) {
      total += view.getUint32(vectors + index * VECTOR_BYTES + 4, true)
    }
    return total
  }

  #sizeAsked(name: string, args: readonly (number | bigint)[]): number {
    const sizes = (SIZES[name] ?? []).map((place) =>
      Number(BigInt.asUintN(64, BigInt(args[place] ?? 0))),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** Counts what there is. Throws `OutputLimit`; of a stream's last write stays what fits. */
  #count(descriptor: number): void {
    this.#drain()
    const streamed = [...this.#streams[STDOUT], ...this.#streams[STDERR]]
    const held = streamed.reduce((sum, piece) => sum + piece.length, outputBytes(this.#files))
    this.#slack = this.#outputBytesMax - held
    if (this.#slack >= 0) return
    if (descriptor === STDOUT || descriptor === STDERR) {
      const pieces = this.#streams[descriptor]
      const last = pieces.pop() ?? new Uint8Array(0)
      pieces.push(last.subarray(0, Math.max(0, last.length + this.#slack)))
    }
    throw new OutputLimit(`more than ${this.#outputBytesMax} bytes of output`)
  }

  #drain(): void {
    this.#streams[STDOUT].push(this.#wasi.getStdoutBuffer())
    this.#streams[STDERR].push(this.#wasi.getStderrBuffer())
  }
}

function passOn(name: string, theirs: WasiFunction, args: (number | bigint)[]): number {
  try {
    return theirs(...args)
  } catch (cause) {
    throw new HostFault('crash', `@wasmer/wasi gave up in ${name}`, { cause })
  }
}
