/**
 * One slot's process as the sandbox sees it: it takes one job at a time and answers it, or it is
 * killed: only at its host calls can a guest be told to stop. After a kill there is always a new
 * process.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { HostFault, type RunInput, type RunResult } from '@planetary-mesh/spec'
import { ANSWER, STOP_GRACE_MS } from './cancel-line.ts'
import { type Frame, FrameError, readFrame } from './frames.ts'
import { ANSWER_MAX, decodeAnswer, decodeReport, encodeRequest } from './messages.ts'
import { type SlotChild, startChild } from './start-child.ts'

/** How much of what a dying process says is kept, from its end. */
const LAST_WORDS_CHARS = 4096
/** A child that has not said that it is ready by then never will. */
const READY_MS = 30_000

type Waiting = {
  resolve(frame: Frame): void
  reject(fault: HostFault | Interrupted): void
}

/** What is known of the job in progress. */
type Job = { readonly fuelMax: number; atFuel: number; stop: boolean; unread: number }

/** Thrown by a run that was cancelled and gave no answer: `atFuel` was used at its last report. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly atFuel: number

  constructor(atFuel: number) {
    super(`interrupted after fuel ${atFuel}`)
    this.atFuel = atFuel
  }
}

export class SlotProcess {
  readonly #child: SlotChild
  readonly #exited: Promise<unknown>
  #lastWords = ''
  #waiting: Waiting | undefined
  #reading: Generator<number, Frame, Uint8Array> | undefined
  #wanted = new Uint8Array(0)
  #filled = 0
  /** Why it is no longer of use; a process that failed once is never asked again. */
  #fault: HostFault | Interrupted | undefined
  #job: Job | undefined

  private constructor(child: SlotChild) {
    this.#child = child
    this.#exited = new Promise((resolve) => child.once('close', resolve))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_CHARS)
    })
    child.stdout.on('data', (chunk: Uint8Array) => this.#take(chunk))
    child.stdin.on('error', () => {}) // the process is gone: `close` says so
    child.on('error', (cause) => this.#fail(new HostFault('crash', cause.message, { cause })))
    child.on('close', (code, signal) => {
      const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`
      this.#fail(new HostFault('crash', `the slot's process ${how}: ${this.#lastWords.trim()}`))
    })
  }

  /**
   * Starts a process and waits until it can take a job. Throws `HostFault('crash')`. `program` is
   * for tests, see `startChild`.
   */
  static async start(program?: readonly string[]): Promise<SlotProcess> {
    const slot = new SlotProcess(startChild(program))
    await slot.#exchange([], READY_MS)
    slot.#hold(false)
    return slot
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get usable(): boolean {
    return this.#fault === undefined
  }

  /**
   * Runs one job; the caller waits for one to end before it gives the next. A guest that does not
   * heed `signal` in time is killed, and the run throws `Interrupted`.
   */
  async run(input: RunInput, signal?: AbortSignal): Promise<RunResult> {
    if (signal?.aborted) throw new Interrupted(0)
    const job: Job = { fuelMax: input.limits.fuelMax, atFuel: 0, stop: false, unread: 0 }
    let grace: NodeJS.Timeout | undefined
    const stop = () => {
      job.stop = true
      grace = setTimeout(() => void this.kill(new Interrupted(job.atFuel)), STOP_GRACE_MS)
    }
    this.#hold(true)
    this.#job = job
    signal?.addEventListener('abort', stop)
    try {
      const frame = await this.#exchange(encodeRequest(input), input.limits.wallMs)
      return decodeAnswer(frame)
    } catch (thrown) {
      if (!(thrown instanceof FrameError)) throw thrown
      throw await this.kill(new HostFault('crash', `not an answer: ${thrown.message}`))
    } finally {
      signal?.removeEventListener('abort', stop)
      clearTimeout(grace)
      this.#job = undefined
      if (this.usable) this.#hold(false)
    }
  }

  /** Ends the process, and with `fault` whatever it was doing; resolves when it is gone. */
  async kill<Fault extends HostFault | Interrupted>(fault: Fault): Promise<Fault> {
    this.#hold(true) // or our own process could end before this one has
    this.#fail(fault)
    await this.#exited
    return fault
  }

  /** Sends a request and waits for the frame that answers it. */
  async #exchange(request: readonly Uint8Array[], waitMs: number): Promise<Frame> {
    if (this.#fault !== undefined) throw this.#fault
    const deadline = setTimeout(() => {
      void this.kill(new HostFault('deadline', `no answer within ${waitMs} ms`))
    }, waitMs)
    try {
      return await new Promise<Frame>((resolve, reject) => {
        this.#waiting = { resolve, reject }
        this.#expect()
        void this.#send(request)
      })
    } finally {
      clearTimeout(deadline)
      this.#waiting = undefined
    }
  }

  async #send(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      if (this.#fault !== undefined) return
      if (!this.#child.stdin.write(piece)) {
        await Promise.race([once(this.#child.stdin, 'drain').catch(() => {}), this.#exited])
      }
    }
  }

  #expect(): void {
    this.#reading = readFrame(ANSWER_MAX)
    this.#want(this.#reading.next(new Uint8Array(0)))
  }

  #want(step: IteratorResult<number, Frame>): void {
    if (step.done) {
      this.#arrived(step.value)
      return
    }
    this.#wanted = new Uint8Array(step.value)
    this.#filled = 0
  }

  /** A report is answered with one byte, and the answer is still to come. */
  #arrived(frame: Frame): void {
    const job = this.#job
    const atFuel = job && decodeReport(frame, job.fuelMax)
    if (job === undefined || atFuel === undefined) {
      this.#reading = undefined
      this.#waiting?.resolve(frame)
      return
    }
    // whoever asks again has read the last answer, or would fill our memory
    if (job.unread > 1) throw new FrameError('reports that wait for no answer')
    job.unread++
    job.atFuel = Math.max(job.atFuel, atFuel)
    this.#child.stdin.write(Uint8Array.of(job.stop ? ANSWER.stop : ANSWER.goOn), () => {
      job.unread--
    })
    this.#expect()
  }

  #take(chunk: Uint8Array): void {
    let rest = chunk
    try {
      while (rest.length > 0) {
        if (this.#reading === undefined) throw new FrameError('words that nobody asked for')
        const part = rest.subarray(0, this.#wanted.length - this.#filled)
        this.#wanted.set(part, this.#filled)
        this.#filled += part.length
        rest = rest.subarray(part.length)
        if (this.#filled === this.#wanted.length) this.#want(this.#reading.next(this.#wanted))
      }
    } catch (thrown) {
      if (!(thrown instanceof FrameError)) throw thrown
      this.#fail(new HostFault('crash', `not an answer: ${thrown.message}`))
    }
  }

  #fail(fault: HostFault | Interrupted): void {
    this.#fault ??= fault
    this.#child.kill('SIGKILL')
    this.#waiting?.reject(this.#fault)
  }

  /** Whether the process keeps ours alive: only while it has a job. */
  #hold(busy: boolean): void {
    const handles = [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]
    for (const handle of handles as unknown as Socket[]) {
      if (busy) handle.ref()
      else handle.unref()
    }
  }
}
