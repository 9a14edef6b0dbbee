/**
 * Frames on a stream: a varint length, then so many bytes. Written here and not taken from a
 * library, because a reader that collects whatever arrives breaks the stream when it is slow: this
 * one knows the length before it keeps a byte, and lets the sender wait.
 */
import type { Stream } from '@libp2p/interface'
import { admit, assert, LIMITS, Refusal } from '@planetary-mesh/spec'
import { varint } from 'multiformats'

type Chunk = Uint8Array | Iterable<Uint8Array>

const LENGTH_BYTES_MAX = 4
const PILE_BYTES = 64 * 1024

assert(LIMITS.messageBytesMax < 2 ** (7 * LENGTH_BYTES_MAX), 'a length fits into four bytes')

/** Calls back for every frame as soon as it is whole; a frame above `bytesMax` ends the stream. */
export function hearFrames(
  stream: Stream,
  bytesMax: number,
  onFrame: (bytes: Uint8Array) => void,
): void {
  const parse = openParser(bytesMax, onFrame)
  stream.addEventListener('message', ({ data }) => {
    try {
      parse.push(data)
    } catch (error) {
      stream.abort(error as Error)
    }
  })
}

/**
 * Frames one after another; the sender waits while they are not taken. Ends where the other side
 * ends its half. Refuses MESSAGE_MALFORMED a frame above `bytesMax` or cut short; PEER_AWAY when
 * the stream breaks or nothing comes for `stallMs`. `signal` ends it with its reason.
 */
export async function* readFrames(
  stream: Stream,
  options: { bytesMax: number; stallMs: number; signal?: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const frames: Uint8Array[] = []
  let wake = Promise.withResolvers<void>()
  let ended = false
  let problem: unknown
  const parse = openParser(options.bytesMax, (bytes) => frames.push(bytes))
  const end = (error?: unknown) => {
    problem ??= error
    ended = true
    wake.resolve()
  }
  const onAbort = () => end(options.signal?.reason)
  stream.addEventListener('message', ({ data }) => {
    try {
      parse.push(data)
    } catch (error) {
      end(error)
    }
    if (frames.length > 0 && isReadable(stream)) stream.pause()
    wake.resolve()
  })
  // not when the other side has ended, but when the last of what it said was read
  stream.addEventListener('end', () => end())
  stream.addEventListener('close', ({ error }) => {
    if (error !== undefined) end(new Refusal('PEER_AWAY', 'the stream broke', { cause: error }))
    else if (stream.readBufferLength === 0) end()
  })
  if (stream.readableEnded) end()
  options.signal?.addEventListener('abort', onAbort)
  if (options.signal?.aborted) onAbort()
  try {
    for (;;) {
      for (let next = frames.shift(); next !== undefined; next = frames.shift()) yield next
      if (ended) break
      wake = Promise.withResolvers()
      if (isReadable(stream)) stream.resume()
      if (frames.length > 0 || ended) continue
      const timer = setTimeout(() => {
        end(new Refusal('PEER_AWAY', `nothing came for ${options.stallMs} ms`))
      }, options.stallMs)
      await wake.promise
      clearTimeout(timer)
    }
    if (problem !== undefined) throw problem
    admit(!parse.isWithin, 'MESSAGE_MALFORMED', 'the stream ended within a frame')
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
  }
}

function isReadable({ readStatus }: Stream): boolean {
  return readStatus === 'readable' || readStatus === 'paused'
}

/** The first frame. Refuses as `readFrames`, and PEER_AWAY where there is none. */
export async function readFrame(
  stream: Stream,
  options: { bytesMax: number; stallMs: number; signal?: AbortSignal },
): Promise<Uint8Array> {
  for await (const bytes of readFrames(stream, options)) return bytes
  throw new Refusal('PEER_AWAY', 'the stream ended without a frame')
}

/**
 * Sends frames; resolves when all of them are handed to the connection. Throws the stream's error,
 * or `signal`'s.
 */
export async function writeFrames(
  stream: Stream,
  frames: readonly (readonly Uint8Array[])[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  let pile: Uint8Array[] = []
  let bytes = 0
  const send = async () => {
    try {
      stream.send(new Uint8Array(Buffer.concat(pile)))
    } catch (cause) {
      // libp2p says so by throwing: the other side may close at any moment
      throw new Refusal('PEER_AWAY', 'the stream was closed', { cause })
    }
    pile = []
    bytes = 0
    await emptied(stream, signal)
  }
  for (const parts of frames) {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    pile.push(varint.encodeTo(length, new Uint8Array(varint.encodingLength(length))), ...parts)
    bytes += length
    if (bytes >= PILE_BYTES) await send()
  }
  if (pile.length > 0) await send()
}

/** The stream's own `onDrain` waits once and never again: in libp2p 3.3 its promise is kept. */
async function emptied(stream: Stream, signal: AbortSignal): Promise<void> {
  if (stream.writeBufferLength === 0) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = () => reject(signal.reason)
  const onClose = () => reject(new Refusal('PEER_AWAY', 'the stream was closed'))
  stream.addEventListener('idle', () => resolve(), { once: true })
  stream.addEventListener('close', onClose, { once: true })
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    stream.removeEventListener('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
  // an aborted stream throws its bytes away, and is empty too
  if (stream.writeStatus === 'closed') throw new Refusal('PEER_AWAY', 'the stream was closed')
}

function openParser(bytesMax: number, onFrame: (bytes: Uint8Array) => void) {
  let length = 0
  let lengthBytes = 0
  let missing: number | undefined
  let parts: Uint8Array[] = []

  const begin = (byte: number): number | undefined => {
    length += (byte & 0x7f) * 2 ** (7 * lengthBytes)
    lengthBytes += 1
    if (lengthBytes > LENGTH_BYTES_MAX || length > bytesMax) {
      throw new Refusal('MESSAGE_MALFORMED', `a frame of more than ${bytesMax} bytes`)
    }
    return byte < 0x80 ? length : undefined
  }

  const finish = () => {
    const bytes = new Uint8Array(Buffer.concat(parts))
    parts = []
    length = 0
    lengthBytes = 0
    missing = undefined
    onFrame(bytes)
  }

  const take = (chunk: Uint8Array) => {
    let at = 0
    while (at < chunk.length) {
      if (missing === undefined) {
        missing = begin(chunk[at] as number)
        at += 1
      }
      if (missing === undefined) continue
      const part = chunk.subarray(at, at + missing)
      if (part.length > 0) parts.push(part)
      at += part.length
      missing -= part.length
      if (missing === 0) finish()
    }
  }

  return {
    push(chunk: Chunk) {
      if (chunk instanceof Uint8Array) take(chunk)
      else for (const part of chunk) take(part)
    },
    /** Whether the last byte that came was not the last of a frame. */
    get isWithin() {
      return lengthBytes > 0
    },
  }
}
