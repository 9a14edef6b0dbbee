/** Calls of people that wait for a role's answer. */
import { type Answer, admit, LIMITS } from '@planetary-mesh/spec'

type Waiting = { resolve: (answer: Answer) => void; reject: (error: unknown) => void }

export type Calls = {
  /** A number for the call, and its answer. Refuses with OVERLOADED. */
  open(): { call: number; answer: Promise<Answer> }
  /** The first answer counts; a call that nobody waits for is no error. */
  answer(call: number, answer: Answer): void
  reject(call: number, error: unknown): void
  rejectAll(error: unknown): void
}

export function openCalls(): Calls {
  const waiting = new Map<number, Waiting>()
  let last = 0
  const take = (call: number): Waiting | undefined => {
    const found = waiting.get(call)
    waiting.delete(call)
    return found
  }
  return {
    open() {
      admit(
        waiting.size < LIMITS.callsWaitingMax,
        'OVERLOADED',
        `${waiting.size} calls are waiting`,
      )
      last += 1
      const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>()
      waiting.set(last, { resolve, reject })
      return { call: last, answer }
    },
    answer: (call, answer) => take(call)?.resolve(answer),
    reject: (call, error) => take(call)?.reject(error),
    rejectAll(error) {
      for (const call of [...waiting.keys()]) take(call)?.reject(error)
    },
  }
}
