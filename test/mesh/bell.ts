/** Waiting for what happens: whoever changes something rings, whoever waits looks again. */

export type Bell = {
  ring(): void
  /**
   * The first value of `probe` that is not undefined, asked now and after each ring. Throws after
   * twenty seconds, saying what was awaited, or what `probe` throws.
   */
  until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T>
}

const PATIENCE_MS = 20_000

export function openBell(): Bell {
  let rung = Promise.withResolvers<void>()
  return {
    ring() {
      rung.resolve()
      rung = Promise.withResolvers<void>()
    },
    async until(what, probe) {
      const over = Promise.withResolvers<never>()
      over.promise.catch(() => {})
      const timer = setTimeout(
        () => over.reject(new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`)),
        PATIENCE_MS,
      )
      try {
        for (;;) {
          // taken before looking: a ring while the probe works is not lost
          const { promise } = rung
          const found = await probe()
          if (found !== undefined) return found
          await Promise.race([promise, over.promise])
        }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
