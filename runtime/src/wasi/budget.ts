/**
 * What a run may leave behind and hold: bytes that leave the sandbox (stdout, stderr, files under
 * `/out`) end the run when they pass their cap; scratch memory and file counts are errors that the
 * guest sees, as on a full disk.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { fail } from './abi.ts'

/** Thrown through the guest when stdout, stderr and `/out` together would pass their cap. */
export class OutputLimit extends Error {
  override readonly name = 'OutputLimit'
}

type Amounts = {
  /** Names in directories, and open files that lost theirs. */
  names?: number
  /** Names of files under `/out`. */
  outputFiles?: number
  /** stdout, stderr, and the files under `/out`, each as often as it has names there. */
  outputBytes?: number
  /** Bytes of files and of links that the guest made, wherever they stand. */
  fileBytes?: number
}

export class Budget {
  readonly #outputBytesMax: number
  #outputBytes = 0
  #outputFiles = 0
  #fileBytes = 0
  #names = 0

  constructor(outputBytesMax: number) {
    this.#outputBytesMax = outputBytesMax
  }

  get outputBytesLeft(): number {
    return this.#outputBytesMax - this.#outputBytes
  }

  /**
   * Counts what appears, or disappears where a number is negative. ENOSPC, or `OutputLimit`, when
   * it is more than there may be; nothing is counted then.
   */
  count(amounts: Amounts): void {
    this.ensure(amounts)
    const { names = 0, outputFiles = 0, outputBytes = 0, fileBytes = 0 } = amounts
    this.#names += names
    this.#outputFiles += outputFiles
    this.#outputBytes += outputBytes
    this.#fileBytes += fileBytes
  }

  /** Fails as `count` would. */
  ensure({ names = 0, outputFiles = 0, outputBytes = 0, fileBytes = 0 }: Amounts): void {
    if (this.#names + names > LIMITS.guestNodesMax) fail('NOSPC')
    if (this.#outputFiles + outputFiles > LIMITS.outputFilesMax) fail('NOSPC')
    if (outputBytes > this.outputBytesLeft) {
      throw new OutputLimit(`more than ${this.#outputBytesMax} bytes of output`)
    }
    if (this.#fileBytes + fileBytes > LIMITS.guestFileBytesMax) fail('NOSPC')
  }
}
