/** One request to a control API and its answer; whatever goes wrong is a refusal. */
import {
  CONTROL_PREFIX,
  ErrorJson,
  isCode,
  LIMITS,
  MEDIA,
  parse,
  Refusal,
} from '@planetary-mesh/spec'

/** How large an answer in JSON may be: a full list with everything else in it. */
const JSON_BYTES_MAX = 4 * LIMITS.controlListBytesMax

export type Question = {
  method?: 'GET' | 'POST'
  query?: Readonly<Record<string, string | number | undefined>>
  body?: { media: string; content: Uint8Array | AsyncIterable<Uint8Array> }
  signal?: AbortSignal | undefined
}

export type Http = {
  /** The answer's JSON. Refuses what the server refuses; NODE_AWAY where it does not answer. */
  json(path: string, question?: Question): Promise<unknown>
  /** The answer in chunks. Refuses the same, and NODE_AWAY when it is cut short. */
  chunks(path: string, question?: Question): AsyncGenerator<Uint8Array>
  /** Ends every request under way. */
  close(): void
}

export function openHttp({ url, token }: { url: string; token: string }): Http {
  /** One for each request, until its answer was read. */
  const going = new Set<AbortController>()
  let isOpen = true

  const ask = async (path: string, question: Question, stop: AbortSignal): Promise<Response> => {
    const { method = 'GET', query = {}, body, signal } = question
    const target = new URL(`${CONTROL_PREFIX}${path}`, url)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, `${value}`)
    }
    const upload = body && uploadOf(body.content)
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': body.media }),
    }
    const init = { method, headers, redirect: 'error', signal: stop } as const
    let response: Response
    try {
      response = await fetch(target, upload === undefined ? init : { ...init, ...upload.init })
    } catch (cause) {
      if (upload?.failure !== undefined) throw upload.failure
      signal?.throwIfAborted()
      throw away(`nobody answers at ${url}`, cause)
    }
    if (response.ok) return response
    throw await refusalIn(response)
  }

  const chunks: Http['chunks'] = async function* (path, question = {}) {
    if (!isOpen) throw away('the client was closed', undefined)
    const { signal } = question
    signal?.throwIfAborted()
    const stop = new AbortController()
    const abort = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    going.add(stop)
    let isRead = false
    try {
      const response = await ask(path, question, stop.signal)
      try {
        for await (const chunk of response.body ?? []) yield chunk
        isRead = true
      } catch (cause) {
        signal?.throwIfAborted()
        throw away('the answer was cut short', cause)
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      going.delete(stop)
      // an answer that nobody reads on
      if (!isRead) stop.abort()
    }
  }

  return {
    chunks,
    json: async (path, question) => jsonIn(chunks(path, question)),
    close() {
      isOpen = false
      for (const stop of going) stop.abort()
    },
  }
}

function away(detail: string, cause: unknown): Refusal {
  return new Refusal('NODE_AWAY', detail, { cause })
}

/** A body and, if making it failed, why: `fetch` hides that. */
function uploadOf(content: Uint8Array | AsyncIterable<Uint8Array>) {
  if (content instanceof Uint8Array) {
    return { init: { body: new Uint8Array(content) }, failure: undefined }
  }
  const upload = {
    init: { body: watched(), duplex: 'half' } as RequestInit,
    failure: undefined as unknown,
  }
  async function* watched() {
    try {
      yield* content as AsyncIterable<Uint8Array>
    } catch (error) {
      upload.failure = error
      throw error
    }
  }
  return upload
}

async function jsonIn(chunks: AsyncIterable<Uint8Array>): Promise<unknown> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const chunk of chunks) {
    total += chunk.length
    if (total > JSON_BYTES_MAX) throw away(`more than ${JSON_BYTES_MAX} bytes of JSON`, undefined)
    parts.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (cause) {
    throw away('the answer is no JSON', cause)
  }
}

/** The server's own refusal, with its code. */
async function refusalIn(response: Response): Promise<Refusal> {
  const media = response.headers.get('content-type') ?? ''
  if (!media.startsWith(MEDIA.json)) {
    await response.body?.cancel()
    return away(`status ${response.status} of something that is no control API`, undefined)
  }
  const { code, detail, values } = parse(
    ErrorJson,
    await jsonIn(response.body as ReadableStream<Uint8Array>),
    'answer',
  ).error
  if (!isCode(code)) throw new TypeError('ErrorJson holds a code')
  return new Refusal(code, detail, { values })
}
