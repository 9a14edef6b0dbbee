/**
 * Rewrites modules for the cache on disk, behind the jobs that run: only in processes that never
 * ran a guest, so that no guest can put anything into the cache of another.
 */
import { hashOf } from './module-cache.ts'
import type { RewrittenCache } from './rewritten-cache.ts'
import type { SlotProcess } from './slot-process.ts'

/** Modules that wait; one more is left to the next who asks for it. */
const WAITING_MAX = 8

/** Lends a process that ran no guest, for as long as `use` takes. */
export type LendClean = <T>(use: (slot: SlotProcess) => Promise<T>) => Promise<T>

export class Admitting {
  readonly #cache: RewrittenCache
  readonly #lend: LendClean
  readonly #waiting = new Map<string, { bytes: Uint8Array; memoryPagesMax: number }>()
  #working: Promise<void> | undefined

  constructor(cache: RewrittenCache, lend: LendClean) {
    this.#cache = cache
    this.#lend = lend
  }

  /** A module that ran, and was not in the cache. It is copied: it is the caller's. */
  add(module: Uint8Array, memoryPagesMax: number): void {
    const key = `${hashOf(module)} ${memoryPagesMax}`
    if (this.#waiting.size >= WAITING_MAX || this.#waiting.has(key)) return
    this.#waiting.set(key, { bytes: module.slice(), memoryPagesMax })
    this.#working ??= this.#work()
  }

  /** Resolves when nothing is written any more; what waits is left to another time. */
  async close(): Promise<void> {
    this.#waiting.clear()
    await this.#working
  }

  async #work(): Promise<void> {
    for (const [key, { bytes, memoryPagesMax }] of this.#waiting) {
      await this.#admit(bytes, memoryPagesMax)
      this.#waiting.delete(key)
    }
    this.#working = undefined
  }

  /** What goes wrong here costs the next start of this module its time, and nothing else. */
  async #admit(bytes: Uint8Array, memoryPagesMax: number): Promise<void> {
    try {
      const admitted = await this.#lend((slot) => slot.admit(bytes, memoryPagesMax))
      await this.#cache.keep(hashOf(bytes), memoryPagesMax, admitted)
    } catch {
      // refused, or the process failed: there is nothing to keep
    }
  }
}
