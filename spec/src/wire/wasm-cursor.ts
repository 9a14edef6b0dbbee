/** Reads the binary format of WebAssembly. Source: Core Specification 2.0, chapter 5. */
import { Refusal } from '../errors.ts'

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

export const refuse = (why: string, code: 'MODULE_REFUSED' | 'IMPORT_REFUSED' = 'MODULE_REFUSED') =>
  new Refusal(code, why)

/** Whatever ends too early or is no number is refused with MODULE_REFUSED. */
export class WasmCursor {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw refuse('the bytes end in the middle of something')
    return byte
  }

  /** A count, an index, an offset (5.2.2). */
  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80 && value < 2 ** 32) return value
      if (byte < 0x80) break
    }
    throw refuse('a number does not fit into 32 bits')
  }

  /** An i32 or i64; those of an i64 are exact only as far as JavaScript's numbers are. */
  signed(bits: 32 | 64): number {
    let value = 0n
    for (let shift = 0n; shift < bits + 6; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(bits, BigInt.asIntN(Number(shift) + 7, value)))
    }
    throw refuse(`a number does not fit into ${bits} bits`)
  }

  take(length: number): WasmCursor {
    const end = this.at + length
    if (end > this.bytes.length) throw refuse('the bytes end in the middle of something')
    const part = new WasmCursor(this.bytes.subarray(this.at, end))
    this.at = end
    return part
  }

  sized(): WasmCursor {
    return this.take(this.unsigned())
  }

  name(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.sized().bytes)
    } catch (cause) {
      if (cause instanceof Refusal) throw cause
      throw refuse('a name is not UTF-8')
    }
  }

  /** Items with their count in front. */
  vector<T>(item: (cursor: WasmCursor) => T): T[] {
    const count = this.unsigned()
    if (count > this.bytes.length) throw refuse('there are fewer items than it says')
    return Array.from({ length: count }, () => item(this))
  }

  end(): void {
    if (!this.isAtEnd) throw refuse('there are bytes behind the end of something')
  }
}

/** The sections of a module: the known ones in their order and once, the custom ones by name. */
export function readSections(bytes: Uint8Array): {
  known: Map<number, WasmCursor>
  custom: Map<string, WasmCursor>
} {
  const cursor = new WasmCursor(bytes)
  if (MAGIC.some((byte) => cursor.bytes[cursor.at++] !== byte)) throw refuse('not WebAssembly')
  const known = new Map<number, WasmCursor>()
  const custom = new Map<string, WasmCursor>()
  let last = 0
  while (!cursor.isAtEnd) {
    const id = cursor.byte()
    const section = cursor.sized()
    if (id === 0) {
      const name = section.name()
      if (custom.has(name)) throw refuse(`two sections are called '${name}'`)
      custom.set(name, section)
    } else {
      if (id <= last) throw refuse(`section ${id} stands behind section ${last}`)
      known.set(id, section)
      last = id
    }
  }
  return { known, custom }
}
