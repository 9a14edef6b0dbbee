/** The machine's clock, which a test may move on: whatever falls due by that rings at once. */
import { type Clock, openSystemClock } from '@planetary-mesh/peer'

export type ShiftedClock = Clock & { advance(ms: number): void }

type Alarm = { atMs: number; ring: () => void; cancel: () => void }

export function openShiftedClock(): ShiftedClock {
  const system = openSystemClock()
  const alarms = new Set<Alarm>()
  let shiftMs = 0
  const arm = (alarm: Alarm) => {
    alarm.cancel = system.at(alarm.atMs - shiftMs, alarm.ring)
  }
  return {
    nowMs: () => system.nowMs() + shiftMs,
    at(atMs, callback) {
      const alarm: Alarm = {
        atMs,
        cancel: () => {},
        ring() {
          alarms.delete(alarm)
          callback()
        },
      }
      alarms.add(alarm)
      arm(alarm)
      return () => {
        alarms.delete(alarm)
        alarm.cancel()
      }
    },
    advance(ms) {
      shiftMs += ms
      for (const alarm of alarms) {
        alarm.cancel()
        arm(alarm)
      }
    },
  }
}
