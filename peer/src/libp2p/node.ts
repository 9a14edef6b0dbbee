/**
 * A member on the network: libp2p over TCP with Noise and Yamux, gossip, bitswap through Helia, and
 * our own protocols. Nothing is found by itself: no mDNS, DHT, relay, UPnP or public gateway.
 * Source: protocol.md "Transport"; who may speak what: `members-only.ts`.
 */
import type { Connection } from '@libp2p/interface'
import { type Block, type Did, LIMITS, Refusal, signerFromSeed } from '@planetary-mesh/spec'
import type { LevelDisk } from '../level/level-disk.ts'
import type { Notice } from '../notice.ts'
import type { Blocks, Transport } from '../ports.ts'
import { openAddressBook, parseAddress } from './addresses.ts'
import { openExchange, serveHolds } from './exchange.ts'
import type { Judgement } from './gossip.ts'
import { didOf } from './identity.ts'
import { openLinks, serveAddresses } from './links.ts'
import { readLogStream, type ServeLog, serveLogStreams } from './log-stream.ts'
import { openAdmission } from './members-only.ts'
import { ask, type RequestHandler, serveRequests } from './requests.ts'
import { openNetworkTransport } from './transport.ts'

export type NodeOptions = {
  /** The 32 bytes of the member's Ed25519 key. */
  seed: Uint8Array
  /** Where to listen: `/ip4/127.0.0.1/tcp/0` for any free port. None: only dials. */
  listen: readonly string[]
  /** What to tell others instead of where it listens, where that differs (NAT, names). */
  announce?: readonly string[]
  /** Whom to dial and dial again: multiaddrs, best with `/p2p/…`. */
  bootstrap?: readonly string[]
  /** Messages to everybody go to the members of one federation. */
  topic: string
  /** Whether a key is in the charter now; asked anew each time. */
  isMember: (did: Did) => boolean
  /** Opens a broadcast before it is passed on; `reject` only for what its bytes alone show. */
  validate: (message: Uint8Array) => Judgement
  disk: Pick<LevelDisk, 'openBlocks'> & Partial<Pick<LevelDisk, 'openNotes'>>
  /** The log for other members; without it nobody can read it here. */
  serveLog?: ServeLog
  /** Patience with one member for one block. Default: LIMITS.blockFetchMs. */
  blockFetchMs?: number
  log?: (notice: Notice) => void
}

export type NetworkNode = {
  readonly did: Did
  /**
   * `from` of a message is who wrote it: of a stream, the key at its other end; of gossip, the key
   * that signed it. Broadcasts above LIMITS.gossipBytesMax go to connected members only.
   */
  readonly transport: Transport
  /** The disk's blocks; `get` asks connected members too, and keeps what they gave. */
  readonly blocks: Blocks
  /** Where this node can be dialled, with its key. */
  multiaddrs(): string[]
  /** Members with an open connection. */
  peers(): Did[]
  isConnected(did: Did): boolean
  /** Refuses PEER_AWAY, MESSAGE_MALFORMED what is no multiaddr. Gives whose key answered. */
  dial(address: string): Promise<Did>
  /** To be called when the charter changed; it happens every second by itself. */
  review(): void
  /** Serves a protocol of one question and one answer; `strangers` opens it to non-members. */
  handleRequest(
    protocol: string,
    handler: RequestHandler,
    options?: { strangers?: boolean },
  ): Promise<void>
  /** Asks a member, or whoever is at a multiaddr. Refuses PEER_AWAY, and as the answer does. */
  request(
    to: Did | string,
    protocol: string,
    question: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array>
  /** What follows the first `fromSize` entries in a member's log; see `readLogStream`. */
  pullLog(from: Did, fromSize: number, signal?: AbortSignal): AsyncIterable<Block>
  /** A member that has the blocks to be got next, as far as one knows: it is asked first. */
  expectBlocksAt(did: Did): void
  /** Resolves when all that was sent is handed to the network, or lost. */
  idle(): Promise<void>
  /** Messages to single members that were not handed to the network. */
  readonly lost: number
  close(): Promise<void>
}

/**
 * Starts a node. Refuses MESSAGE_MALFORMED a bootstrap that is no multiaddr; throws the system's
 * error when it cannot listen.
 */
export async function openNode(options: NodeOptions): Promise<NetworkNode> {
  const { topic, disk, isMember, validate } = options
  const signer = signerFromSeed(options.seed)
  const log = options.log ?? (() => {})
  const bootstrap = (options.bootstrap ?? []).map(parseAddress)
  const admission = openAdmission({ isMember, log })
  // a third of a second and 60 MB, for those alone who open a node
  const { makeHelia, makeLibp2p } = await import('./make-libp2p.ts')
  const libp2p = await makeLibp2p(options, admission)
  const book = await openAddressBook(disk.openNotes?.(), bootstrap)
  const identify = (connection: Connection) => libp2p.services.identify.identify(connection)
  const nowMs = () => performance.now()
  const self = signer.did
  const links = openLinks({ libp2p, self, admission, book, bootstrap, identify, nowMs, log })
  const network = openNetworkTransport({ libp2p, links, signer, topic, isMember, validate, log })
  const { transport } = network
  const heldHere = disk.openBlocks()
  const helia = await makeHelia(libp2p, heldHere)
  const { blockFetchMs: fetchMs = LIMITS.blockFetchMs } = options
  const exchange = openExchange({ helia, members: links.members, fetchMs, log })
  const blocks = disk.openBlocks({ fetch: exchange.fetch })
  const authorOf = ({ remotePeer }: Connection) => didOf(remotePeer)

  const connectionTo = async (to: Did | string): Promise<Connection> => {
    if (!to.startsWith('did:')) return links.dial(parseAddress(to))
    const connection = await links.reach(to as Did)
    if (connection === undefined) throw new Refusal('PEER_AWAY', `${to} cannot be reached`)
    return connection
  }

  const close = async () => {
    await transport.close()
    links.close()
    admission.close()
    await helia.stop()
    await book.written()
    await blocks.close()
    await heldHere.close()
  }
  let closed: Promise<void> | undefined

  try {
    await network.serve()
    await serveHolds(libp2p, authorOf, heldHere)
    await serveAddresses(libp2p, authorOf, links, book)
    if (options.serveLog !== undefined) await serveLogStreams(libp2p, options.serveLog)
    await helia.start()
  } catch (error) {
    await close()
    throw error
  }
  network.start()
  links.start()

  return {
    did: self,
    transport,
    blocks,
    multiaddrs: () => libp2p.getMultiaddrs().map(String),
    peers: () => [...links.members().keys()],
    isConnected: (did) => links.members().has(did),
    dial: async (address) => authorOf(await links.dial(parseAddress(address))),
    review: links.review,
    async handleRequest(protocol, handler, { strangers = false } = {}) {
      if (strangers) admission.openDoor(protocol)
      await serveRequests(libp2p, protocol, authorOf, handler)
    },
    request: async (to, protocol, question, signal) =>
      ask(await connectionTo(to), protocol, question, signal),
    async *pullLog(from, fromSize, signal) {
      yield* readLogStream(await connectionTo(from), fromSize, signal)
    },
    expectBlocksAt: exchange.expectAt,
    idle: network.idle,
    get lost() {
      return network.lost
    },
    close: () => (closed ??= close()),
  }
}
