/**
 * Messages that wait for their turn, counted: in all, and of each sender, so that a member who says
 * more than is handled is turned away alone. The messages themselves wait in the event queue.
 */
import { type Did, LIMITS } from '@planetary-mesh/spec'

export type Heard = {
  /** Whether a message of so many bytes may wait; it counts until it leaves. */
  enter(from: Did, bytes: number): boolean
  leave(from: Did, bytes: number): void
}

/** What a process says to itself is not counted: it is only as much as its roles ask for. */
export function openHeard(self: Did): Heard {
  const bySender = new Map<Did, { messages: number; bytes: number }>()
  let bytesInAll = 0

  return {
    enter(from, bytes) {
      if (from === self) return true
      const waiting = bySender.get(from) ?? { messages: 0, bytes: 0 }
      const isTooMuch =
        waiting.messages >= LIMITS.heardOfOneMax ||
        waiting.bytes + bytes > LIMITS.heardBytesOfOneMax
      if (isTooMuch || bytesInAll + bytes > LIMITS.heardBytesMax) return false
      waiting.messages += 1
      waiting.bytes += bytes
      bytesInAll += bytes
      bySender.set(from, waiting)
      return true
    },
    leave(from, bytes) {
      const waiting = bySender.get(from)
      if (waiting === undefined) return
      waiting.messages -= 1
      waiting.bytes -= bytes
      bytesInAll -= bytes
      if (waiting.messages === 0) bySender.delete(from)
    },
  }
}
