/**
 * The sandbox: so many slots, each a process of its own, one more kept ready, and a queue before
 * them. A job that fails the machine costs its slot's process and nothing else.
 */
import { performance } from 'node:perf_hooks'
import {
  admit,
  HostFault,
  LIMITS,
  type RunInput,
  type RunResult,
  type Sandbox,
} from '@planetary-mesh/spec'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { cancelledAtStart } from './cancelled-at-start.ts'
import { ensureInput } from './input.ts'
import { Interrupted, SlotProcess } from './slot-process.ts'

/**
 * Opens a sandbox with `slots` processes, and `spares` more (default 1) so that a killed slot costs
 * the next job nothing; whoever runs one job and is gone needs none. `run` refuses with
 * LIMIT_EXCEEDED, MODULE_REFUSED, IMPORT_REFUSED, FILE_NAME_REFUSED, and with OVERLOADED when its
 * queue is full; it throws `HostFault` when the machine failed. The caller closes it.
 */
export async function openSandbox(options: { slots: number; spares?: number }): Promise<Sandbox> {
  admit(
    Number.isSafeInteger(options.slots) && options.slots >= 1 && options.slots <= LIMITS.slotsMax,
    'LIMIT_EXCEEDED',
    `${options.slots} slots, 1 to ${LIMITS.slotsMax}`,
  )
  const pool = new SlotPool(options.slots, options.spares ?? 1)
  await pool.fill()
  return {
    profile: RUNTIME_PROFILE,
    slots: options.slots,
    run: (input, options) => pool.run(input, options?.signal),
    close: () => pool.close(),
  }
}

type Turn = { take(): void; refuse(fault: HostFault): void }

class SlotPool {
  readonly #slots: number
  readonly #spares: number
  /** Processes that are starting or ready, each waiting for one job. */
  readonly #ready: Promise<SlotProcess>[] = []
  readonly #busy = new Set<SlotProcess>()
  readonly #queue: Turn[] = []
  #running = 0
  #closed = false

  constructor(slots: number, spares: number) {
    this.#slots = slots
    this.#spares = spares
  }

  /** Starts the slots, and the spare once they are up. Throws `HostFault('crash')`. */
  async fill(): Promise<void> {
    this.#startMissing(this.#slots)
    try {
      await Promise.all(this.#ready)
      this.#startMissing()
    } catch (thrown) {
      await this.close()
      throw thrown
    }
  }

  async run(input: RunInput, signal?: AbortSignal): Promise<RunResult> {
    ensureInput(input)
    if (this.#closed) throw closedFault()
    if (input.cancelAtFuel === 0 || !(await this.#turn(signal))) return cancelledAtStart()
    try {
      return await this.#runToEnd(input, signal)
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#running--
      else next.take() // the turn is handed on: nobody can slip in between
    }
  }

  /** Ends every process; what runs or waits gets `HostFault('closed')`. */
  async close(): Promise<void> {
    this.#closed = true
    for (const turn of this.#queue.splice(0)) turn.refuse(closedFault())
    const ready = await Promise.allSettled(this.#ready.splice(0))
    const idle = ready.flatMap((slot) => (slot.status === 'fulfilled' ? [slot.value] : []))
    await Promise.all([...idle, ...this.#busy].map((slot) => slot.kill(closedFault())))
  }

  /** Takes one of `slots` turns, or waits for one to be handed on; false if `signal` came first. */
  async #turn(signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted) return false
    if (this.#running < this.#slots) {
      this.#running++
      return true
    }
    const waiting = this.#queue.length
    admit(waiting < LIMITS.runsWaitingMax, 'OVERLOADED', `${waiting} runs are waiting`)
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const turn: Turn = { take: () => resolve(true), refuse: reject }
    const leave = () => {
      const place = this.#queue.indexOf(turn)
      if (place === -1) return // it was handed on just now
      this.#queue.splice(place, 1)
      resolve(false)
    }
    this.#queue.push(turn)
    signal?.addEventListener('abort', leave)
    return promise.finally(() => signal?.removeEventListener('abort', leave))
  }

  /**
   * A guest that had to be killed was not at a host call: it runs again, to the last that is known
   * of. So its result comes about exactly as that of whoever replays it.
   */
  async #runToEnd(input: RunInput, signal: AbortSignal | undefined): Promise<RunResult> {
    const startedAtMs = performance.now()
    try {
      return await this.#runInSlot(input, signal)
    } catch (thrown) {
      if (!(thrown instanceof Interrupted)) throw thrown
      if (thrown.atFuel === 0) return cancelledAtStart()
      const leftMs = Math.floor(input.limits.wallMs - (performance.now() - startedAtMs))
      const limits = { ...input.limits, wallMs: Math.max(0, leftMs) }
      return await this.#runInSlot({ ...input, limits, cancelAtFuel: thrown.atFuel })
    }
  }

  async #runInSlot(input: RunInput, signal?: AbortSignal): Promise<RunResult> {
    const slot = await this.#takeUsable()
    if (this.#closed) throw await slot.kill(closedFault())
    this.#busy.add(slot)
    try {
      return await slot.run(input, signal)
    } finally {
      this.#busy.delete(slot)
      if (slot.usable && !this.#closed) this.#ready.unshift(Promise.resolve(slot))
      this.#startMissing()
    }
  }

  /** The next process that is alive: an idle one may have been ended from outside. */
  async #takeUsable(): Promise<SlotProcess> {
    for (;;) {
      this.#startMissing()
      const next = this.#ready.shift()
      if (next === undefined) throw closedFault()
      const slot = await next
      if (slot.usable) return slot
    }
  }

  #startMissing(target = this.#slots + this.#spares): void {
    while (!this.#closed && this.#ready.length + this.#busy.size < target) {
      const starting = SlotProcess.start()
      starting.catch(() => {}) // told to whoever takes it
      this.#ready.push(starting)
    }
  }
}

const closedFault = () => new HostFault('closed', 'the sandbox was closed')
