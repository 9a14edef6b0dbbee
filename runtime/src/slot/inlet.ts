/**
 * What a slot's child hears, by blocking reads: many small messages arrive in one read, a large
 * part goes straight to its place.
 */
import { readSync } from 'node:fs'
import { type Frame, readFrame } from './frames.ts'

const BUFFER_BYTES = 64 * 1024

export class Inlet {
  readonly #descriptor: number
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  #from = 0
  #to = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** So many bytes, the caller's own; undefined when the other side has closed the pipe. */
  take(size: number): Uint8Array | undefined {
    const bytes = new Uint8Array(size)
    let at = 0
    while (at < size) {
      const wanted = size - at
      if (this.#from === this.#to) {
        const isLarge = wanted >= BUFFER_BYTES
        const read = isLarge ? this.#read(bytes, at, wanted) : this.#fill()
        if (read === 0) return undefined
        if (isLarge) {
          at += read
          continue
        }
      }
      const part = this.#buffer.subarray(this.#from, Math.min(this.#to, this.#from + wanted))
      bytes.set(part, at)
      at += part.length
      this.#from += part.length
    }
    return bytes
  }

  /** The next message; undefined when the other side has closed the pipe. */
  frame(max: { headBytes: number; partBytes: number }): Frame | undefined {
    const reading = readFrame(max)
    let step = reading.next(new Uint8Array(0))
    while (!step.done) {
      const bytes = this.take(step.value)
      if (bytes === undefined) return undefined
      step = reading.next(bytes)
    }
    return step.value
  }

  #fill(): number {
    this.#from = 0
    this.#to = this.#read(this.#buffer, 0, BUFFER_BYTES)
    return this.#to
  }

  #read(into: Uint8Array, at: number, size: number): number {
    return readSync(this.#descriptor, into, at, size, null)
  }
}
