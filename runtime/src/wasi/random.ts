/**
 * The guest's random numbers: the key stream of AES-256 in counter mode under the run's seed, with
 * the counter from zero (NIST SP 800-38A, 6.5). The same seed gives the same bytes on every
 * machine, so it is fit for sampling and never for a lottery or a key.
 */
import { type Cipheriv, createCipheriv } from 'node:crypto'

const BLOCK_BYTES = 4096
const COUNTER_BYTES = 16
const ZEROS = new Uint8Array(BLOCK_BYTES)

export class SeededRandom {
  readonly #seed: Uint8Array
  /** Made when it is first asked: most guests never do. */
  #cipher: Cipheriv | undefined
  #block: Uint8Array = new Uint8Array(0)

  /** `seed` has 32 bytes. */
  constructor(seed: Uint8Array) {
    this.#seed = seed
  }

  /** Fills `target` with the next bytes of the stream. */
  fill(target: Uint8Array): void {
    let at = 0
    while (at < target.length) {
      if (this.#block.length === 0) this.#block = this.#next()
      const taken = Math.min(this.#block.length, target.length - at)
      target.set(this.#block.subarray(0, taken), at)
      this.#block = this.#block.subarray(taken)
      at += taken
    }
  }

  #next(): Uint8Array {
    this.#cipher ??= createCipheriv('aes-256-ctr', this.#seed, new Uint8Array(COUNTER_BYTES))
    return this.#cipher.update(ZEROS)
  }
}
