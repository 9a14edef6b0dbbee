/**
 * The sandbox: so many slots, each a process of its own, one more kept ready, and a queue before
 * them. A job that fails the machine costs its slot's process and nothing else.
 */
import { performance } from 'node:perf_hooks'
import {
  admit,
  type HostFault,
  LIMITS,
  type RunInput,
  type RunOptions,
  type RunResult,
  type Sandbox,
} from '@planetary-mesh/spec/bare'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { isBundle } from '../component/bundle.ts'
import { availableProfile, COMPONENT_PROFILE } from '../component/profile.ts'
import { TakingApart } from '../component/take-apart.ts'
import { Admitting } from './admitting.ts'
import { cancelledAtStart } from './cancelled-at-start.ts'
import { ensureInput } from './input.ts'
import { openRewrittenCache, type RewrittenCache } from './rewritten-cache.ts'
import { Interrupted } from './slot-process.ts'
import { closedFault, SlotProcesses } from './slot-processes.ts'

export type SandboxOptions = {
  slots: number
  /** Processes more than slots (default 1), so that a killed slot costs the next job nothing. */
  spares?: number
  /** Where rewritten modules are kept from one start to the next; without it they are not. */
  cacheFolder?: string
}

/**
 * Opens a sandbox with `slots` processes; whoever runs one job and is gone needs no spare. `run`
 * refuses with LIMIT_EXCEEDED, MODULE_REFUSED, IMPORT_REFUSED, FILE_NAME_REFUSED, and with
 * OVERLOADED when its queue is full; it throws `HostFault` when the machine failed. The caller
 * closes it. Throws what the file system does when `cacheFolder` cannot be made.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  admit(
    Number.isSafeInteger(options.slots) && options.slots >= 1 && options.slots <= LIMITS.slotsMax,
    'LIMIT_EXCEEDED',
    `${options.slots} slots, 1 to ${LIMITS.slotsMax}`,
  )
  const { cacheFolder } = options
  const cache = cacheFolder === undefined ? undefined : await openRewrittenCache(cacheFolder)
  const pool = new SlotPool(options.slots, options.spares ?? 1, cache)
  await pool.fill()
  const components = new TakingApart()
  return {
    profile: availableProfile(),
    slots: options.slots,
    run: async (input, options) => pool.run(await components.apart(input), options),
    async close() {
      await Promise.all([components.close(), pool.close()])
    },
  }
}

type Turn = { take(): void; refuse(fault: HostFault): void }

class SlotPool {
  readonly #slots: number
  readonly #processes: SlotProcesses
  readonly #cache: RewrittenCache | undefined
  readonly #admitting: Admitting | undefined
  readonly #queue: Turn[] = []
  #running = 0
  #closed = false

  constructor(slots: number, spares: number, cache: RewrittenCache | undefined) {
    this.#slots = slots
    this.#processes = new SlotProcesses(slots, spares)
    this.#cache = cache
    this.#admitting = cache && new Admitting(cache, (use) => this.#processes.lendClean(use))
  }

  /** Throws `HostFault('crash')` when its processes cannot be started. */
  async fill(): Promise<void> {
    try {
      await this.#processes.fill()
    } catch (thrown) {
      await this.close()
      throw thrown
    }
  }

  async run(input: RunInput, options: RunOptions = {}): Promise<RunResult> {
    ensureInput(input)
    if (this.#closed) throw closedFault()
    if (input.cancelAtFuel === 0 || !(await this.#turn(options.signal))) return cancelled(input)
    try {
      return await this.#runToEnd(input, options)
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
    await Promise.all([this.#processes.close(), this.#admitting?.close()])
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
   * of. So its result comes about exactly as that of whoever replays it; it was shown before.
   */
  async #runToEnd(input: RunInput, options: RunOptions): Promise<RunResult> {
    const startedAtMs = performance.now()
    try {
      return await this.#runInSlot(input, options)
    } catch (thrown) {
      if (!(thrown instanceof Interrupted)) throw thrown
      if (thrown.atFuel === 0) return cancelled(input)
      const leftMs = Math.floor(input.limits.wallMs - (performance.now() - startedAtMs))
      const limits = { ...input.limits, wallMs: Math.max(0, leftMs) }
      return await this.#runInSlot({ ...input, limits, cancelAtFuel: thrown.atFuel })
    }
  }

  async #runInSlot(input: RunInput, options?: RunOptions): Promise<RunResult> {
    const slot = await this.#processes.take()
    const { memoryPagesMax } = input.limits
    let isMissing = false
    const find = async (hash: string) => {
      const found = await this.#cache?.find(hash, memoryPagesMax)
      isMissing = found === undefined
      return found
    }
    try {
      const result = await slot.run(input, options, find)
      if (isMissing && !isBundle(input.module)) this.#admitting?.add(input.module, memoryPagesMax)
      return result
    } finally {
      this.#processes.giveBack(slot)
    }
  }
}

/** A receipt names the profile that its job asked for, though nothing ran. */
const cancelled = ({ module }: RunInput) =>
  cancelledAtStart(isBundle(module) ? COMPONENT_PROFILE : RUNTIME_PROFILE)
