/**
 * What processes do behind the jobs (start, rewrite a module for the cache) gives way to them: a
 * start takes as long as hundreds of small jobs. While jobs run on every core such a process stands
 * still, though not for ever: the next job that is killed needs what it works on.
 */
import { availableParallelism } from 'node:os'

/** So long, from its beginning on, a piece of work gives way. */
const PATIENCE_MS = 2000

/** What can be made to stand still and to go on again. */
export type Behindhand = { rest(isToRest: boolean): void }

export class Behind {
  readonly #cores: number
  readonly #patienceMs: number
  readonly #working = new Map<Behindhand, NodeJS.Timeout>()
  #isCrowded = false

  constructor(cores: number = availableParallelism(), patienceMs: number = PATIENCE_MS) {
    this.#cores = cores
    this.#patienceMs = patienceMs
  }

  /** Begins to work behind the jobs. */
  add(worker: Behindhand): void {
    const patience = setTimeout(() => this.remove(worker), this.#patienceMs)
    patience.unref()
    this.#working.set(worker, patience)
    if (this.#isCrowded) worker.rest(true)
  }

  /** It is done, or somebody waits for it: nothing holds it any more. */
  remove(worker: Behindhand): void {
    const patience = this.#working.get(worker)
    if (patience === undefined) return
    clearTimeout(patience)
    this.#working.delete(worker)
    if (this.#isCrowded) worker.rest(false)
  }

  /** So many processes have a job; `isAwaited` when a job waits for one that starts. */
  look(busy: number, isAwaited: boolean): void {
    const isCrowded = busy >= this.#cores && !isAwaited
    if (isCrowded === this.#isCrowded) return
    this.#isCrowded = isCrowded
    for (const worker of this.#working.keys()) worker.rest(isCrowded)
  }
}
