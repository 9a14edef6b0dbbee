// Who is in the charter may speak every protocol; who is not, only at a door, and hears nothing.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { openNode } from '@planetary-mesh/peer/network'
import { type Did, encodeBlock, LIMITS, Refusal, signerFromSeed } from '@planetary-mesh/spec'
import { createLibp2p } from 'libp2p'
import { openGossip } from '../src/libp2p/gossip.ts'
import { networkKey } from '../src/libp2p/identity.ts'
import { bytesOf, refuses } from './exams/refuses.ts'
import { didFor, diskInMemory, openMeeting, seedOf } from './libp2p-network.ts'

/** A peer with nothing of ours but libp2p: it does what it likes. */
async function openStranger(name: string) {
  const libp2p = await createLibp2p({
    privateKey: networkKey(seedOf(name)),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      pubsub: gossipsub({ globalSignaturePolicy: 'StrictNoSign' }),
    },
  })
  after(() => libp2p.stop())
  return libp2p
}

/** Resolves when what is said on a stream of that protocol has been answered, or refused. */
async function saysOn(connection: Connection, protocol: string): Promise<'heard' | 'refused'> {
  try {
    const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(3000) })
    const answered = Promise.race([
      once(stream as never, 'message').then(() => 'heard' as const),
      once(stream as never, 'close').then(() => 'refused' as const),
    ])
    stream.send(Uint8Array.of(1, 0))
    return await answered
  } catch {
    return 'refused'
  }
}

const PROTOCOLS = [
  '/ipfs/bitswap/1.2.0',
  '/meshsub/1.1.0',
  '/ipfs/id/1.0.0',
  '/mesh/0/messages',
  '/mesh/0/log',
  '/mesh/0/holds',
  '/mesh/0/addresses',
]

test('a stranger is not let in where there is no door', async () => {
  const alice = await openMeeting().join('alice')
  const stranger = await openStranger('stranger')
  const [address] = alice.multiaddrs() as [string]
  const dialled = stranger.dial(multiaddr(address)).then(async (connection) => {
    await once(connection as never, 'close')
    throw new Error('closed at once')
  })
  await assert.rejects(dialled)
  assert.deepEqual(alice.peers(), [])
})

test('at a door a stranger is answered, and every other protocol is refused', async () => {
  const refused = new Set<string>()
  async function* serveLog() {
    yield* []
  }
  const alice = await openMeeting().join('alice', {
    serveLog,
    log: ({ message, detail }) => {
      if (message === 'a stranger was refused') refused.add(detail ?? '')
    },
  })
  await alice.handleRequest('/mesh/0/join', async (from) => bytesOf(`welcome, ${from}`), {
    strangers: true,
  })
  const stranger = await openStranger('stranger')
  const connection = await stranger.dial(multiaddr(alice.multiaddrs()[0] as string))
  for (const protocol of PROTOCOLS) assert.equal(await saysOn(connection, protocol), 'refused')
  assert.equal(refused.size, 1, 'one line a connection')
  assert.equal(await saysOn(connection, '/mesh/0/join'), 'heard')
  assert.deepEqual(alice.peers(), [])
})

test('a stranger at a door hears nothing of what members say', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const bruno = await meeting.join('bruno')
  const heard: string[] = []
  bruno.transport.listen((_, message) => heard.push(Buffer.from(message).toString()))
  await alice.handleRequest('/mesh/0/join', async () => new Uint8Array(), { strangers: true })
  const stranger = await openStranger('stranger')
  let streams = 0
  const { pubsub } = stranger.services
  pubsub.subscribe('mesh/0/test')
  pubsub.addEventListener('message', () => {
    streams += 1
  })
  const connection = await stranger.dial(multiaddr(alice.multiaddrs()[0] as string))
  await stranger.handle('/mesh/0/messages', () => {
    streams += 1
  })
  await saysOn(connection, '/mesh/0/join')
  alice.transport.broadcast(bytesOf('small'))
  alice.transport.broadcast(new Uint8Array(LIMITS.gossipBytesMax + 1))
  alice.transport.send(didFor('stranger'), bytesOf('to a stranger'))
  await meeting.settled()
  assert.equal(await saysOn(connection, '/mesh/0/join'), 'heard')
  assert.equal(heard.length, 2)
  assert.equal(streams, 0)
  assert(connection.streams.every(({ protocol }) => !protocol.startsWith('/meshsub')))
})

test('a newcomer asks at a door with our own node, and is connected once it is a member', async () => {
  const members = new Set([didFor('alice')])
  const isMember = (did: Did) => members.has(did)
  const meeting = openMeeting()
  const alice = await meeting.join('alice', { isMember })
  await alice.handleRequest(
    '/mesh/0/join',
    async (from) => {
      members.add(from)
      return new Uint8Array()
    },
    { strangers: true },
  )
  const bruno = await meeting.join('bruno', { isMember }, [])
  const [address] = alice.multiaddrs() as [string]
  await refuses(() => bruno.request(address, '/mesh/0/holds', bytesOf('x')), 'PEER_AWAY')
  assert.deepEqual(alice.peers(), [])
  await bruno.request(address, '/mesh/0/join', bytesOf('me too'))
  bruno.review()
  alice.review()
  await meeting.meet('alice', 'bruno')
  await meeting.meet('bruno', 'alice')
  assert.deepEqual([alice.peers(), bruno.peers()], [[bruno.did], [alice.did]])
})

test('who is no member any more is let go, and no longer heard', async () => {
  const members = new Set(['alice', 'bruno'].map(didFor))
  const meeting = openMeeting()
  const alice = await meeting.join('alice', { isMember: (did) => members.has(did) })
  const bruno = await meeting.join('bruno')
  const heard: string[] = []
  alice.transport.listen((_, message) => heard.push(Buffer.from(message).toString()))
  bruno.transport.send(alice.did, bytesOf('still here'))
  await meeting.settled()
  members.delete(bruno.did)
  bruno.transport.send(alice.did, bytesOf('and now?'))
  await bruno.idle()
  alice.review()
  await meeting.settled()
  assert.deepEqual(heard, ['still here'])
  assert.equal(alice.isConnected(bruno.did), false)
})

test('a frame that claims more than the largest message breaks the stream, not the node', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const heard: number[] = []
  alice.transport.listen((_, { length }) => heard.push(length))
  const bruno = await openStranger('bruno')
  const connection = await bruno.dial(multiaddr(alice.multiaddrs()[0] as string))
  for (const length of [
    [0xff, 0xff, 0xff, 0x7f],
    [0xff, 0xff, 0xff, 0xff, 1],
    [0x81, 0x80, 0x80, 2],
  ]) {
    const stream = await connection.newStream('/mesh/0/messages')
    const closed = once(stream as never, 'close')
    stream.send(Uint8Array.of(1, 7, ...length))
    await closed
  }
  assert.deepEqual(heard, [1, 1, 1])
  assert.equal(alice.isConnected(didFor('bruno')), true)
})

test('an envelope counts only with its author’s signature, for its topic, from a member', () => {
  const alice = signerFromSeed(seedOf('alice'))
  const bruno = signerFromSeed(seedOf('bruno'))
  const heard: string[] = []
  type Validator = (neighbour: unknown, message: { data: Uint8Array }) => string
  const topicValidators = new Map<string, Validator>()
  const pubsub = { topicValidators, subscribe() {} }
  openGossip({
    pubsub: pubsub as never,
    topic: 'mesh/0/test',
    signer: bruno,
    isMember: (did) => did !== didFor('mallory'),
    log: ({ message }) => heard.push(message),
    judge: (message) => {
      if (message.length === 7) throw new TypeError('a bug of ours')
      if (message.length > 9) throw new Refusal('MESSAGE_MALFORMED', 'too long for us')
      return 'accept'
    },
    onMessage: (from, message) => heard.push(`${from}: ${Buffer.from(message)}`),
  })
  const judged = (data: Uint8Array) => topicValidators.get('mesh/0/test')?.(undefined, { data })
  const envelope = (
    change: Partial<Record<'topic' | 'author' | 'nonce' | 'said' | 'text', unknown>> = {},
  ) => {
    const { topic = 'mesh/0/test', author = alice, nonce = new Uint8Array(8) } = change
    const { did, sign } = author as typeof alice
    const message = bytesOf((change.text as string) ?? 'hello')
    const signature = sign(encodeBlock(['mesh/0', 'broadcast', topic, did, nonce, message]).bytes)
    return [did, nonce, change.said ?? message, signature]
  }
  const judgedOf = (value: unknown) => judged(encodeBlock(value).bytes)

  assert.equal(judgedOf(envelope()), 'accept')
  assert.deepEqual(heard, [`${alice.did}: hello`])
  assert.equal(judgedOf(envelope({ topic: 'mesh/0/other' })), 'reject')
  assert.equal(judgedOf(envelope({ said: bytesOf('hullo') })), 'reject')
  assert.equal(judgedOf(envelope({ said: bytesOf('0123456789') })), 'reject')
  assert.equal(judgedOf(envelope({ nonce: new Uint8Array(9) })), 'reject')
  assert.equal(judgedOf([...envelope(), 1]), 'reject')
  assert.equal(judgedOf({ author: alice.did }), 'reject')
  assert.equal(judged(bytesOf('no envelope')), 'reject')
  const forged = envelope({ author: { ...bruno, did: alice.did } })
  assert.equal(judgedOf(forged), 'reject')
  // who is a member is not written in the bytes, so the neighbour is not blamed
  assert.equal(judgedOf(envelope({ author: signerFromSeed(seedOf('mallory')) })), 'ignore')
  assert.equal(judgedOf(envelope({ author: bruno })), 'ignore')
  assert.equal(heard.length, 1)
  assert.equal(judgedOf(envelope({ text: '0123456789' })), 'reject')
  assert.equal(judgedOf(envelope({ text: '0123456' })), 'ignore')
  assert.deepEqual(heard.slice(1), ['judging a message failed'])
})

test('a process that opened and closed a node ends by itself', async () => {
  const script = `
    import { openMemoryDisk } from '@planetary-mesh/peer'
    import { openNode } from '@planetary-mesh/peer/network'
    const open = (fill) => openNode({
      seed: new Uint8Array(32).fill(fill), listen: ['/ip4/127.0.0.1/tcp/0'], topic: 't',
      isMember: () => true, validate: () => 'accept', disk: openMemoryDisk(),
    })
    const [one, two] = [await open(1), await open(2)]
    await one.dial(two.multiaddrs()[0])
    one.transport.broadcast(new Uint8Array(10))
    await one.request(two.did, '/mesh/0/addresses', new Uint8Array())
    await one.close()
    await two.close()
    process.stdout.write('closed')`
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--input-type=module', '-e', script],
    {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 30_000,
    },
  )
  let said = ''
  child.stdout.on('data', (bytes) => {
    said += bytes
  })
  const [code, signal] = await once(child, 'exit')
  assert.deepEqual({ said, code, signal }, { said: 'closed', code: 0, signal: null })
})

test('a node that cannot listen says so and leaves nothing behind', async () => {
  const alice = await openMeeting().join('alice')
  const listen = [(alice.multiaddrs()[0] as string).split('/p2p/')[0] as string]
  const open = openNode({
    seed: seedOf('bruno'),
    listen,
    topic: 't',
    isMember: () => true,
    validate: () => 'accept',
    disk: diskInMemory(),
  })
  await assert.rejects(open, /EADDRINUSE|listen/i)
})
