// How little the network writes for what it says: few system calls, and no word for its own sake.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { mock, test } from 'node:test'
import type { StreamMuxerFactory } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { inOneWrite } from '../src/libp2p/one-write.ts'
import { tellingHalf } from '../src/libp2p/windows.ts'

/** A log of libp2p that nobody reads. */
const silent = Object.assign(() => {}, { trace() {}, error() {}, newScope: () => silent })

const bytes = (text: string) => new TextEncoder().encode(text)

/** What a socket has of a stream that writes one piece, or many at once. */
type Writing = { _write(): void; _writev(): void }

/** Says three words in one turn over TCP: how often it wrote to the socket, and what arrived. */
async function say(make: ReturnType<typeof tcp>) {
  const heard: Buffer[] = []
  const server = createServer((socket) =>
    socket.on('data', (chunk) => heard.push(Buffer.from(chunk as Buffer))),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const transport = make({ logger: { forComponent: () => silent } } as never)
  const upgrader = { upgradeOutbound: async (connection: unknown) => connection }
  const signal = AbortSignal.timeout(10_000)
  const options = { upgrader, signal } as never
  const connection = await transport.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`), options)
  const said = connection as unknown as { socket: Writing; send(bytes: Uint8Array): void }
  const one = mock.method(said.socket, '_write')
  const many = mock.method(said.socket, '_writev')
  for (const word of ['how ', 'are ', 'you']) said.send(bytes(word))
  const closed = once(server, 'close')
  await connection.close()
  server.close()
  await closed
  return { writes: one.mock.callCount() + many.mock.callCount(), heard: `${Buffer.concat(heard)}` }
}

test('what is said in one turn leaves in one write, and all of it although closed at once', async () => {
  assert.deepEqual(await say(tcp()), { writes: 3, heard: 'how are you' })
  assert.deepEqual(await say(inOneWrite(tcp())), { writes: 1, heard: 'how are you' })
})

const WINDOW_BYTES = 256 * 1024

/** Sends messages of `size` bytes; how many frames the listener gave back, and what it heard. */
async function converse(make: () => () => StreamMuxerFactory, count: number, size: number) {
  const [here, there] = multiaddrConnectionPair()
  const talker = make()().createStreamMuxer(here)
  const listener = make()().createStreamMuxer(there)
  let heard = 0
  const all = Promise.withResolvers<void>()
  listener.addEventListener('stream', ({ detail: stream }) => {
    stream.addEventListener('message', ({ data }) => {
      heard += data.byteLength
      if (heard === count * size) all.resolve()
    })
  })
  const stream = await talker.createStream()
  const frames = mock.method(there, 'send')
  for (let sent = 0; sent < count; sent++) {
    if (!stream.send(new Uint8Array(size))) await once(stream as never, 'drain')
  }
  await all.promise
  const answers = frames.mock.callCount()
  await Promise.all([talker.close(), listener.close()])
  return { heard, answers }
}

test('a stream says that more may come when half of its window is used, not at each message', async () => {
  const [count, size] = [100, 100]
  const chatty = await converse(yamux, count, size)
  assert.equal(chatty.heard, count * size)
  assert.ok(chatty.answers >= count, `${chatty.answers}`)
  const thrifty = await converse(() => tellingHalf(yamux()), count, size)
  assert.equal(thrifty.heard, count * size)
  assert.ok(thrifty.answers <= 3, `${thrifty.answers}`)
})

test('more than a window arrives whole, since the talker is told in time', async () => {
  const size = 16 * 1024
  const count = (4 * WINDOW_BYTES) / size
  const { heard, answers } = await converse(() => tellingHalf(yamux()), count, size)
  assert.equal(heard, 4 * WINDOW_BYTES)
  assert.ok(answers < count / 2, `${answers}`)
})
