/**
 * What waits to be sent, by member: one long-lived stream for each, opened when there is something
 * to say. Who is away or too slow loses messages; the roles ask again. A full queue drops what is
 * newest: what is older is nearer to being sent, and the rest was said in its order.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { type Did, LIMITS } from '@planetary-mesh/spec'
import { writeFrames } from './frames.ts'

export const MESSAGES_PROTOCOL = '/mesh/0/messages'

export type Outbox = {
  /** Takes the bytes as they are: the caller does not write to them again. */
  send(to: Did, message: Uint8Array): void
  /** Resolves when nothing waits: all is handed to the network, or lost. */
  idle(): Promise<void>
  /** Messages that were not handed to the network. */
  readonly lost: number
  close(): void
}

type Line = {
  queue: Uint8Array[]
  bytes: number
  stream: Stream | undefined
  working: Promise<void> | undefined
}

type Outcome = 'sent' | 'away' | 'broken'

const PILE_MESSAGES = 256

/** `reach` gives a connection with a member, dialling if need be; undefined if it is away. */
export function openOutbox(reach: (to: Did) => Promise<Connection | undefined>): Outbox {
  const lines = new Map<Did, Line>()
  let isOpen = true
  let lost = 0

  const lose = (line: Line) => {
    lost += line.queue.length
    line.queue = []
    line.bytes = 0
  }

  const streamTo = async (to: Did, line: Line): Promise<Stream | undefined> => {
    if (line.stream?.status === 'open' && line.stream.writeStatus === 'writable') return line.stream
    const connection = await reach(to)
    if (connection === undefined || !isOpen) return undefined
    const signal = AbortSignal.timeout(LIMITS.dialMs)
    line.stream = await connection.newStream(MESSAGES_PROTOCOL, { signal })
    return line.stream
  }

  const write = async (to: Did, line: Line, messages: readonly Uint8Array[]): Promise<Outcome> => {
    try {
      const stream = await streamTo(to, line)
      if (stream === undefined) return 'away'
      const frames = messages.map((message) => [message])
      await writeFrames(stream, frames, AbortSignal.timeout(LIMITS.requestMs))
      return 'sent'
    } catch (error) {
      line.stream?.abort(error as Error)
      line.stream = undefined
      return 'broken'
    }
  }

  const work = async (to: Did, line: Line) => {
    while (line.queue.length > 0 && isOpen) {
      const messages = line.queue.splice(0, PILE_MESSAGES)
      for (const { length } of messages) line.bytes -= length
      let outcome = await write(to, line, messages)
      // again on a new stream, since the old one may have been dead for long: a message may come
      // twice, but a restart of the other side costs none
      if (outcome === 'broken') outcome = await write(to, line, messages)
      if (outcome === 'sent') continue
      lost += messages.length
      lose(line)
    }
    line.working = undefined
    if (line.stream === undefined) lines.delete(to)
  }

  return {
    send(to, message) {
      if (!isOpen) return
      const line = lines.get(to) ?? { queue: [], bytes: 0, stream: undefined, working: undefined }
      const isFull =
        line.queue.length >= LIMITS.sendMessagesMax ||
        line.bytes + message.length > LIMITS.sendBytesMax
      if (isFull) {
        lost += 1
        return
      }
      lines.set(to, line)
      line.queue.push(message)
      line.bytes += message.length
      line.working ??= work(to, line)
    },
    async idle() {
      await Promise.all([...lines.values()].map(({ working }) => working))
    },
    get lost() {
      return lost
    },
    close() {
      isOpen = false
      for (const line of lines.values()) {
        lose(line)
        line.stream?.abort(new Error('the transport was closed'))
      }
      lines.clear()
    },
  }
}
