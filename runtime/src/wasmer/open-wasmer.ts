/**
 * The second backend of the sandbox port, on @wasmer/wasi: in processes as tight as those of the
 * first, but another host with other fuel. It shows that the port is a seam, and tells where the
 * two hosts disagree; what it runs is never reproducible for anybody else.
 */
import { fileURLToPath } from 'node:url'
import {
  admit,
  HostFault,
  LIMITS,
  type RunInput,
  type RunResult,
  type Sandbox,
} from '@planetary-mesh/spec/bare'
import { cancelledAtStart } from '../slot/cancelled-at-start.ts'
import { ensureInput } from '../slot/input.ts'
import { Interrupted, SlotProcess } from '../slot/slot-process.ts'
import { WASMER_PROFILE } from './profile.ts'

const fromSource = import.meta.url.endsWith('.ts')
const CHILD = fileURLToPath(new URL(fromSource ? './child.ts' : './child.js', import.meta.url))

/**
 * Opens a sandbox whose `profile` no manifest names. Refuses and throws as `openSandbox`. A run
 * that is cancelled while it goes on is cancelled at 0: this backend is killed, never asked.
 */
export async function openWasmerSandbox(options: { slots: number }): Promise<Sandbox> {
  const { slots } = options
  admit(
    Number.isSafeInteger(slots) && slots >= 1 && slots <= LIMITS.slotsMax,
    'LIMIT_EXCEEDED',
    `${slots} slots, 1 to ${LIMITS.slotsMax}`,
  )
  const pool = new WasmerSlots(slots)
  return {
    profile: WASMER_PROFILE,
    slots,
    run: (input, given) => pool.run(input, given?.signal),
    close: () => pool.close(),
  }
}

class WasmerSlots {
  #free: number
  readonly #waiting: (() => void)[] = []
  readonly #idle: SlotProcess[] = []
  readonly #busy = new Set<SlotProcess>()
  #closed = false

  constructor(slots: number) {
    this.#free = slots
  }

  async run(input: RunInput, signal?: AbortSignal): Promise<RunResult> {
    ensureInput(input)
    this.#ensureOpen()
    if (input.cancelAtFuel === 0) return cancelled()
    await this.#turn()
    try {
      this.#ensureOpen()
      return await this.#runInSlot(input, signal)
    } catch (thrown) {
      if (!(thrown instanceof Interrupted)) throw thrown
      return cancelled()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  /** Ends every process; what runs or waits gets `HostFault('closed')`. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#idle, ...this.#busy].map((slot) => slot.kill(closedFault())))
  }

  async #turn(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return
    }
    const waiting = this.#waiting.length
    admit(waiting < LIMITS.runsWaitingMax, 'OVERLOADED', `${waiting} runs are waiting`)
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async #runInSlot(input: RunInput, signal?: AbortSignal): Promise<RunResult> {
    const slot = this.#idle.pop() ?? (await SlotProcess.start([CHILD]))
    this.#busy.add(slot)
    try {
      return await slot.run(input, signal === undefined ? {} : { signal })
    } catch (thrown) {
      // after a panic the package's memory is not to be trusted
      throw thrown instanceof HostFault ? await slot.kill(thrown) : thrown
    } finally {
      this.#busy.delete(slot)
      if (slot.usable && !this.#closed) this.#idle.push(slot)
    }
  }

  #ensureOpen(): void {
    if (this.#closed) throw closedFault()
  }
}

const closedFault = () => new HostFault('closed', 'the sandbox was closed')
const cancelled = (): RunResult => ({ ...cancelledAtStart(), profile: WASMER_PROFILE })
