/**
 * Progress as plain text, for guests that cannot import `mesh:job.progress`: a line on stderr that
 * is `progress DONE/TOTAL`, alone or followed by a space and words.
 */
import type { Progress } from '@planetary-mesh/spec/bare'

const LINE = /^progress (\d{1,15})\/(\d{1,15})(?: .*)?\r?$/
/** A longer line says no progress; the rest of it is passed over. */
const LINE_BYTES_MAX = 256
const NEWLINE = 0x0a

export class ProgressLines {
  readonly #tell: (progress: Progress) => void
  readonly #line = Buffer.alloc(LINE_BYTES_MAX)
  #size = 0
  #isLong = false

  constructor(tell: (progress: Progress) => void) {
    this.#tell = tell
  }

  /** The next bytes of stderr; a line counts when it ends. */
  take(bytes: Uint8Array): void {
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      this.#add(bytes.subarray(from, end))
      this.#end()
      from = end + 1
    }
    this.#add(bytes.subarray(from))
  }

  #add(bytes: Uint8Array): void {
    this.#isLong ||= this.#size + bytes.length > LINE_BYTES_MAX
    if (this.#isLong) return
    this.#line.set(bytes, this.#size)
    this.#size += bytes.length
  }

  #end(): void {
    const found = this.#isLong ? null : LINE.exec(this.#line.toString('latin1', 0, this.#size))
    this.#size = 0
    this.#isLong = false
    if (found !== null) this.#tell({ done: Number(found[1]), total: Number(found[2]) })
  }
}
