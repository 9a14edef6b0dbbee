/**
 * Messages between members: to one over its stream, to everybody by gossip and, where gossip does
 * not reach or the message is too large for it, over the streams too.
 */
import { setImmediate } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Did, LIMITS, Refusal, type Signer } from '@planetary-mesh/spec'
import type { Notice } from '../notice.ts'
import type { Transport } from '../ports.ts'
import { hearFrames } from './frames.ts'
import { fitsGossip, type Gossip, type Judgement, openGossip } from './gossip.ts'
import { didOf } from './identity.ts'
import type { Links } from './links.ts'
import type { MeshLibp2p } from './make-libp2p.ts'
import { MESSAGES_PROTOCOL, openOutbox } from './outbox.ts'

export type NetworkTransport = {
  transport: Transport
  /** Serves the streams; before libp2p starts, so that nobody finds them missing. */
  serve(): Promise<void>
  /** Joins the gossip; after libp2p has started. */
  start(): void
  idle(): Promise<void>
  readonly lost: number
}

/** Streams of one member that are heard at a time: an old one may not be closed yet. */
const STREAMS_MAX = 2

export function openNetworkTransport(options: {
  libp2p: MeshLibp2p
  links: Links
  signer: Signer
  topic: string
  isMember: (did: Did) => boolean
  validate: (message: Uint8Array) => Judgement
  log: (notice: Notice) => void
}): NetworkTransport {
  const { libp2p, links, signer, topic, isMember, log } = options
  const { pubsub } = libp2p.services
  const outbox = openOutbox(links.reach)
  let onMessage: ((from: Did, message: Uint8Array) => void) | undefined
  let gossip: Gossip | undefined
  let shouting: Promise<void> = Promise.resolve()
  let isOpen = true

  const hear = (from: Did, message: Uint8Array) => onMessage?.(from, message)

  const shout = async (message: Uint8Array) => {
    const told = fitsGossip(message) ? await gossip?.publish(message) : undefined
    // gossip needs a moment to know a new neighbour, and is no way for what is large
    for (const [did, { remotePeer }] of links.members()) {
      if (!told?.has(remotePeer.toString())) outbox.send(did, message)
    }
  }

  return {
    async serve() {
      const onStream = (stream: Parameters<typeof hearFrames>[0], { remotePeer }: Connection) => {
        const from = didOf(remotePeer)
        hearFrames(stream, LIMITS.messageBytesMax, (message) => {
          // the stream may be older than the charter in force
          if (isMember(from)) hear(from, message)
          else stream.abort(new Refusal('ROLE_MISSING', `${from} is no member any more`))
        })
      }
      await libp2p.handle(MESSAGES_PROTOCOL, onStream, { maxInboundStreams: STREAMS_MAX })
    },
    start() {
      pubsub.addEventListener('gossipsub:graft', ({ detail: { peerId } }) => {
        const from = didOf(peerIdFromString(peerId))
        log({ level: 'info', message: 'gossip neighbour', from })
      })
      const judge = options.validate
      gossip = openGossip({ pubsub, topic, signer, isMember, judge, onMessage: hear, log })
    },
    async idle() {
      await shouting
      await outbox.idle()
      // what was said in this turn is written at its end: see `one-write.ts`
      await setImmediate()
    },
    get lost() {
      return outbox.lost
    },
    transport: {
      send(to, message) {
        if (isOpen && to !== signer.did) outbox.send(to, new Uint8Array(message))
      },
      broadcast(message) {
        if (!isOpen) return
        const copy = new Uint8Array(message)
        shouting = shouting
          .then(() => shout(copy))
          .catch((error) => {
            log({ level: 'warn', message: 'a broadcast was lost', detail: String(error) })
          })
      },
      listen(listener) {
        if (isOpen) onMessage = listener
      },
      async close() {
        if (!isOpen) return
        isOpen = false
        onMessage = undefined
        gossip?.close()
        outbox.close()
      },
    },
  }
}
