/**
 * Messages between a sandbox and the child in a slot, over two pipes: a head of JSON, then bytes.
 *
 * `u32 length of the head, little-endian | head | part | part | …`; the head says `parts`, the
 * lengths of the parts. A gigabyte of input is then a gigabyte on the pipe and not one byte more.
 */

export type Frame = { readonly head: Record<string, unknown>; readonly parts: Uint8Array[] }

const LENGTH_BYTES = 4
/** A message up to this size is one piece: each piece costs the other side a wake-up. */
const WHOLE_BYTES_MAX = 64 * 1024

/** The pieces of a message, to be written one after the other. */
export function encodeFrame(
  head: Record<string, unknown>,
  parts: readonly Uint8Array[],
): Uint8Array[] {
  const text = JSON.stringify({ ...head, parts: parts.map((part) => part.length) })
  const headBytes = Buffer.byteLength(text)
  const sizes = parts.reduce((sum, part) => sum + part.length, LENGTH_BYTES + headBytes)
  const isWhole = sizes <= WHOLE_BYTES_MAX
  const first = Buffer.allocUnsafe(isWhole ? sizes : LENGTH_BYTES + headBytes)
  first.writeUInt32LE(headBytes)
  first.write(text, LENGTH_BYTES)
  if (!isWhole) return [first, ...parts.filter((part) => part.length > 0)]
  let at = LENGTH_BYTES + headBytes
  for (const part of parts) {
    first.set(part, at)
    at += part.length
  }
  return [first]
}

/** Thrown when the other side's bytes are no frame, or one larger than agreed. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/**
 * Reads one frame, asking for bytes piece by piece: `yield` the number wanted next, get exactly so
 * many. Written as a generator so that the child can feed it by blocking reads and the sandbox by
 * events.
 */
export function* readFrame(max: {
  headBytes: number
  partBytes: number
}): Generator<number, Frame, Uint8Array> {
  const length = bufferOf(yield LENGTH_BYTES).readUInt32LE()
  if (length > max.headBytes) throw new FrameError(`a head of ${length} bytes`)
  const head = decodeHead(yield length)
  const lengths = lengthsOf(head)
  const total = lengths.reduce((sum, part) => sum + part, 0)
  if (total > max.partBytes) throw new FrameError(`parts of ${total} bytes`)
  const parts: Uint8Array[] = []
  for (const partLength of lengths) {
    parts.push(partLength === 0 ? new Uint8Array(0) : yield partLength)
  }
  return { head, parts }
}

function decodeHead(bytes: Uint8Array): Record<string, unknown> {
  try {
    const head = JSON.parse(bufferOf(bytes).toString())
    if (typeof head === 'object' && head !== null) return head
  } catch (cause) {
    throw new FrameError('the head is not JSON', { cause })
  }
  throw new FrameError('the head is not an object')
}

const bufferOf = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function lengthsOf(head: Record<string, unknown>): number[] {
  const { parts } = head
  const isLength = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  if (!Array.isArray(parts) || !parts.every(isLength)) throw new FrameError('no lengths of parts')
  return parts
}
