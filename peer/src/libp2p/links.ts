/**
 * Connections with members: each new one is made known to the protocols, members that are away are
 * dialled again with growing pauses, and who is no member (any more) is let go.
 *
 * Gossip and bitswap learn of a peer only when it is identified, and only members are identified:
 * so a stranger at a door is never sent anything.
 */
import type { Connection, Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Did, decodeBlock, encodeBlock, isDid, LIMITS, Refusal } from '@planetary-mesh/spec'
import type { Notice } from '../notice.ts'
import { type AddressBook, namedIn, parseAddress } from './addresses.ts'
import { peerIdOf } from './identity.ts'
import type { Admission } from './members-only.ts'
import { ask, QUICK, type RequestHandler, serveRequests } from './requests.ts'

export const ADDRESSES_PROTOCOL = '/mesh/0/addresses'

export type Links = {
  /** An open connection with each connected member. */
  members(): ReadonlyMap<Did, Connection>
  /** A connection with a member, dialled if need be; undefined if it cannot be reached now. */
  reach(did: Did): Promise<Connection | undefined>
  /** Dials whoever is there. Refuses PEER_AWAY. */
  dial(address: Multiaddr): Promise<Connection>
  /** Lets go who is no member now, makes known who has become one, dials who is missing. */
  review(): void
  /** Reviews now, and every second. */
  start(): void
  close(): void
}

type Away = { pauseMs: number; notBeforeMs: number; dialling: Promise<void> | undefined }

export function openLinks(options: {
  libp2p: Libp2p
  self: Did
  admission: Admission
  book: AddressBook
  bootstrap: readonly Multiaddr[]
  identify: (connection: Connection) => Promise<{ listenAddrs: Multiaddr[] }>
  nowMs: () => number
  log: (notice: Notice) => void
}): Links {
  const { libp2p, self, admission, book, nowMs, log } = options
  const known = new Map<Connection, Did>()
  const strangers = new Map<Connection, () => void>()
  const away = new Map<string, Away>()
  let isOpen = true

  const members = () => {
    const found = new Map<Did, Connection>()
    for (const connection of libp2p.getConnections()) {
      const did = admission.memberOf(connection.remotePeer)
      if (did !== undefined && connection.status === 'open') found.set(did, connection)
    }
    return found
  }

  const dial = async (addresses: Multiaddr | Multiaddr[]): Promise<Connection> => {
    try {
      return await libp2p.dial(addresses, { signal: AbortSignal.timeout(LIMITS.dialMs) })
    } catch (cause) {
      throw new Refusal('PEER_AWAY', `nobody we look for is at ${addresses}`, { cause })
    }
  }

  const greet = (connection: Connection) => {
    const did = admission.memberOf(connection.remotePeer)
    if (did === undefined) {
      const letGo = () => void connection.close().catch(() => {})
      if (!strangers.has(connection)) {
        strangers.set(connection, admission.enterStranger(connection, letGo))
      }
      return
    }
    strangers.get(connection)?.()
    strangers.delete(connection)
    known.set(connection, did)
    void makeKnown(connection, did)
  }

  const makeKnown = async (connection: Connection, did: Did) => {
    try {
      const { listenAddrs } = await options.identify(connection)
      // where we reached it comes before where it says it is
      const reached = connection.direction === 'outbound' ? [connection.remoteAddr] : []
      book.learn(did, [...reached, ...listenAddrs])
    } catch {
      // the other side may not know yet that we are a member: the next review tries again
      known.delete(connection)
      return
    }
    away.delete(did)
    log({ level: 'info', message: 'member connected', from: did })
    try {
      await askAddresses(connection)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      log({ level: 'warn', message: 'no addresses of others', code: error.code, from: did })
    }
  }

  const askAddresses = async (connection: Connection) => {
    const lines = decodeBlock(await ask(connection, ADDRESSES_PROTOCOL, new Uint8Array()))
    if (!Array.isArray(lines)) return
    for (const line of lines.slice(0, LIMITS.connectionsMax)) {
      const [did, texts] = Array.isArray(line) ? line : []
      if (!isDid(did) || did === self || !Array.isArray(texts)) continue
      book.hearsay(did, texts.slice(0, LIMITS.addressesMax).map(parseAddress))
    }
    review()
  }

  /** Dials once, and not again before a pause that doubles while it fails. */
  const seek = (name: string, addresses: readonly Multiaddr[]): Promise<void> => {
    const state = away.get(name) ?? {
      pauseMs: LIMITS.redialMs,
      notBeforeMs: 0,
      dialling: undefined,
    }
    if (state.dialling !== undefined) return state.dialling
    if (state.notBeforeMs > nowMs()) return Promise.resolve()
    away.set(name, state)
    state.dialling = dial([...addresses]).then(
      () => void away.delete(name),
      () => {
        state.notBeforeMs = nowMs() + state.pauseMs
        state.pauseMs = Math.min(2 * state.pauseMs, LIMITS.redialMsMax)
        state.dialling = undefined
      },
    )
    return state.dialling
  }

  const review = () => {
    if (!isOpen) return
    for (const connection of libp2p.getConnections()) {
      const did = admission.memberOf(connection.remotePeer)
      if (did === undefined && known.delete(connection)) {
        log({ level: 'info', message: 'let go who is no member any more' })
        void connection.close().catch(() => {})
      } else if (did !== undefined && !known.has(connection)) greet(connection)
    }
    const connected = members()
    for (const did of book.dids()) {
      const isWanted = did !== self && !connected.has(did) && isMember(did)
      if (isWanted) void seek(did, book.of(did))
    }
    for (const address of options.bootstrap) {
      const did = namedIn(address)
      if (did !== self && !isConnected(did)) void seek(address.toString(), [address])
    }
  }

  const isMember = (did: Did) => admission.memberOf(peerIdOf(did)) !== undefined
  const isConnected = (did: Did | undefined) =>
    did !== undefined && libp2p.getConnections(peerIdOf(did)).length > 0

  libp2p.addEventListener('connection:open', ({ detail }) => greet(detail))
  libp2p.addEventListener('connection:close', ({ detail: connection }) => {
    known.delete(connection)
    strangers.get(connection)?.()
    // strangers have as many keys as they like: they leave no trace
    if (strangers.delete(connection)) void libp2p.peerStore.delete(connection.remotePeer)
  })
  let timer: NodeJS.Timeout | undefined

  return {
    members,
    dial,
    review,
    async reach(did) {
      if (!isMember(did)) return undefined
      const connected = members().get(did)
      const addresses = book.of(did)
      if (connected !== undefined || addresses.length === 0) return connected
      await seek(did, addresses)
      return members().get(did)
    },
    start() {
      review()
      timer = setInterval(review, LIMITS.redialMs)
    },
    close() {
      isOpen = false
      clearInterval(timer)
    },
  }
}

/** Tells members where other members are. */
export async function serveAddresses(
  libp2p: Libp2p,
  didOf: (connection: Connection) => Did,
  links: { members(): ReadonlyMap<Did, Connection> },
  book: AddressBook,
): Promise<void> {
  const answer: RequestHandler = async (from) => {
    const dids = [...links.members().keys()].filter((did) => did !== from)
    return encodeBlock(dids.map((did) => [did, book.of(did).map(String)])).bytes
  }
  await serveRequests(libp2p, ADDRESSES_PROTOCOL, didOf, answer, QUICK)
}
