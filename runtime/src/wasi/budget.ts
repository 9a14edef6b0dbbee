/**
 * What a run may leave behind and hold: bytes that leave the sandbox (stdout, stderr, files under
 * `/out`) end the run when they pass their cap; scratch memory and file counts are errors that the
 * guest sees, as on a full disk.
 */
import { LIMITS } from '@planetary-mesh/spec'
import { fail } from './abi.ts'

/** Thrown through the guest when stdout, stderr and `/out` together would pass their cap. */
export class OutputLimit extends Error {
  override readonly name = 'OutputLimit'
}

export class Budget {
  readonly #outputBytesMax: number
  #outputBytes = 0
  #outputFiles = 0
  #fileBytes = 0
  #nodes = 0

  constructor(outputBytesMax: number) {
    this.#outputBytesMax = outputBytesMax
  }

  get outputBytesLeft(): number {
    return this.#outputBytesMax - this.#outputBytes
  }

  /** Counts output that appears, or disappears when `bytes` is negative. Throws `OutputLimit`. */
  output(bytes: number): void {
    if (bytes > this.outputBytesLeft) {
      throw new OutputLimit(`more than ${this.#outputBytesMax} bytes of output`)
    }
    this.#outputBytes += bytes
  }

  /** Counts names of files under `/out`. ENOSPC beyond the limit. */
  outputFiles(count: number): void {
    if (this.#outputFiles + count > LIMITS.outputFilesMax) fail('NOSPC')
    this.#outputFiles += count
  }

  /** Counts bytes of files that the guest made, wherever they stand. ENOSPC beyond the limit. */
  fileBytes(bytes: number): void {
    if (this.#fileBytes + bytes > LIMITS.guestFileBytesMax) fail('NOSPC')
    this.#fileBytes += bytes
  }

  /** Counts files, directories and links that the guest made. ENOSPC beyond the limit. */
  nodes(count: number): void {
    if (this.#nodes + count > LIMITS.guestNodesMax) fail('NOSPC')
    this.#nodes += count
  }
}
