/**
 * A process asks the log writer to log records, outside any role: a charter version, say. It asks
 * again until the writer answers or its patience ends.
 */
import {
  appendMessage,
  type Did,
  fromWireError,
  LIMITS,
  type Message,
  Refusal,
  type Sealed,
  textOf,
  type WireMessage,
} from '@planetary-mesh/spec'
import type { Clock } from './ports.ts'

const RESEND_MS = 500

export type Appends = {
  /** The index of the last one in the log. Refuses as the writer does, LEDGER_AWAY, OVERLOADED. */
  open(records: readonly Sealed[], linked: readonly Sealed[]): Promise<number>
  /** What the writer says; from anybody else it says nothing. */
  heard(from: Did, message: Message): void
  rejectAll(error: unknown): void
}

type Waiting = { message: WireMessage; triesLeft: number; cancel: () => void } & Pick<
  PromiseWithResolvers<number>,
  'resolve' | 'reject'
>

export function openAppends(options: {
  clock: Clock
  writer: () => Did
  send: (to: Did, message: WireMessage) => void
}): Appends {
  const { clock, writer, send } = options
  const waiting = new Map<string, Waiting>()

  const ask = (key: string, entry: Waiting) => {
    if (entry.triesLeft === 0) {
      waiting.delete(key)
      entry.reject(new Refusal('LEDGER_AWAY', `the log writer ${writer()} gave no answer`))
      return
    }
    entry.triesLeft -= 1
    entry.cancel = clock.at(clock.nowMs() + RESEND_MS, () => ask(key, entry))
    send(writer(), entry.message)
  }

  return {
    async open(records, linked) {
      const asked = records.at(-1)
      if (asked === undefined) throw new Refusal('MESSAGE_MALFORMED', 'nothing to log')
      const key = textOf(asked.cid)
      if (waiting.has(key) || waiting.size >= LIMITS.callsWaitingMax) {
        throw new Refusal('OVERLOADED', `${waiting.size} records wait for the writer`)
      }
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const message = appendMessage(records, linked)
      const triesLeft = LIMITS.appendTriesMax
      const entry: Waiting = { message, triesLeft, cancel: () => {}, resolve, reject }
      waiting.set(key, entry)
      ask(key, entry)
      return promise
    },
    heard(from, message) {
      if (message.type !== 'appended' && message.type !== 'refused') return
      const key = textOf(message.request)
      const entry = waiting.get(key)
      if (entry === undefined || from !== writer()) return
      waiting.delete(key)
      entry.cancel()
      if (message.type === 'appended') entry.resolve(message.index)
      else entry.reject(fromWireError(message.error))
    },
    rejectAll(error) {
      for (const entry of waiting.values()) {
        entry.cancel()
        entry.reject(error)
      }
      waiting.clear()
    },
  }
}
