/** How far a transfer has come, for a person who waits: bytes, rate, remaining time. */
import { note } from './terminal.ts'

/** Between two lines of a terminal: often enough to follow, seldom enough to read. */
const EVERY_MS = 200

export type Progress = {
  moved(bytes: number): void
  /** Takes the line away; it has nothing to say once all is moved. */
  end(): void
}

/**
 * One line on stderr, written over and over, where stderr is a terminal; nothing elsewhere.
 * `total` is null where it is not known. `nowMs` and `write` are the world.
 */
export function openProgress(
  what: string,
  total: number | null,
  world: { isTTY?: boolean; nowMs?: () => number; write?: (text: string) => void } = {},
): Progress {
  const { isTTY = process.stderr.isTTY, nowMs = Date.now, write = note } = world
  const startedAtMs = nowMs()
  let toldAtMs: number | undefined
  return {
    moved(bytes) {
      const now = nowMs()
      if (!isTTY || (toldAtMs !== undefined && now - toldAtMs < EVERY_MS)) return
      toldAtMs = now
      write(`\r\u001b[K${what}: ${progressText(bytes, total, now - startedAtMs)}`)
    },
    end() {
      if (toldAtMs !== undefined) write('\r\u001b[K')
    },
  }
}

/** `12.5 of 50.0 MB, 25.0 MB/s, 2 s left`. */
export function progressText(bytes: number, total: number | null, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (bytes * 1000) / elapsedMs : 0
  const of = total === null ? '' : ` of ${sizeText(total)}`
  const moved = `${sizeText(bytes)}${of}, ${sizeText(perSecond)}/s`
  if (total === null || perSecond === 0) return moved
  return `${moved}, ${timeText(((total - bytes) / perSecond) * 1000)} left`
}

/** 1,234 bytes as `1.2 kB`: for people, three digits say enough. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1000
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value.toFixed(1)} ${units[unit]}`
}

/** Rounded up, so that nothing is ever done in 0 s that is not done. */
export function timeText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${seconds} s`
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
