/**
 * One slot's process as the sandbox sees it: it takes one job at a time and answers it, or it is
 * killed: only at its host calls can a guest be told to stop. After a kill there is always a new
 * process.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import {
  HostFault,
  type LiveOutput,
  type RunInput,
  type RunOptions,
  type RunResult,
} from '@planetary-mesh/spec/bare'
import type { Admitted } from '../admission/admit.ts'
import { ANSWER, STOP_GRACE_MS } from './cancel-line.ts'
import { type Frame, FrameError, readFrame } from './frames.ts'
import {
  ANSWER_MAX,
  decodeAdmitted,
  decodeAnswer,
  decodeReport,
  decodeSaid,
  encodeAdmit,
  encodeModule,
  encodeRequest,
  isWish,
  type SentModule,
} from './messages.ts'
import { hashOf } from './module-cache.ts'
import { endsWithParent, type SlotChild, startChild } from './start-child.ts'
import { warmUpInput } from './warm-up.ts'

/** How much of what a dying process says is kept, from its end. */
const LAST_WORDS_CHARS = 4096
/** A child that has not said that it is ready by then never will. */
const READY_MS = 30_000
/** Admission takes less than a second for each MB, of which there are at most 16. */
const ADMIT_MS = 60_000
/** Modules that it is remembered to have compiled; beyond it, they are sent once more. */
const HELD_MAX = 4096
/** A run asks for its module once for each variant. */
const WISHES_MAX = 2
/** Each under another memory limit, so that it is rewritten anew; and then it is run so often. */
const WARM_UP = { rewrites: 8, runs: 5 }

type Waiting = {
  resolve(frame: Frame): void
  reject(fault: HostFault | Interrupted): void
}

/** What is known of the job in progress. */
type Job = {
  readonly input: RunInput
  readonly options: RunOptions
  atFuel: number
  stop: boolean
  unread: number
  wishes: number
  /** Bytes of output that it may still show. */
  liveBytesLeft: number
}

const UNTOLD = { atFuel: 0, stop: false, unread: 0, wishes: 0 }

/** Where a module may be found rewritten; undefined when it is not. */
export type FindAdmitted = (hash: string) => Promise<Admitted | undefined>

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
  /** What arrived and is not read yet: somebody still looks at what the guest said. */
  #rest: Uint8Array = new Uint8Array(0)
  #isShowing = false
  /** Whether its program keeps what it compiled, and takes modules that are rewritten already. */
  #keepsModules = false
  readonly #held = new Set<string>()
  /** Why it is no longer of use; a process that failed once is never asked again. */
  #fault: HostFault | Interrupted | undefined
  #job: Job | undefined
  #ranGuest = false

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
  static start(program?: readonly string[]): Promise<SlotProcess> {
    return SlotProcess.spawn(program).opened()
  }

  /** Starts a process that takes no job before it is `opened`. */
  static spawn(program?: readonly string[]): SlotProcess {
    return new SlotProcess(startChild(program))
  }

  /** Waits until it can take a job; to be called once. Throws `HostFault('crash')`. */
  async opened(): Promise<this> {
    const { head } = await this.#exchange([], READY_MS)
    this.#keepsModules = head.keepsModules === true
    this.#hold(false)
    return this
  }

  /** Runs modules of ours, so that the first job does not pay for code that was never run. */
  async warmUp(): Promise<void> {
    const { rewrites, runs } = WARM_UP
    for (let run = 0; run < rewrites * runs; run++) {
      await this.run(warmUpInput((run % rewrites) + 1))
    }
    this.#ranGuest = false
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Whether anything of a guest's was ever executed in it. */
  get ranGuest(): boolean {
    return this.#ranGuest
  }

  get usable(): boolean {
    return this.#fault === undefined
  }

  /**
   * Runs one job; the caller waits for one to end before it gives the next. A guest that does not
   * heed `signal` in time is killed, and the run throws `Interrupted`.
   */
  async run(input: RunInput, options: RunOptions = {}, find?: FindAdmitted): Promise<RunResult> {
    const { signal } = options
    if (signal?.aborted) throw new Interrupted(0)
    const liveBytesLeft = input.limits.outputBytesMax
    const job: Job = { input, options, ...UNTOLD, liveBytesLeft }
    let grace: NodeJS.Timeout | undefined
    const stop = () => {
      job.stop = true
      grace = setTimeout(() => void this.kill(new Interrupted(job.atFuel)), STOP_GRACE_MS)
    }
    this.#hold(true)
    this.#job = job
    this.#ranGuest = true
    signal?.addEventListener('abort', stop)
    try {
      const hash = hashOf(input.module)
      const key = `${hash} ${input.limits.memoryPagesMax}`
      const module = await this.#moduleFor(key, hash, input, find)
      const live = options.onOutput !== undefined || options.onProgress !== undefined
      const request = encodeRequest({ input, hash, module, live })
      const result = decodeAnswer(await this.#exchange(request, input.limits.wallMs))
      if (this.#held.size >= HELD_MAX) this.#held.clear()
      this.#held.add(key)
      return result
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

  /**
   * Rewrites a module and runs nothing. Refuses with MODULE_REFUSED or IMPORT_REFUSED; throws
   * `HostFault`.
   */
  async admit(module: Uint8Array, memoryPagesMax: number): Promise<Admitted> {
    this.#hold(true)
    try {
      return decodeAdmitted(await this.#exchange(encodeAdmit(module, memoryPagesMax), ADMIT_MS))
    } finally {
      if (this.usable) this.#hold(false)
    }
  }

  /**
   * Makes the process stand still, or go on. Only where the kernel ends it with its parent: nobody
   * else could end one that stands still.
   */
  rest(isToRest: boolean): void {
    if (endsWithParent()) this.#child.kill(isToRest ? 'SIGSTOP' : 'SIGCONT')
  }

  /** Ends the process, and with `fault` whatever it was doing; resolves when it is gone. */
  async kill<Fault extends HostFault | Interrupted>(fault: Fault): Promise<Fault> {
    this.#hold(true) // or our own process could end before this one has
    this.#fail(fault)
    await this.#exited
    return fault
  }

  async #moduleFor(
    key: string,
    hash: string,
    { module }: RunInput,
    find: FindAdmitted | undefined,
  ): Promise<SentModule> {
    if (!this.#keepsModules) return { form: 'original', bytes: module }
    if (this.#held.has(key)) return { form: 'held' }
    const admitted = await find?.(hash)
    return admitted === undefined
      ? { form: 'original', bytes: module }
      : { form: 'admitted', admitted }
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

  /** The answer, or something before it: then the answer is still to come. */
  #arrived(frame: Frame): void {
    if (this.#job !== undefined && this.#isAside(frame, this.#job)) {
      this.#expect()
      return
    }
    this.#reading = undefined
    this.#waiting?.resolve(frame)
  }

  #isAside(frame: Frame, job: Job): boolean {
    if (isWish(frame)) {
      if (job.wishes === WISHES_MAX) throw new FrameError('it asks for the module again')
      job.wishes++
      void this.#send(encodeModule(job.input.module))
      return true
    }
    const said = decodeSaid(frame)
    if (said !== undefined) {
      if ('progress' in said) this.#tell(() => job.options.onProgress?.(said.progress))
      else this.#show(said.output, job)
      return true
    }
    const atFuel = decodeReport(frame, job.input.limits.fuelMax)
    if (atFuel === undefined) return false
    this.#answerReport(atFuel, job)
    return true
  }

  /** Nothing more is read until it was looked at: then its guest waits. */
  #show(output: readonly LiveOutput[], job: Job): void {
    for (const { bytes } of output) job.liveBytesLeft -= bytes.length
    if (job.liveBytesLeft < 0) throw new FrameError('more output than the job may have')
    const { onOutput } = job.options
    if (onOutput === undefined) return
    const looking = this.#tell(() => showAll(output, onOutput))
    if (looking === undefined) return
    this.#isShowing = true
    this.#child.stdout.pause()
    void looking.then(
      () => {
        this.#isShowing = false
        this.#child.stdout.resume()
        this.#take(new Uint8Array(0))
      },
      (cause) => this.#failWatched(cause),
    )
  }

  /** A watcher that fails ends the run that it watched, and nothing else. */
  #tell<T>(watcher: () => T): T | undefined {
    try {
      return watcher()
    } catch (cause) {
      this.#failWatched(cause)
      return undefined
    }
  }

  #failWatched(cause: unknown): void {
    this.#fail(new HostFault('crash', 'who watched the run failed', { cause }))
  }

  /** A report is answered with one byte. */
  #answerReport(atFuel: number, job: Job): void {
    // whoever asks again has read the last answer, or would fill our memory
    if (job.unread > 1) throw new FrameError('reports that wait for no answer')
    job.unread++
    job.atFuel = Math.max(job.atFuel, atFuel)
    this.#child.stdin.write(Uint8Array.of(job.stop ? ANSWER.stop : ANSWER.goOn), () => {
      job.unread--
    })
  }

  #take(chunk: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    try {
      while (this.#rest.length > 0 && !this.#isShowing) {
        if (this.#reading === undefined) throw new FrameError('words that nobody asked for')
        const part = this.#rest.subarray(0, this.#wanted.length - this.#filled)
        this.#wanted.set(part, this.#filled)
        this.#filled += part.length
        this.#rest = this.#rest.subarray(part.length)
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

/** Shows one piece after the other; undefined when nobody has to be waited for. */
function showAll(
  output: readonly LiveOutput[],
  onOutput: NonNullable<RunOptions['onOutput']>,
): Promise<void> | undefined {
  for (const [index, piece] of output.entries()) {
    const looking = onOutput(piece)
    if (looking === undefined) continue
    const rest = output.slice(index + 1)
    return looking.then(() => showAll(rest, onOutput))
  }
  return undefined
}
