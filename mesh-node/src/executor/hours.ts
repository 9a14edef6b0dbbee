/** The hours of the day at which an owner lends the machine. */

export type Hours = {
  /** Minutes after midnight; from the later one to the earlier one it is over night. */
  fromMinute: number
  untilMinute: number
  /** Minutes by which the owner's clock is ahead of UTC at that time. */
  offsetMinutesAt: (atMs: number) => number
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60

/** The first minute is open, the last one is not. */
export function isOpenAt({ fromMinute, untilMinute, offsetMinutesAt }: Hours, nowMs: number) {
  const minutes = Math.floor(nowMs / MINUTE_MS) + offsetMinutesAt(nowMs)
  const minute = ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES
  const length = (untilMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES
  return (minute - fromMinute + DAY_MINUTES) % DAY_MINUTES < length
}
