/** The machine's clock. An alarm keeps the process alive: cancel what is not awaited. */
import type { Clock } from './ports.ts'

/** Node's timers take at most 2^31 - 1 ms: a longer wait is made of several. */
const WAIT_MS_MAX = 2 ** 31 - 1

export function openSystemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    at(atMs, callback) {
      let timer: NodeJS.Timeout
      const wait = () => {
        const leftMs = Math.max(0, Math.ceil(atMs - Date.now()))
        timer = setTimeout(ring, Math.min(leftMs, WAIT_MS_MAX))
      }
      // Node may ring a millisecond early, and the machine's clock may have been set back
      const ring = () => (Date.now() < atMs ? wait() : callback())
      wait()
      return () => clearTimeout(timer)
    },
  }
}
