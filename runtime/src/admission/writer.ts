/**
 * Writes a module's bytes, growing as needed up to a cap, so that no module can make us write
 * without bound.
 * Source: WebAssembly Core Specification 2.0, "Binary Format", values.
 */
import { refuse } from './reader.ts'

/** A LEB128 number that is patched in later takes its full five bytes. */
const PATCHED_LEB_BYTES = 5

export class ByteWriter {
  bytes: Uint8Array
  length = 0
  readonly #lengthMax: number

  constructor(capacity: number, lengthMax: number) {
    this.bytes = new Uint8Array(Math.min(capacity, lengthMax))
    this.#lengthMax = lengthMax
  }

  /** Makes room for `count` more bytes, which the caller may then put without a further check. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    if (needed > this.#lengthMax) refuse(`more than ${this.#lengthMax} bytes once it is metered`, 0)
    const grown = new Uint8Array(Math.min(this.#lengthMax, Math.max(needed, this.length * 2)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** One instruction with one index. */
  op(opcode: number, index: number): void {
    this.byte(opcode)
    this.u32(index)
  }

  u32(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** A signed LEB128 number within the safe integers. */
  signed(value: number): void {
    let rest = value
    // Shifts are fast and work on 32 bits; larger numbers are brought there by division.
    for (; rest !== (rest | 0); rest = Math.floor(rest / 0x80)) this.byte((rest & 0x7f) | 0x80)
    for (; rest < -0x40 || rest >= 0x40; rest >>= 7) this.byte((rest & 0x7f) | 0x80)
    this.byte(rest & 0x7f)
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text)
    this.u32(encoded.length)
    this.copy(encoded, 0, encoded.length)
  }

  list(values: readonly number[]): void {
    for (const value of values) this.byte(value)
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const count = to - from
    if (count <= 0) return
    this.reserve(count)
    // Most runs between two edits are a few bytes, where a loop beats a call of `set`.
    const { bytes, length } = this
    if (count < 32)
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
    let size = this.length - start
    for (let index = PATCHED_LEB_BYTES; index > 0; index--) {
      this.bytes[start - index] = index === 1 ? size : (size & 0x7f) | 0x80
      size >>>= 7
    }
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}
