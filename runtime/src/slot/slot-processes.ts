/**
 * The processes of a sandbox: one for each slot and the spares, started ahead. A job takes what is
 * there first, one that starts or one that another job leaves; what ended is replaced behind the
 * jobs.
 */
import { HostFault } from '@planetary-mesh/spec/bare'
import { Behind } from './behind.ts'
import { SlotProcess } from './slot-process.ts'

/** A spare is started when the jobs that came with the loss of the last one are through. */
const PAUSE_MS = 100

type Waiting = { resolve(slot: SlotProcess): void; reject(fault: unknown): void }

export class SlotProcesses {
  readonly #slots: number
  readonly #wanted: number
  readonly #behind: Behind
  /** The one used last comes first; those that ran nothing yet are last. */
  readonly #idle: SlotProcess[] = []
  readonly #starting = new Set<SlotProcess>()
  readonly #busy = new Set<SlotProcess>()
  readonly #lent = new Set<SlotProcess>()
  readonly #waiting: Waiting[] = []
  #closed = false
  #pause: NodeJS.Timeout | undefined

  constructor(slots: number, spares: number, behind = new Behind()) {
    this.#behind = behind
    this.#slots = slots
    this.#wanted = slots + spares
  }

  /** Starts the slots, and the spares a little later. Throws `HostFault('crash')`. */
  async fill(): Promise<void> {
    await Promise.all(Array.from({ length: this.#slots }, () => this.#start('cold')))
    this.#replace()
  }

  /**
   * A process for one job, which the caller gives back. Throws `HostFault`: `crash` when none can
   * be started, `closed`.
   */
  async take(): Promise<SlotProcess> {
    if (this.#closed) throw closedFault()
    // an idle one may have been ended from outside
    let slot = this.#idle.shift()
    while (slot !== undefined && !slot.usable) slot = this.#idle.shift()
    if (slot !== undefined) this.#busy.add(slot)
    const taken = slot ?? this.#next()
    this.#replace()
    this.#look()
    return taken
  }

  giveBack(slot: SlotProcess): void {
    this.#busy.delete(slot)
    void this.#keep(slot)
    this.#replace()
    this.#look()
  }

  /** Lends one that ran no guest, the spare as a rule, for as long as `use` takes. */
  async lendClean<T>(use: (slot: SlotProcess) => Promise<T>): Promise<T> {
    if (this.#closed) throw closedFault()
    const at = this.#idle.findLastIndex((slot) => slot.usable && !slot.ranGuest)
    const [idle] = at === -1 ? [] : this.#idle.splice(at, 1)
    const clean = idle ?? SlotProcess.spawn()
    this.#lent.add(clean)
    this.#behind.add(clean)
    try {
      if (idle === undefined) await clean.opened()
      return await use(clean)
    } finally {
      this.#behind.remove(clean)
      this.#lent.delete(clean)
      await this.#keep(clean)
    }
  }

  /** Ends every process; what runs or waits gets `HostFault('closed')`. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#pause)
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closedFault())
    const all = [...this.#idle.splice(0), ...this.#starting, ...this.#busy, ...this.#lent]
    await Promise.all(all.map((slot) => slot.kill(closedFault())))
  }

  #next(): Promise<SlotProcess> {
    const { promise, resolve, reject } = Promise.withResolvers<SlotProcess>()
    this.#waiting.push({ resolve, reject })
    return promise
  }

  /** For whoever waits; else it is idle. One too many ends: another was lent when a job came. */
  async #keep(slot: SlotProcess): Promise<void> {
    const isWanted = this.#waiting.length > 0 || this.#count() < this.#wanted
    if (!isWanted || !slot.usable || this.#closed) {
      await slot.kill(closedFault())
      return
    }
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      this.#busy.add(slot)
      waiting.resolve(slot)
    } else if (slot.ranGuest) this.#idle.unshift(slot)
    else this.#idle.push(slot)
  }

  /** Starts at once what a job waits for, and after a pause what none does yet. */
  #replace(): void {
    if (this.#closed) return
    while (this.#starting.size < this.#waiting.length) this.#startMissing()
    if (this.#count() >= this.#wanted) return
    this.#pause ??= setTimeout(() => {
      this.#pause = undefined
      while (!this.#closed && this.#count() < this.#wanted) this.#startMissing()
    }, PAUSE_MS).unref()
  }

  #startMissing(): void {
    this.#start('warm').catch((cause) => this.#waiting.shift()?.reject(cause))
  }

  async #start(how: 'cold' | 'warm'): Promise<void> {
    const slot = SlotProcess.spawn()
    this.#starting.add(slot)
    this.#behind.add(slot)
    try {
      await slot.opened()
      if (how === 'warm') await slot.warmUp()
    } finally {
      this.#behind.remove(slot)
      this.#starting.delete(slot)
    }
    await this.#keep(slot)
    this.#look()
  }

  #count(): number {
    return this.#idle.length + this.#starting.size + this.#busy.size + this.#lent.size
  }

  #look(): void {
    this.#behind.look(this.#busy.size, this.#waiting.length > 0)
  }
}

export const closedFault = () => new HostFault('closed', 'the sandbox was closed')
