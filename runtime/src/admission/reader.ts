/**
 * Reads a module's bytes from front to back. Whatever the bytes are, the worst that happens is a
 * refusal that names the offset.
 * Source: WebAssembly Core Specification 2.0, "Binary Format", values.
 */
import { Refusal } from '@planetary-mesh/spec/bare'

/** Refuses the module for `problem`, found at byte `offset`. */
export function refuse(problem: string, offset: number): never {
  throw new Refusal('MODULE_REFUSED', `${problem}, at byte ${offset}`, { values: { offset } })
}

/** Refuses a count above its limit. */
export function limit(count: number, most: number, things: string, offset: number): void {
  if (count > most) refuse(`${count} ${things}, more than ${most}`, offset)
}

/** What `read` gives, `count` times over. */
export function many<T>(count: number, read: () => T): T[] {
  const items: T[] = []
  for (let left = count; left > 0; left--) items.push(read())
  return items
}

const LEB_BYTES = { u32: 5, s64: 10 } as const
const utf8 = new TextDecoder('utf-8', { fatal: true })

export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  byte(): number {
    if (this.at >= this.end) refuse('the module ends too early', this.at)
    return this.bytes[this.at++] as number
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  u32(): number {
    const first = this.byte()
    return first < 0x80 ? first : this.#longU32(first)
  }

  #longU32(first: number): number {
    const start = this.at - 1
    let value = first & 0x7f
    for (let index = 1; index < LEB_BYTES.u32; index++) {
      const next = this.byte()
      // The fifth byte has four bits left for a 32 bit number.
      if (index === LEB_BYTES.u32 - 1 && next > 0x0f) break
      value |= (next & 0x7f) << (7 * index)
      if (next < 0x80) return value >>> 0
    }
    refuse('a number of more than 32 bits', start)
  }

  /** Passes over a signed LEB128 number of at most 64 bits; the engine judges its value. */
  skipSigned(): void {
    const start = this.at
    for (let index = 0; index < LEB_BYTES.s64; index++) if (this.byte() < 0x80) return
    refuse('a number of more than 64 bits', start)
  }

  skip(count: number): void {
    if (count > this.end - this.at) refuse('the module ends too early', this.end)
    this.at += count
  }

  name(): string {
    const start = this.at
    const length = this.u32()
    const from = this.at
    this.skip(length)
    try {
      return utf8.decode(this.bytes.subarray(from, this.at))
    } catch {
      refuse('a name that is not UTF-8', start)
    }
  }
}
