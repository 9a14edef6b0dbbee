/**
 * The control API of a process, open on a loopback port for the tools of whoever started it.
 * Source: protocol.md "Transport"; decisions 16, 17.
 */
import type { AddressInfo } from 'node:net'
import { assert } from '@planetary-mesh/spec'
import type { Notice } from '../notice.ts'
import { openHandlers, type Served } from './handlers.ts'
import { makeHttpServer } from './http-server.ts'

export type ControlOptions = Served & {
  /** Whoever knows it may ask everything; at least 16 characters without a space. */
  token: string
  /** 0 for any free port. */
  port: number
  log: (notice: Notice) => void
}

export type Control = {
  readonly port: number
  readonly url: string
  /** Takes no more requests, ends event streams, and waits a moment for what is being answered. */
  close(): Promise<void>
}

const HOST = '127.0.0.1'
/** How long answers under way may take when the server closes. */
const GRACE_MS = 2000

/** Throws the system's error when it cannot listen. */
export async function openControl(options: ControlOptions): Promise<Control> {
  assert(/^\S{16,}$/.test(options.token), 'the token is long enough and has no space')
  const closing = new AbortController()
  const { handlers, close: stopWatching } = openHandlers(options)
  const { token, log } = options
  let port = options.port
  const server = makeHttpServer({ handlers, token, port: () => port, closing: closing.signal, log })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, resolve)
  })
  server.on('error', (error) => {
    log({ level: 'error', message: 'the control API failed', detail: String(error) })
  })
  port = (server.address() as AddressInfo).port
  // nobody may ask again over a connection that was busy when the server closed
  const mayBeIdle = () => {
    if (closing.signal.aborted) setImmediate(() => server.closeIdleConnections())
  }
  server.on('request', (incoming, outgoing) => {
    incoming.once('end', mayBeIdle)
    outgoing.once('close', mayBeIdle)
  })

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    closing.abort()
    stopWatching()
    server.closeIdleConnections()
    const late = setTimeout(() => server.closeAllConnections(), GRACE_MS)
    await closed
    clearTimeout(late)
  }
  let closed: Promise<void> | undefined
  const closeOnce = () => (closed ??= close())
  // a process that has stopped can answer nothing
  void options.process.ended.then(closeOnce)
  return { port, url: `http://${HOST}:${port}`, close: closeOnce }
}
