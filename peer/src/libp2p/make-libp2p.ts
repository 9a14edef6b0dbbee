/** libp2p with what a private mesh needs, nothing that looks for peers; Helia with bitswap. */
import { withBitswap } from '@helia/bitswap'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { LIMITS } from '@planetary-mesh/spec'
import { createLibp2p } from 'libp2p'
import type { Blocks } from '../ports.ts'
import { heliaBlocks } from './exchange.ts'
import { gossipId, gossipScores } from './gossip.ts'
import { openHeliaLight } from './helia-light.ts'
import { networkKey } from './identity.ts'
import type { Admission, Registrar } from './members-only.ts'
import { inOneWrite } from './one-write.ts'
import { tellingHalf } from './windows.ts'

const WINDOW_BYTES = 2 * 1024 * 1024
const INBOUND_A_SECOND = 64

/** What a member may want at a time, each a block of at most 2 MiB in our memory. */
const WANTED_MAX = 32

export type MeshLibp2p = Awaited<ReturnType<typeof makeLibp2p>>

/** Made, not started: handlers can be registered before anybody hears of it. */
export async function makeLibp2p(
  options: {
    seed: Uint8Array
    listen: readonly string[]
    announce?: readonly string[]
    topic: string
  },
  admission: Admission,
) {
  return createLibp2p({
    start: false,
    privateKey: networkKey(options.seed),
    addresses: { listen: [...options.listen], announce: [...(options.announce ?? [])] },
    transports: [inOneWrite(tcp())],
    connectionEncrypters: [noise()],
    // a stream that is paused keeps at most a window of bytes
    streamMuxers: [tellingHalf(yamux({ streamOptions: { maxStreamWindowSize: WINDOW_BYTES } }))],
    connectionGater: {
      denyInboundEncryptedConnection: (peer) => !admission.mayConnect(peer),
    },
    connectionManager: {
      maxConnections: LIMITS.connectionsMax,
      dialTimeout: LIMITS.dialMs,
      inboundUpgradeTimeout: LIMITS.dialMs,
      // a whole laboratory may start at once from one address
      inboundConnectionThreshold: INBOUND_A_SECOND,
      maxIncomingPendingConnections: INBOUND_A_SECOND,
      reconnectRetries: 0,
    },
    services: {
      // first, so that everything that is registered is guarded
      guard: (components: { registrar: Registrar }) =>
        admission.guardRegistrar(components.registrar),
      identify: identify({ runOnConnectionOpen: false }),
      pubsub: gossipsub({
        emitSelf: false,
        globalSignaturePolicy: 'StrictNoSign',
        msgIdFn: gossipId,
        allowedTopics: [options.topic],
        allowPublishToZeroTopicPeers: true,
        doPX: false,
        maxInboundDataLength: LIMITS.messageBytesMax,
        maxOutboundBufferSize: LIMITS.sendBytesMax,
        scoreParams: gossipScores(options.topic),
      }),
    },
  })
}

export async function makeHelia(libp2p: Libp2p, heldHere: Blocks) {
  const helia = await openHeliaLight({ blockstore: heliaBlocks(heldHere) })
  const withNetwork = Object.assign(helia, { libp2p })
  withNetwork.addMixin({
    name: 'libp2p',
    start: async () => void (await libp2p.start()),
    stop: async () => void (await libp2p.stop()),
  })
  withBitswap(withNetwork, {
    // asked again within this time it would say nothing at all
    doNotResendBlockWindow: -1,
    // the option is declared under one name and read under another
    maxWantlistSize: WANTED_MAX,
    ...{ maxWantListSize: WANTED_MAX },
  })
  return withNetwork
}
