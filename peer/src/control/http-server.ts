/**
 * The routes over HTTP: who may ask is judged first, then path, query and body are read as the
 * table says, and whatever is refused is an error in JSON.
 */
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import {
  admit,
  type CID,
  CONTROL_PREFIX,
  isCode,
  LIMITS,
  MEDIA,
  parse,
  parseCid,
  Refusal,
} from '@planetary-mesh/spec'
import { type Context, Hono } from 'hono'
import type { Notice } from '../notice.ts'
import { boundConnections } from './connections.ts'
import { ensureMayAsk } from './door.ts'
import { bodyChunks, wholeBody } from './request-body.ts'
import { type Asked, type Handlers, ROUTES, type Route, type RouteName } from './routes.ts'
import { statusOf } from './statuses.ts'

type Env = { Bindings: HttpBindings; Variables: { gone: AbortSignal } }
type Ask = Context<Env>

/** Nothing here is for a cache, or to be taken for a page. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

export type HttpOptions = {
  handlers: Handlers
  token: string
  /** The port once the server listens. */
  port: () => number
  /** Aborts when the server closes: streams end. */
  closing: AbortSignal
  log: (notice: Notice) => void
}

export function makeHttpServer(options: HttpOptions): Server {
  const app = new Hono<Env>()
  /** One for each request, until its answer is sent or nobody waits for it any more. */
  const going = new Set<AbortController>()
  options.closing.addEventListener('abort', () => {
    for (const gone of going) gone.abort()
  })

  app.use(async (c, next) => {
    const { incoming, outgoing } = c.env
    ensureMayAsk(incoming, { port: options.port(), token: options.token })
    const max = LIMITS.controlRequestsMax
    admit(going.size < max, 'OVERLOADED', `${max} requests are being answered`)
    const gone = new AbortController()
    going.add(gone)
    outgoing.once('close', () => {
      going.delete(gone)
      if (!outgoing.writableFinished) gone.abort()
    })
    c.set('gone', gone.signal)
    await next()
  })
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const route: Route = ROUTES[name]
    app.on(route.method.toUpperCase(), pathOf(route), (c) => answer(c, name, route, options))
  }
  for (const [path, allowed] of methodsByPath()) {
    app.all(path, (c) => {
      c.header('allow', allowed)
      throw new Refusal('METHOD_REFUSED', `${c.req.method}, where ${allowed} are answered`)
    })
  }
  app.notFound((c) => refused(c, new Refusal('REQUEST_UNKNOWN', `there is no ${c.req.path}`)))
  app.onError((error, c) => {
    // nobody is there to hear it
    if (c.env.outgoing.destroyed) return RESPONSE_ALREADY_SENT
    return refused(c, asRefusal(error, options.log))
  })

  const listener = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // a request without a host is refused by name, as one with a wrong host
    hostname: 'unnamed',
    errorHandler: () =>
      errorResponse(
        new Refusal('CONTROL_ORIGIN_REFUSED', 'the host or path is not well formed'),
        403,
      ),
  })
  const server = createServer(SERVER, listener)
  // whoever waits to be told to go on with her body is judged by its head first
  for (const expecting of ['checkContinue', 'checkExpectation'] as const) {
    server.on(expecting, (...asked) => server.emit('request', ...asked))
  }
  const connections = boundConnections(server, LIMITS.controlConnectionsMax)
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket
    if (!socket.writable || connections.isSpokenTo(socket)) socket.destroy()
    else socket.end(refusedHead(error))
  })
  return server
}

/** Whoever sends a large body slowly is judged by the pauses, not by the whole; a head is short. */
const SERVER = {
  requireHostHeader: false,
  keepAliveTimeout: 5000,
  headersTimeout: LIMITS.controlStallMs,
  requestTimeout: 0,
}

const pathOf = ({ path }: Route) =>
  `${CONTROL_PREFIX}${path.replaceAll(/\{(\w+)\}/g, (_, name) => `:${name}`)}`

/** The methods of each path, for the `Allow` header. */
function methodsByPath(): Map<string, string> {
  const methods = new Map<string, string>()
  for (const route of Object.values(ROUTES) as Route[]) {
    const mine = route.method === 'get' ? 'GET, HEAD' : 'POST'
    const before = methods.get(pathOf(route))
    methods.set(pathOf(route), before === undefined ? mine : `${before}, ${mine}`)
  }
  return methods
}

async function answer(c: Ask, name: RouteName, route: Route, options: HttpOptions) {
  const asked = {
    cid: cidIn(c),
    query: queryIn(c, route),
    body: await bodyIn(c, route),
    signal: c.get('gone'),
  }
  const handler = options.handlers[name] as (asked: Asked<RouteName>) => unknown
  const value = await handler(asked as Asked<RouteName>)
  const { reply } = route
  if ('schema' in reply) {
    const headers = { ...HEADERS, 'content-type': reply.media }
    return new Response(JSON.stringify(value), { status: reply.status, headers })
  }
  if (value instanceof Uint8Array) {
    const headers = { ...HEADERS, 'content-type': reply.media }
    return new Response(value as Uint8Array<ArrayBuffer>, { headers })
  }
  return stream(c, reply.media, value as AsyncGenerator<Uint8Array>, options)
}

function cidIn(c: Ask): CID | undefined {
  const { cid, job } = c.req.param() as { cid?: string; job?: string }
  const text = cid ?? job
  return text === undefined ? undefined : parseCid(text)
}

/** Digits are a number: no other parameter looks like one. */
function queryIn(c: Ask, { query }: Route): unknown {
  const given = Object.entries(c.req.queries()).map(([name, values]) => {
    const [value] = values
    const isNumber = values.length === 1 && /^(0|[1-9]\d{0,15})$/.test(value as string)
    return [name, values.length > 1 ? values : isNumber ? Number(value) : value]
  })
  return shaped(query, Object.fromEntries(given), 'query')
}

function shaped(schema: Route['query'], value: object, what: string): unknown {
  if (schema === undefined) {
    const [first] = Object.keys(value)
    admit(first === undefined, 'REQUEST_MALFORMED', `no ${what} is taken here`)
    return {}
  }
  return asRequest(() => parse(schema, value, what))
}

async function bodyIn(c: Ask, { body }: Route): Promise<unknown> {
  if (body === undefined) return undefined
  const { incoming, outgoing } = c.env
  const media = (incoming.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  admit(media === body.media, 'MEDIA_REFUSED', `send ${body.media}`)
  const encoding = incoming.headers['content-encoding'] ?? 'identity'
  admit(encoding === 'identity', 'MEDIA_REFUSED', 'send the body as it is, not compressed')
  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue()
  const chunks = bodyChunks(incoming, body.bytesMax)
  if (media === MEDIA.car) return chunks
  const bytes = await wholeBody(chunks)
  const { schema } = body
  if (schema === undefined) return bytes
  return asRequest(() => parse(schema, jsonIn(bytes), 'body'))
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Refusal('REQUEST_MALFORMED', 'the body is not JSON', { cause })
  }
}

/** What a schema refuses in a request is the request's fault, not a record's. */
function asRequest<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    throw new Refusal('REQUEST_MALFORMED', cause.detail, { cause })
  }
}

/**
 * Pieces as they come, no faster than they are taken. The first is made before the head is sent,
 * so that a refusal can still be the answer; after it, a refusal can only cut the connection.
 */
async function stream(
  c: Ask,
  media: string,
  pieces: AsyncGenerator<Uint8Array>,
  { log }: HttpOptions,
): Promise<Response> {
  const { outgoing } = c.env
  const first = await pieces.next()
  const headers = { ...HEADERS, 'content-type': media }
  if (c.req.raw.method === 'HEAD') {
    await pieces.return(undefined)
    return new Response(null, { headers })
  }
  outgoing.writeHead(200, headers)
  async function* all() {
    if (first.done !== true) yield first.value
    yield* pieces
  }
  try {
    await pipeline(all(), outgoing)
  } catch (error) {
    if (!outgoing.destroyed || error instanceof Refusal) {
      log({ level: 'warn', message: 'an answer was cut short', detail: String(error) })
    }
    outgoing.destroy()
  } finally {
    await pieces.return(undefined)
  }
  return RESPONSE_ALREADY_SENT
}

/** Our own mistakes are said in the log; who asked hears that there was one. */
function asRefusal(error: unknown, log: (notice: Notice) => void): Refusal {
  if (error instanceof Refusal && isCode(error.code)) return error
  log({ level: 'error', message: 'a request failed', detail: String(error) })
  return new Refusal('NODE_FAULT', 'the node failed to answer; its log says why')
}

function refused(c: Ask, refusal: Refusal): Response {
  const isReading = c.req.raw.method === 'GET' || c.req.raw.method === 'HEAD'
  const response = errorResponse(refusal, statusOf(refusal.code, isReading))
  const allow = c.res.headers.get('allow')
  if (allow !== null) response.headers.set('allow', allow)
  return response
}

function errorResponse(refusal: Refusal, status: number): Response {
  const headers = new Headers({ ...HEADERS, 'content-type': MEDIA.json })
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  // a stranger has one answer for each connection
  if (refusal.code.startsWith('CONTROL_')) headers.set('connection', 'close')
  if (status === 503) headers.set('retry-after', '1')
  return new Response(JSON.stringify(refusal), { status, headers })
}

/** What is no HTTP, or comes too slowly: there is no request to answer, so this is all of HTTP. */
function refusedHead({ code }: NodeJS.ErrnoException): string {
  const refusal =
    code === 'HPE_HEADER_OVERFLOW'
      ? new Refusal('REQUEST_TOO_LARGE', 'the head of the request is too large')
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new Refusal('REQUEST_TIMEOUT', 'the head of the request did not come in time')
        : new Refusal('REQUEST_MALFORMED', 'this is no request of HTTP/1.1')
  const text = JSON.stringify(refusal)
  const status = statusOf(refusal.code, false)
  const fields = { ...HEADERS, 'content-type': MEDIA.json, connection: 'close' }
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${text}`
}
