/** Collects what a guest writes to stdout or stderr. What fits is kept, then the run ends. */
import type { Budget } from './budget.ts'

export class ByteSink {
  readonly #budget: Budget
  #bytes = new Uint8Array(0)
  #size = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Throws `OutputLimit` when not all of it fits, after keeping the part that does. */
  write(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, Math.min(bytes.length, this.#budget.outputBytesLeft))
    const size = this.#size + kept.length
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2, 1024))
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = grown
    }
    this.#bytes.set(kept, this.#size)
    this.#size = size
    this.#budget.output(kept.length)
    if (kept.length < bytes.length) this.#budget.output(bytes.length - kept.length)
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }
}
