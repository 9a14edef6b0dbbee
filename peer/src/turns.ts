/** So many at a time, the others in a queue: whoever takes a turn ends it, granted or not. */
import { admit, LIMITS } from '@planetary-mesh/spec'

export type Turn = {
  /** Resolves when it is this one's turn. */
  granted: Promise<void>
  /** Gives the turn to the next, or leaves the queue. */
  end(): void
}

/** `take` refuses with OVERLOADED when the queue is full. */
export function openTurns(count: number): { take(): Turn } {
  const holding = new Set<Turn>()
  const waiting = new Map<Turn, () => void>()

  const grantNext = () => {
    for (const [turn, grant] of waiting) {
      if (holding.size >= count) return
      waiting.delete(turn)
      holding.add(turn)
      grant()
    }
  }

  return {
    take() {
      const full = waiting.size >= LIMITS.runsWaitingMax
      admit(!full, 'OVERLOADED', `${waiting.size} runs are waiting`)
      const { promise: granted, resolve } = Promise.withResolvers<void>()
      const turn: Turn = {
        granted,
        end() {
          waiting.delete(turn)
          if (holding.delete(turn)) grantNext()
        },
      }
      waiting.set(turn, resolve)
      grantNext()
      return turn
    },
  }
}
