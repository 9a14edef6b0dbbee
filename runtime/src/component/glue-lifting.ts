/**
 * What the glue lifts from a guest's memory: it must lie there whole, it is paid for before
 * anything is made of it, and all that one call gives is bounded, however often its parts overlap.
 * Source: WebAssembly Component Model, "Canonical ABI", loading.
 */
import assert from 'node:assert'
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Meter } from '../admission/meter.ts'
import { refuseToGoOn } from './host/stop.ts'

/** Fuel for a text, for bytes, a list and each value in it, beside one for each of their bytes. */
export const VALUE_FUEL = 8

export class GlueLifting {
  #meter: Meter | undefined
  #fuelOfCall = 0

  /** A run begins, which pays with `meter`. */
  begin(meter: Meter): void {
    this.#meter = meter
    this.nextCall()
  }

  /** What one call takes and gives is counted from here on. */
  nextCall(): void {
    this.#fuelOfCall = 0
  }

  /** A copy of numbers of so many bytes each. */
  numbers(memory: ArrayBuffer, at: number, length: number, bytesOfEach: number): ArrayBuffer {
    if (at % bytesOfEach !== 0) refuseToGoOn('numbers that are not aligned')
    const { byteLength } = new Uint8Array(memory, at, length * bytesOfEach)
    this.#lift(byteLength)
    return memory.slice(at, at + byteLength)
  }

  text(decoder: TextDecoder, encoded: Uint8Array | Uint16Array): string {
    this.#lift(encoded.byteLength)
    return decoder.decode(encoded)
  }

  /** A list of values that are no numbers, before the first of them. */
  list(length: number, bytesOfEach: number): void {
    this.#lift(length * bytesOfEach, length + 1)
  }

  /** An integer of fewer than 32 bits: those that are too much count for nothing. */
  wrapped(value: number, min: number, max: number): number {
    const span = max - min + 1
    return ((((value - min) % span) + span) % span) + min
  }

  /** A text that goes from one component to another, in the same encoding. */
  copy(to: Uint8Array, from: Uint8Array): void {
    this.#pay(VALUE_FUEL + from.length)
    to.set(from)
  }

  /**
   * From UTF-16 to UTF-8, as far as there is room: so many units read, so many bytes written.
   * `TextEncoder.encodeInto` may stop a character early (Node 26.10), elsewhere it does not.
   */
  narrow(from: Uint16Array, to: Uint8Array): { read: number; written: number } {
    this.#pay(VALUE_FUEL + from.byteLength)
    let [read, written] = [0, 0]
    while (read < from.length) {
      const code = codePointAt(from, read)
      const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
      if (written + size > to.length) break
      // the first byte says how many there are; the others have six bits each (RFC 3629 section 3)
      for (let at = size - 1, rest = code; at >= 0; at--, rest >>= 6) {
        to[written + at] = at > 0 ? 0x80 | (rest & 0x3f) : (FIRST_BITS[size] as number) | rest
      }
      read += code > 0xffff ? 2 : 1
      written += size
    }
    return { read, written }
  }

  #lift(bytes: number, values = 1): void {
    const fuel = bytes + values * VALUE_FUEL
    this.#fuelOfCall += fuel
    if (this.#fuelOfCall > LIMITS.componentLiftBytesMax) refuseToGoOn('a value of so many bytes')
    this.#pay(fuel)
  }

  #pay(fuel: number): void {
    assert(this.#meter !== undefined)
    this.#meter.charge(fuel)
  }
}

const FIRST_BITS = [0, 0, 0xc0, 0xe0, 0xf0]

function codePointAt(units: Uint16Array, at: number): number {
  const code = String.fromCharCode(units[at] as number, units[at + 1] ?? 0).codePointAt(0) as number
  if (code >= 0xd800 && code <= 0xdfff) refuseToGoOn('a text that is no UTF-16')
  return code
}

/** What the glue reads texts with: what is ill-formed is a trap, and every character is kept. */
export class StrictTextDecoder extends TextDecoder {
  constructor(encoding = 'utf-8') {
    super(encoding, { fatal: true, ignoreBOM: true })
  }
}
