/** What a process says: one JSON object a line on stderr, with level, time, name, message, code. */
import pino from 'pino'
import type { Notice } from '../notice.ts'

export type Log = {
  (notice: Notice): void
  /** Writes what waits, at once: nothing can be written after the process ended. */
  flush(): void
}

const STDERR = 2
/** Lines that wait for a reader that is slow; newer ones are dropped beyond it. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024

/** `name` is the process's; `level` the least that is said, or 'silent'. */
export function openLog({ name, level }: { name: string; level: string }): Log {
  const stderr = pino.destination({ dest: STDERR, sync: false, maxLength: WAITING_BYTES_MAX })
  // a reader that has left is no reason to stop
  stderr.on('error', () => {})
  const lines = pino(
    {
      level,
      base: { name },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stderr,
  )
  const log = ({ level, message, ...rest }: Notice) => lines[level](rest, message)
  const flush = () => {
    try {
      stderr.flushSync()
    } catch {
      // nobody reads any more
    }
  }
  return Object.assign(log, { flush })
}
