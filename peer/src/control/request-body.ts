/** The body of a request as it comes: bounded in bytes, and in patience with who sends it. */
import type { IncomingMessage } from 'node:http'
import { admit, LIMITS, Refusal } from '@planetary-mesh/spec'

/**
 * The chunks of a body; the connection is read no faster than they are taken. Refuses
 * REQUEST_TOO_LARGE, at once where the head says so, and REQUEST_TIMEOUT.
 */
export async function* bodyChunks(
  incoming: IncomingMessage,
  bytesMax: number,
  stallMs: number = LIMITS.controlStallMs,
): AsyncGenerator<Uint8Array> {
  const tooLarge = `more than ${bytesMax} bytes`
  const declared = Number(incoming.headers['content-length'] ?? 0)
  admit(declared <= bytesMax, 'REQUEST_TOO_LARGE', tooLarge)
  // the connection is needed for the answer
  const chunks = incoming.iterator({ destroyOnReturn: false })
  let total = 0
  try {
    for (;;) {
      const { done, value } = await soon(chunks.next(), stallMs)
      if (done === true) return
      total += value.length
      admit(total <= bytesMax, 'REQUEST_TOO_LARGE', tooLarge)
      yield value
    }
  } finally {
    // not awaited: a chunk that never comes would be
    chunks.return?.()?.catch(() => {})
  }
}

/** A whole body. */
export async function wholeBody(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return new Uint8Array(Buffer.concat(parts))
}

async function soon<T>(chunk: Promise<T>, stallMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Refusal('REQUEST_TIMEOUT', `no byte of the body in ${stallMs} ms`))
  }, stallMs)
  try {
    return await Promise.race([chunk, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
