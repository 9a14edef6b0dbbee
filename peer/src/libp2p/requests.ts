/**
 * One question, one answer, on a stream of their own. An answer is a byte that says what it is, and
 * then its bytes or a refusal.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import {
  type Did,
  decodeBlock,
  encodeBlock,
  fromWireError,
  LIMITS,
  parse,
  Refusal,
  toWireError,
  WireError,
} from '@planetary-mesh/spec'
import { readFrame, writeFrames } from './frames.ts'

/** Answers a question of `from`; a Refusal travels back. `signal` ends with the patience. */
export type RequestHandler = (
  from: Did,
  question: Uint8Array,
  signal: AbortSignal,
) => Promise<Uint8Array>

const ANSWERED = Uint8Array.of(0)
const REFUSED = Uint8Array.of(1)

/** Questions that are small and answered at once: many may be there together. */
export const QUICK = { bytesMax: 64, servedMax: 1024 }

/** Serves a protocol; at most `servedMax` questions of everybody at a time, else OVERLOADED. */
export async function serveRequests(
  libp2p: Libp2p,
  protocol: string,
  didOf: (connection: Connection) => Did,
  handler: RequestHandler,
  { bytesMax, servedMax } = {
    bytesMax: LIMITS.requestBytesMax as number,
    servedMax: LIMITS.requestsServedMax as number,
  },
): Promise<void> {
  let going = 0
  const answer = async (stream: Stream, from: Did): Promise<void> => {
    const signal = AbortSignal.timeout(LIMITS.requestMs)
    const reading = { bytesMax, stallMs: LIMITS.requestMs, signal }
    const frame = await answerOf(async () => {
      if (going > servedMax) {
        throw new Refusal('OVERLOADED', `${servedMax} requests are being answered`)
      }
      return handler(from, await readFrame(stream, reading), signal)
    })
    await writeFrames(stream, [frame], signal)
    await stream.close({ signal })
  }
  await libp2p.handle(
    protocol,
    async (stream, connection) => {
      going += 1
      try {
        await answer(stream, didOf(connection))
      } catch (error) {
        // whoever asked has gone, or was too slow
        stream.abort(error as Error)
      } finally {
        going -= 1
      }
    },
    { maxInboundStreams: LIMITS.requestsServedMax, maxOutboundStreams: LIMITS.requestsServedMax },
  )
}

/** Asks; refuses as the other side does, PEER_AWAY, MESSAGE_MALFORMED. `signal` throws its own. */
export async function ask(
  connection: Connection,
  protocol: string,
  question: Uint8Array,
  given?: AbortSignal,
): Promise<Uint8Array> {
  const patience = AbortSignal.timeout(LIMITS.requestMs)
  const signal = given === undefined ? patience : AbortSignal.any([given, patience])
  let stream: Stream | undefined
  try {
    const maxOutboundStreams = LIMITS.requestsServedMax
    stream = await connection.newStream(protocol, { signal, maxOutboundStreams })
    const reading = { bytesMax: LIMITS.requestBytesMax, stallMs: LIMITS.requestMs, signal }
    const answer = readFrame(stream, reading)
    answer.catch(() => {})
    await writeFrames(stream, [[question]], signal)
    const bytes = answerIn(await answer)
    await stream.close({ signal })
    return bytes
  } catch (error) {
    stream?.abort(error as Error)
    given?.throwIfAborted()
    if (error instanceof Refusal) throw error
    throw new Refusal('PEER_AWAY', `${protocol} was not answered`, { cause: error })
  }
}

async function answerOf(work: () => Promise<Uint8Array>): Promise<Uint8Array[]> {
  try {
    return [ANSWERED, await work()]
  } catch (error) {
    if (error instanceof Refusal) return [REFUSED, encodeBlock(toWireError(error)).bytes]
    throw error
  }
}

/** The bytes of an answer. Refuses as the other side did, or MESSAGE_MALFORMED. */
export function answerIn(frame: Uint8Array): Uint8Array {
  const rest = frame.slice(1)
  if (frame[0] === ANSWERED[0]) return rest
  if (frame[0] !== REFUSED[0]) throw new Refusal('MESSAGE_MALFORMED', 'no such kind of answer')
  throw fromWireError(parse(WireError, decodeBlock(rest), 'refusal'))
}
