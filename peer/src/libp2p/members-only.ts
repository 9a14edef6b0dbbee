/**
 * Who may speak which protocol. Every protocol of a node is for charter members, those of libraries
 * included: gossip, bitswap, identify. The exceptions are doors: protocols opened by name, so that
 * somebody who is not in the charter yet can ask to be. Being found grants nothing.
 *
 * It rests on two places. The transport proves a peer's key before anything is spoken (Noise), and
 * every handler that anything in this node registers passes through `guardRegistrar`. libp2p's own
 * middleware is not used: in 3.3 it runs the handlers of earlier streams again.
 */
import type { Connection, PeerId, StreamHandler, StreamHandlerOptions } from '@libp2p/interface'
import { type Did, isDid, LIMITS, Refusal } from '@planetary-mesh/spec'
import type { Notice } from '../notice.ts'
import { didOf } from './identity.ts'

/** Where a node's libraries register what they answer to. */
export type Registrar = {
  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
}

export type Admission = {
  /** The DID of a peer that is a member now. */
  memberOf(peer: PeerId): Did | undefined
  /** From now on strangers may open streams of this protocol. */
  openDoor(protocol: string): void
  /** Whether a connection may be kept: a member's, or a stranger's if a door has room. */
  mayConnect(peer: PeerId): boolean
  /** Counts a stranger in; calls back when its time is over, unless told that it left. */
  enterStranger(connection: Connection, onOver: () => void): () => void
  /** Puts itself before every handler registered from now on. */
  guardRegistrar(registrar: Registrar): void
  close(): void
}

export function openAdmission(options: {
  isMember: (did: Did) => boolean
  log: (notice: Notice) => void
}): Admission {
  const doors = new Set<string>()
  const strangers = new Map<Connection, NodeJS.Timeout>()
  const refused = new WeakSet<Connection>()

  const memberOf = (peer: PeerId): Did | undefined => {
    try {
      const did = didOf(peer)
      return isDid(did) && options.isMember(did) ? did : undefined
    } catch (error) {
      if (error instanceof Refusal) return undefined
      throw error
    }
  }

  const guarded =
    (protocol: string, handler: StreamHandler): StreamHandler =>
    (stream, connection) => {
      if (doors.has(protocol) || memberOf(connection.remotePeer) !== undefined) {
        return handler(stream, connection)
      }
      // once a connection: a stranger does not fill our log
      if (!refused.has(connection)) {
        const detail = `${connection.remotePeer} ${protocol}`
        options.log({ level: 'warn', message: 'a stranger was refused', detail })
      }
      refused.add(connection)
      stream.abort(new Refusal('ROLE_MISSING', `${protocol} is for members`))
    }

  return {
    memberOf,
    openDoor: (protocol) => void doors.add(protocol),
    mayConnect(peer) {
      if (memberOf(peer) !== undefined) return true
      return doors.size > 0 && strangers.size < LIMITS.strangersMax
    },
    enterStranger(connection, onOver) {
      const leave = () => {
        clearTimeout(strangers.get(connection))
        strangers.delete(connection)
      }
      leave()
      const timer = setTimeout(() => {
        leave()
        onOver()
      }, LIMITS.strangerMs)
      strangers.set(connection, timer)
      return leave
    },
    guardRegistrar(registrar) {
      const handle = registrar.handle.bind(registrar)
      registrar.handle = (protocol, handler, given) =>
        handle(protocol, guarded(protocol, handler), given)
    },
    close() {
      for (const timer of strangers.values()) clearTimeout(timer)
      strangers.clear()
    },
  }
}
