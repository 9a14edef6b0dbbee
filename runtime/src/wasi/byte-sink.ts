/**
 * Collects what a guest writes to stdout or stderr. What fits is kept, then the run ends. Who wants
 * to see it while the guest runs is told of each kept piece.
 */
import type { Budget } from './budget.ts'

export class ByteSink {
  readonly #budget: Budget
  #bytes = new Uint8Array(0)
  #size = 0
  readonly #onKept: ((bytes: Uint8Array) => void) | undefined

  /** `onKept` gets views that are good until it returns. */
  constructor(budget: Budget, onKept?: (bytes: Uint8Array) => void) {
    this.#budget = budget
    this.#onKept = onKept
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
    this.#budget.count({ outputBytes: kept.length })
    if (kept.length > 0) this.#onKept?.(kept)
    if (kept.length < bytes.length) this.#budget.count({ outputBytes: bytes.length - kept.length })
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }
}
