/**
 * A range of the log in one go: anchors with their blocks, as a CAR stream. Block by block it would
 * take a thousand times as long. A CAR is a row of frames (a header, then CID and bytes of each
 * block), so it is written and read with the frames of any stream.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import {
  admit,
  type Block,
  CID,
  decodeBlock,
  encodeBlock,
  ensureHash,
  LIMITS,
  Refusal,
  toWireError,
} from '@planetary-mesh/spec'
import { readFrames, writeFrames } from './frames.ts'
import { answerIn } from './requests.ts'

export const LOG_PROTOCOL = '/mesh/0/log'

/** The blocks that follow the first `fromSize` entries of the log, anchor by anchor. */
export type ServeLog = (fromSize: number, signal: AbortSignal) => AsyncIterable<Block>

const CID_BYTES = 36
const QUESTION_BYTES_MAX = 64
const PILE_BLOCKS = 256
const HEADER = encodeBlock({ version: 1, roots: [] }).bytes

export async function serveLogStreams(libp2p: Libp2p, serve: ServeLog): Promise<void> {
  let going = 0
  const answer = async (stream: Stream): Promise<void> => {
    const stopped = new AbortController()
    stream.addEventListener('close', () => stopped.abort())
    const { signal } = stopped
    const reading = { bytesMax: QUESTION_BYTES_MAX, stallMs: LIMITS.logStallMs, signal }
    const frames = readFrames(stream, reading)
    const { value: question } = await frames.next()
    try {
      admit(going <= LIMITS.logStreamsMax, 'OVERLOADED', 'the log is being read by many')
      const fromSize = sizeIn(question ?? new Uint8Array())
      await writeCar(stream, serve(fromSize, signal), signal)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const refused = encodeBlock(toWireError(error)).bytes
      await writeFrames(stream, [[Uint8Array.of(1), refused]], signal)
    }
    await stream.close({ signal: AbortSignal.timeout(LIMITS.logStallMs) })
  }
  await libp2p.handle(
    LOG_PROTOCOL,
    async (stream) => {
      going += 1
      try {
        await answer(stream)
      } catch (error) {
        stream.abort(error as Error)
      } finally {
        going -= 1
      }
    },
    { maxInboundStreams: LIMITS.logStreamsMax },
  )
}

/**
 * What follows `fromSize` in the log of the other side: each block hashed, at most 2 MiB each and
 * 4 GiB together. Refuses as the other side does, PEER_AWAY, MESSAGE_MALFORMED, BLOCK_CID_MISMATCH,
 * CID_REFUSED, FILE_TOO_LARGE.
 */
export async function* readLogStream(
  connection: Connection,
  fromSize: number,
  given?: AbortSignal,
): AsyncIterable<Block> {
  const stopped = new AbortController()
  const signal = given === undefined ? stopped.signal : AbortSignal.any([given, stopped.signal])
  const stream = await openStream(connection, signal)
  try {
    const bytesMax = CID_BYTES + LIMITS.blockBytesMax
    const frames = readFrames(stream, { bytesMax, stallMs: LIMITS.logStallMs, signal })
    const first = frames.next()
    first.catch(() => {})
    await writeFrames(stream, [[encodeBlock({ from: fromSize }).bytes]], signal)
    answerIn(frameOf(await first))
    ensureHeader(frameOf(await frames.next()))
    let total = 0
    for await (const section of frames) {
      total += section.length
      admit(total <= LIMITS.carBytesMax, 'FILE_TOO_LARGE', `more than ${LIMITS.carBytesMax} bytes`)
      yield blockIn(section)
    }
  } finally {
    if (stream.status === 'open') stream.abort(new Error('the log is read'))
    stopped.abort()
  }
}

async function openStream(connection: Connection, signal: AbortSignal): Promise<Stream> {
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.requestMs)])
    return await connection.newStream(LOG_PROTOCOL, { signal: patience })
  } catch (cause) {
    signal.throwIfAborted()
    throw new Refusal('PEER_AWAY', 'the log was not answered', { cause })
  }
}

/** The first piece is made before the answer begins, so that a refusal can still be the answer. */
async function writeCar(
  stream: Stream,
  blocks: AsyncIterable<Block>,
  signal: AbortSignal,
): Promise<void> {
  let pile: Uint8Array[][] = [[Uint8Array.of(0)], [HEADER]]
  let bytes = 0
  const send = async () => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.logStallMs)])
    await writeFrames(stream, pile, patience)
    pile = []
    bytes = 0
  }
  for await (const { cid, bytes: content } of blocks) {
    pile.push([cid.bytes, content])
    bytes += content.length
    if (pile.length >= PILE_BLOCKS || bytes >= LIMITS.blockBytesMax) await send()
  }
  await send()
}

function sizeIn(question: Uint8Array): number {
  const from = (decodeBlock(question) as { from?: unknown } | null)?.from
  const isSize = typeof from === 'number' && from >= 0 && from <= LIMITS.logEntriesMax
  admit(isSize, 'MESSAGE_MALFORMED', 'expected { from: size }')
  return from
}

function frameOf({ value }: IteratorResult<Uint8Array, void>): Uint8Array {
  if (value === undefined) throw new Refusal('PEER_AWAY', 'the stream ended before its header')
  return value
}

function ensureHeader(header: Uint8Array): void {
  const isCar = Buffer.compare(header, HEADER) === 0
  admit(isCar, 'MESSAGE_MALFORMED', 'the answer is no CAR stream')
}

function blockIn(section: Uint8Array): Block {
  admit(section.length >= CID_BYTES, 'MESSAGE_MALFORMED', 'a section without a CID')
  const bytes = section.slice(CID_BYTES)
  const cid = cidIn(section.slice(0, CID_BYTES))
  ensureHash(cid, bytes)
  return { cid, bytes }
}

function cidIn(bytes: Uint8Array): CID {
  try {
    return CID.decode(bytes)
  } catch (cause) {
    throw new Refusal('CID_REFUSED', 'a section does not begin with a CID', { cause })
  }
}
