/**
 * Writes a module's bytes, growing as needed up to a cap, so that no module can make us write
 * without bound.
 * Source: WebAssembly Core Specification 2.0, "Binary Format", values.
 */
import { refuse } from './reader.ts'

const utf8 = new TextEncoder()
/** A LEB128 number that is patched in later takes its full five bytes. */
const PATCHED_LEB_BYTES = 5
const INDEX_BYTES_MAX = 5
const SIGNED_BYTES_MAX = 10
/** So many bytes may be reserved at once and not all written; the cap is on what is written. */
export const RESERVED_MAX = 128

/** Up to here a loop beats a call of `set`; most runs between two edits are a few bytes. */
const LOOP_BYTES_MAX = 96

export class ByteWriter {
  bytes: Uint8Array
  length = 0
  readonly #lengthMax: number

  /** Has room for `capacity` bytes at first, those of `scratch` if it is large enough. */
  constructor(capacity: number, lengthMax: number, scratch?: Uint8Array) {
    const isEnough = scratch !== undefined && scratch.length >= capacity
    this.bytes = isEnough ? scratch : new Uint8Array(Math.min(capacity, lengthMax) + RESERVED_MAX)
    this.#lengthMax = lengthMax
  }

  /** Makes room for `count` more bytes, which may then be put without a further check. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count)
  }

  #grow(needed: number): void {
    const most = this.#lengthMax + RESERVED_MAX
    if (needed > most) this.#refuse()
    const grown = new Uint8Array(Math.min(most, Math.max(needed, this.length * 2)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  #refuse(): never {
    refuse(`more than ${this.#lengthMax} bytes once it is metered`, 0)
  }

  /** Like the methods below, of a byte, instruction or number for which there is room. */
  put(value: number): void {
    this.bytes[this.length++] = value
  }

  putOp(opcode: number, index: number): void {
    this.put(opcode)
    this.putIndex(index)
  }

  putIndex(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.put((rest & 0x7f) | 0x80)
    this.put(rest)
  }

  putSigned(value: number): void {
    let rest = value
    // Shifts are fast and work on 32 bits; larger numbers are brought there by division.
    for (; rest !== (rest | 0); rest = Math.floor(rest / 0x80)) this.put((rest & 0x7f) | 0x80)
    for (; rest < -0x40 || rest >= 0x40; rest >>= 7) this.put((rest & 0x7f) | 0x80)
    this.put(rest & 0x7f)
  }

  byte(value: number): void {
    this.reserve(1)
    this.put(value)
  }

  /** One instruction with one index. */
  op(opcode: number, index: number): void {
    this.reserve(1 + INDEX_BYTES_MAX)
    this.putOp(opcode, index)
  }

  u32(value: number): void {
    this.reserve(INDEX_BYTES_MAX)
    this.putIndex(value)
  }

  /** A signed LEB128 number within the safe integers. */
  signed(value: number): void {
    this.reserve(SIGNED_BYTES_MAX)
    this.putSigned(value)
  }

  name(text: string): void {
    const encoded = utf8.encode(text)
    this.u32(encoded.length)
    this.copy(encoded, 0, encoded.length)
  }

  list(values: readonly number[]): void {
    this.reserve(values.length)
    for (let index = 0; index < values.length; index++) this.put(values[index] as number)
  }

  /** Copies a range, and makes room for RESERVED_MAX more bytes. */
  copy(source: Uint8Array, from: number, to: number): void {
    const count = Math.max(0, to - from)
    this.reserve(count + RESERVED_MAX)
    const { bytes, length } = this
    if (count < LOOP_BYTES_MAX)
      for (let index = 0; index < count; index++)
        bytes[length + index] = source[from + index] as number
    else bytes.set(source.subarray(from, to), length)
    this.length = length + count
  }

  /** Leaves room for a byte count; `endSized` fills it in once what it counts is written. */
  beginSized(): number {
    this.reserve(PATCHED_LEB_BYTES)
    this.length += PATCHED_LEB_BYTES
    return this.length
  }

  endSized(start: number): void {
    if (this.length > this.#lengthMax) this.#refuse()
    let size = this.length - start
    for (let index = PATCHED_LEB_BYTES; index > 0; index--) {
      this.bytes[start - index] = index === 1 ? size : (size & 0x7f) | 0x80
      size >>>= 7
    }
  }

  finish(): Uint8Array {
    if (this.length > this.#lengthMax) this.#refuse()
    return this.bytes.slice(0, this.length)
  }

  /** All that was written, and all of `rest` after it. */
  join(rest: ByteWriter): Uint8Array {
    const length = this.length + rest.length
    if (length > this.#lengthMax) this.#refuse()
    const joined = new Uint8Array(length)
    joined.set(this.bytes.subarray(0, this.length))
    joined.set(rest.bytes.subarray(0, rest.length), this.length)
    return joined
  }
}
