/** Hours of a day as an owner writes them: `22:00-06:00`, in the machine's own time zone. */

export type Hours = {
  /** Minutes after midnight, 0 to 1439. */
  fromMinute: number
  untilMinute: number
  /** Minutes by which the machine's clock is ahead of UTC at that time. */
  offsetMinutesAt: (atMs: number) => number
}

const HOURS = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/
const HOUR_MINUTES = 60

/** Undefined where the text is no `HH:MM-HH:MM`, or its ends are the same. */
export function parseHours(text: string): Hours | undefined {
  const found = HOURS.exec(text)
  if (found === null) return undefined
  const [fromHour = 0, fromMinutes = 0, untilHour = 0, untilMinutes = 0] = found
    .slice(1)
    .map(Number)
  const fromMinute = fromHour * HOUR_MINUTES + fromMinutes
  const untilMinute = untilHour * HOUR_MINUTES + untilMinutes
  if (fromMinute === untilMinute) return undefined
  const offsetMinutesAt = (atMs: number) => -new Date(atMs).getTimezoneOffset()
  return { fromMinute, untilMinute, offsetMinutesAt }
}
