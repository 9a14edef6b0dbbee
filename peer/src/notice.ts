/** What a process says about itself, for people: one object a line. */
import { type Did, LIMITS, type Refusal } from '@planetary-mesh/spec'

export type Notice = {
  level: 'info' | 'warn' | 'error'
  message: string
  code?: string
  detail?: string
  /** Who sent what this is about. */
  from?: Did
}

/**
 * A log for what others can cause at will: of one sender so many of a kind in so long a time, and
 * then how many were left out, so that nobody fills an owner's disk with lines.
 */
export function openQuietLog(
  log: (notice: Notice) => void,
  nowMs: () => number,
): (notice: Notice) => void {
  const told = new Map<string, { sinceMs: number; said: number; leftOut: number }>()
  return (notice) => {
    const key = `${notice.message} ${notice.from}`
    const before = told.get(key)
    // a clock that was set back must not silence it
    const sinceMs = Math.abs(nowMs() - (before?.sinceMs ?? 0))
    const isNew = before === undefined || sinceMs >= LIMITS.noticePauseMs
    const now = isNew ? { sinceMs: nowMs(), said: 0, leftOut: 0 } : before
    told.delete(key)
    told.set(key, now)
    const [oldest] = told.keys()
    if (oldest !== undefined && told.size > LIMITS.noticesRememberedMax) told.delete(oldest)
    if (now.said === LIMITS.noticesMax) {
      now.leftOut += 1
      return
    }
    now.said += 1
    const leftOut = isNew ? (before?.leftOut ?? 0) : 0
    const detail = [notice.detail, leftOut > 0 && `${leftOut} more before were left out`]
    log(leftOut > 0 ? { ...notice, detail: detail.filter(Boolean).join('; ') } : notice)
  }
}

/** A refusal that ends nothing. */
export function warn(
  log: (notice: Notice) => void,
  message: string,
  { code, detail }: Refusal,
  from?: Did,
): void {
  log({ level: 'warn', message, code, detail, ...(from === undefined ? {} : { from }) })
}
