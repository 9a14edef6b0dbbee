/**
 * Asking the process's roles, and hearing when something changed there. A question is an event too:
 * without telling our own from the others, looking would be a reason to look again.
 */
import { type Answer, assert, type Call, fromWireError, Refusal } from '@planetary-mesh/spec'
import type { Process } from '../process.ts'

type Ask = <T extends Answer['type']>(
  call: Call,
  expected: T,
) => Promise<Extract<Answer, { type: T }>>

export type Asking = {
  /** Refuses what the home refuses, and what `Process.call` does. */
  ask: Ask
  /** The same for a question that changes nothing. */
  look: Ask
  /** Calls back after every event that was not a look; until the function it gives is called. */
  onChange(listener: () => void): () => void
  close(): void
}

/** Refused before there was an event. */
const UNHEARD = ['OVERLOADED', 'STORE_CLOSED', 'REQUEST_UNKNOWN']

export function openAsking(process: Pick<Process, 'call' | 'watch'>): Asking {
  const listeners = new Set<() => void>()
  /** Looks whose event was not heard of yet. */
  let looks = 0
  const close = process.watch(() => {
    if (looks > 0) looks -= 1
    else for (const listener of listeners) listener()
  })

  const answered = async <T extends Answer['type']>(answer: Promise<Answer>, expected: T) => {
    const given = await answer
    if (given.type === 'refused') throw fromWireError(given.error)
    assert(given.type === expected, `the answer is ${expected}`)
    return given as Extract<Answer, { type: T }>
  }

  return {
    ask: (call, expected) => answered(process.call(call), expected),
    async look(call, expected) {
      looks += 1
      const answer = process.call(call)
      answer.catch((error) => {
        if (error instanceof Refusal && UNHEARD.includes(error.code)) looks -= 1
      })
      return answered(answer, expected)
    },
    onChange(listener) {
      const mine = () => listener()
      listeners.add(mine)
      return () => void listeners.delete(mine)
    },
    close,
  }
}
