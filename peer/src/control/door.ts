/**
 * Who may ask at all. The port is open to every program of this machine and, through a browser, to
 * every web page: so the host that was asked for must be this one by name (DNS rebinding), no page
 * of another origin may ask, and whoever asks must know the token. Source: decisions 17.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { admit, sha256 } from '@planetary-mesh/spec'

const HOSTS = ['127.0.0.1', 'localhost', '[::1]']
const UTF8 = new TextEncoder()

/** Refuses CONTROL_ORIGIN_REFUSED, CONTROL_TOKEN_REFUSED. `token` is the one that is right. */
export function ensureMayAsk(
  { headers, headersDistinct, url = '' }: IncomingMessage,
  { port, token }: { port: number; token: string },
): void {
  const host = headers.host?.toLowerCase()
  const hosts = HOSTS.map((name) => `${name}:${port}`)
  const isOurs = host !== undefined && hosts.includes(host)
  // a target with a host of its own counts more than the header (RFC 9112 section 3.2.2)
  const isOne = headersDistinct.host?.length === 1 && isFor(url, hosts)
  admit(isOurs && isOne, 'CONTROL_ORIGIN_REFUSED', `ask for ${hosts.join(', ')}`)
  const { origin } = headers
  const isSame = origin === undefined || origin.toLowerCase() === `http://${host}`
  admit(isSame, 'CONTROL_ORIGIN_REFUSED', 'no other origin may ask')
  const given = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  // of their hashes: these are of one length, and so the time says nothing
  const isRight = timingSafeEqual(sha256(UTF8.encode(given)), sha256(UTF8.encode(token)))
  admit(isRight, 'CONTROL_TOKEN_REFUSED', 'send the token as `Authorization: Bearer …`')
}

/** Whether a request target names no host at all, or one of these. */
function isFor(target: string, hosts: readonly string[]): boolean {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return true
  return hosts.some((host) => target.toLowerCase().startsWith(`http://${host}/`))
}
