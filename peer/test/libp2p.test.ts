// What only a real network can do: names, lies, restarts, neighbours that pass messages on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { didOf, openNode, peerIdOf } from '@planetary-mesh/peer/network'
import {
  type Block,
  type CID,
  cidOf,
  type Did,
  LIMITS,
  Refusal,
  signerFromSeed,
} from '@planetary-mesh/spec'
import { base58btc } from 'multiformats/bases/base58'
import { networkKey } from '../src/libp2p/identity.ts'
import { blockOf, bytesOf, collect, gate, refuses } from './exams/refuses.ts'
import { makeFolder } from './level-faults.ts'
import { didFor, diskInMemory, openMeeting, seedOf } from './libp2p-network.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

test('the key pair of the libp2p specification has the PeerId and the DID that follow', () => {
  // libp2p specs, peer-ids: the test vector of an Ed25519 key
  const seed = hex('7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d')
  const publicKey = '1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e'
  assert.equal(Buffer.from(networkKey(seed).publicKey.raw).toString('hex'), publicKey)
  const { did } = signerFromSeed(seed)
  assert.equal(did.slice('did:key:'.length), base58btc.encode(hex(`ed01${publicKey}`)))
  // an identity multihash of the key as protobuf, in base58 without its prefix
  const peer = base58btc.encode(hex(`002408011220${publicKey}`)).slice(1)
  assert.equal(peerIdOf(did).toString(), peer)
  assert.equal(didOf(peerIdOf(did)), did)
})

test('a DID of the did:key specification is a PeerId and back', () => {
  const did: Did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
  assert.match(peerIdOf(did).toString(), /^12D3KooW/)
  assert.equal(didOf(peerIdOf(did)), did)
})

test('a key of small order is no name', () => {
  const small = `did:key:${base58btc.encode(hex(`ed01${'01'.padEnd(64, '0')}`))}` as Did
  assert.throws(() => peerIdOf(small), Refusal)
})

/** A disk that says it has `cid` and gives these bytes for it. */
const liar = (cid: CID, bytes: Uint8Array) => ({
  openBlocks: () => ({
    ...diskInMemory().openBlocks(),
    has: async (asked: CID) => asked.equals(cid),
    get: async () => bytes,
  }),
})

const honest = new Uint8Array(5000).map((_, at) => at % 251)
const flipped = honest.map((byte, at) => (at === 2500 ? byte ^ 1 : byte))
const lies = {
  'with a flipped byte': flipped,
  'with the bytes of another': blockOf('another').bytes,
  'that is cut short': honest.slice(0, 4999),
}

for (const [which, lie] of Object.entries(lies)) {
  test(`a block ${which} is refused, and taken from an honest member instead`, async () => {
    const meeting = openMeeting()
    const { cid } = blockWith(honest)
    const disk = diskInMemory()
    const notices: string[] = []
    const log = ({ message, from }: { message: string; from?: Did }) => {
      notices.push(`${message} ${from}`)
    }
    await meeting.join('mallory', { disk: liar(cid, lie) })
    const alice = await meeting.join('alice', { blockFetchMs: 300, log, disk })
    assert.equal(await alice.blocks.get(cid), undefined)
    assert.equal(await alice.blocks.has(cid), false)
    assert(notices.includes(`a member did not give a block it has ${didFor('mallory')}`))
    const bruno = await meeting.join('bruno')
    await bruno.blocks.put([blockWith(honest)])
    assert.deepEqual(await alice.blocks.get(cid), honest)
    assert.equal(await alice.blocks.has(cid), true)
  })
}

test('many blocks wanted at once come whole, each once, however many members hold them', async () => {
  const meeting = openMeeting()
  const blocks = Array.from({ length: 40 }, (_, at) => blockOf(100_000, at))
  let gets = 0
  for (const name of ['bruno', 'chiara']) {
    const disk = diskInMemory()
    const openBlocks: typeof disk.openBlocks = (options) => {
      const opened = disk.openBlocks(options)
      return {
        ...opened,
        get(cid) {
          gets += 1
          return opened.get(cid)
        },
      }
    }
    const node = await meeting.join(name, { disk: { openBlocks } })
    await node.blocks.put(blocks)
  }
  const alice = await meeting.join('alice')
  const got = await Promise.all(blocks.map(({ cid }) => alice.blocks.get(cid)))
  assert.deepEqual(
    got.map((bytes) => bytes?.[0]),
    blocks.map(({ bytes }) => bytes[0]),
  )
  assert.equal(gets, blocks.length)
})

test('a member that many ask at once answers all of them', async () => {
  const meeting = openMeeting()
  const blocks = Array.from({ length: 60 }, (_, at) => blockOf(`${at}`))
  const bruno = await meeting.join('bruno')
  await bruno.blocks.put(blocks)
  const readers = []
  for (const name of ['alice', 'chiara', 'dora']) readers.push(await meeting.join(name))
  const got = await Promise.all(
    readers.flatMap((reader) => blocks.map(({ cid }) => reader.blocks.get(cid))),
  )
  assert.equal(got.filter((bytes) => bytes !== undefined).length, 180)
})

test('a member that could not give a block it has is asked again', async () => {
  const meeting = openMeeting()
  const { cid, bytes } = blockOf('hello')
  let asked = 0
  const openBlocks = () => ({
    ...diskInMemory().openBlocks(),
    has: async () => asked !== 1 || asked++ > 1,
    get: async () => (asked++ === 0 ? undefined : bytes),
  })
  await meeting.join('bruno', { disk: { openBlocks } })
  const alice = await meeting.join('alice', { blockFetchMs: 3000 })
  assert.deepEqual(await alice.blocks.get(cid), bytes)
})

test('a block that rotted on a member’s disk is not given on', async () => {
  const meeting = openMeeting()
  const disk = diskInMemory()
  const bruno = await meeting.join('bruno', { disk })
  await bruno.blocks.put([blockOf('hello')])
  disk.memory.corrupt(blockOf('hello').cid, bytesOf('hellp'))
  const alice = await meeting.join('alice')
  assert.equal(await alice.blocks.get(blockOf('hello').cid), undefined)
})

test('a message passes a neighbour that judges it good, under the name of its author', async () => {
  const heard = await lineOfThree('accept')
  assert.deepEqual(heard, { judged: 1, by: [`${didFor('alice')}: news`] })
})

test('a message that a neighbour rejects or ignores goes no further', async () => {
  assert.deepEqual(await lineOfThree('reject'), { judged: 0, by: [] })
  assert.deepEqual(await lineOfThree('ignore'), { judged: 0, by: [] })
})

/** Alice and chiara both know bruno, and cannot be dialled themselves. */
async function lineOfThree(judgement: 'accept' | 'reject' | 'ignore') {
  const meeting = openMeeting()
  let judged = 0
  await meeting.join('bruno', { validate: () => judgement })
  const alice = await meeting.join('alice', { listen: [] })
  const chiara = await meeting.join(
    'chiara',
    {
      listen: [],
      validate: () => {
        judged += 1
        return 'accept'
      },
    },
    ['bruno'],
  )
  const by: string[] = []
  chiara.transport.listen((from, message) => by.push(`${from}: ${Buffer.from(message)}`))
  await meeting.subscribed()
  alice.transport.broadcast(bytesOf('news'))
  await meeting.settled()
  await meeting.close()
  return { judged, by }
}

test('a broadcast too large for gossip arrives at every connected member', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const sizes: string[] = []
  for (const name of ['bruno', 'chiara']) {
    const node = await meeting.join(name)
    node.transport.listen((from, { length }) => sizes.push(`${name} ${from} ${length}`))
  }
  const bytes = LIMITS.gossipBytesMax + 1
  alice.transport.broadcast(new Uint8Array(bytes))
  await meeting.settled()
  const from = didFor('alice')
  assert.deepEqual(sizes.sort(), [`bruno ${from} ${bytes}`, `chiara ${from} ${bytes}`])
})

test('the same broadcast twice is heard twice', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const bruno = await meeting.join('bruno')
  const heard: string[] = []
  bruno.transport.listen((_, message) => heard.push(Buffer.from(message).toString()))
  await meeting.subscribed()
  for (const text of ['again', 'again']) alice.transport.broadcast(bytesOf(text))
  await meeting.settled()
  assert.deepEqual(heard, ['again', 'again'])
})

test('a member that comes back on its address is found again, and needs no address itself', async () => {
  const meeting = openMeeting()
  // a slow disk: closing waits for what was learnt
  const folder = await makeFolder({ sync: () => setTimeout(100) })
  const bruno = await meeting.join('bruno')
  const [address] = bruno.multiaddrs() as [string]
  const listen = [address.split('/p2p/')[0] as string]
  const alice = await meeting.join('alice', { disk: await folder.disk() })
  await alice.close()
  await bruno.close()
  // nothing tells her but her disk
  const again = await meeting.join('alice', { disk: await folder.disk() }, [])
  const met = meeting.meet('alice', 'bruno')
  await meeting.join('bruno', { listen }, [])
  await met
  assert.equal(again.isConnected(didFor('bruno')), true)
})

test('who knows one member hears from it where the others are', async () => {
  const meeting = openMeeting()
  await meeting.join('alice')
  await meeting.join('bruno')
  const met = meeting.meet('chiara', 'bruno')
  await meeting.join('chiara', {}, ['alice'])
  await met
})

test('a bootstrap address is dialled without being asked', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const met = meeting.meet('bruno', 'alice')
  await meeting.join('bruno', { bootstrap: alice.multiaddrs() }, [])
  await met
  await refuses(async () => {
    await openNode({
      seed: seedOf('dora'),
      listen: [],
      topic: 'x',
      isMember: () => true,
      validate: () => 'accept',
      disk: diskInMemory(),
      bootstrap: ['somewhere'],
    })
  }, 'MESSAGE_MALFORMED')
})

test('requests are answered, refused by name, and never answered by who is away', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const bruno = await meeting.join('bruno')
  await bruno.handleRequest('/mesh/0/echo', async (from, question) => {
    if (question.length === 0) throw new Refusal('NOT_PERMITTED', 'nothing was asked')
    return bytesOf(`${from}: ${Buffer.from(question)}`)
  })
  const answer = await alice.request(bruno.did, '/mesh/0/echo', bytesOf('hello'))
  assert.equal(Buffer.from(answer).toString(), `${alice.did}: hello`)
  const ask = (bytes: Uint8Array) => alice.request(bruno.did, '/mesh/0/echo', bytes)
  await refuses(() => ask(new Uint8Array()), 'NOT_PERMITTED')
  await refuses(() => ask(new Uint8Array(LIMITS.requestBytesMax + 1)), 'MESSAGE_MALFORMED')
  await refuses(() => alice.request(bruno.did, '/mesh/0/none', bytesOf('x')), 'PEER_AWAY')
  await refuses(() => alice.request(didFor('dora'), '/mesh/0/echo', bytesOf('x')), 'PEER_AWAY')
  const stopped = AbortSignal.abort(new Error('changed my mind'))
  await assert.rejects(alice.request(bruno.did, '/mesh/0/echo', bytesOf('x'), stopped), /my mind/)
})

const entries = Array.from({ length: 3000 }, (_, at) => blockOf(`${at}`.repeat(200)))

test('a range of the log arrives whole and in order', async () => {
  const meeting = openMeeting()
  async function* serveLog(fromSize: number): AsyncIterable<Block> {
    yield* entries.slice(fromSize)
  }
  const alice = await meeting.join('alice', { serveLog })
  const bruno = await meeting.join('bruno')
  const got = await collect(bruno.pullLog(alice.did, 10))
  assert.deepEqual(
    got.map(({ cid }) => cid.toString()),
    entries.slice(10).map(({ cid }) => cid.toString()),
  )
  assert.deepEqual(await collect(bruno.pullLog(alice.did, entries.length)), [])
})

test('what was said before the other side ended is read, however late', async () => {
  const meeting = openMeeting()
  const { pass, open } = gate()
  async function* serveLog(): AsyncIterable<Block> {
    yield* entries.slice(0, 100)
    open()
  }
  const alice = await meeting.join('alice', { serveLog })
  const bruno = await meeting.join('bruno')
  let taken = 0
  for await (const _ of bruno.pullLog(alice.did, 0)) {
    taken += 1
    if (taken > 1) continue
    await pass
    // as long as a round trip: the end has arrived by then
    await bruno.request(alice.did, '/mesh/0/addresses', new Uint8Array())
  }
  assert.equal(taken, 100)
})

test('a log is read from the disk only as far as it is taken, and let go after that', async () => {
  const meeting = openMeeting()
  const { pass, open } = gate()
  let made = 0
  async function* serveLog(): AsyncIterable<Block> {
    try {
      for (;;) {
        made += 1
        yield blockOf(1024 * 1024)
      }
    } finally {
      open()
    }
  }
  const alice = await meeting.join('alice', { serveLog })
  const bruno = await meeting.join('bruno')
  let taken = 0
  for await (const _ of bruno.pullLog(alice.did, 0)) {
    await new Promise((resolve) => setImmediate(resolve))
    taken += 1
    if (taken === 20) break
  }
  await pass
  // what is under way: a pile, a window, what both ends have buffered
  assert(made < taken + 16, `${made} made, ${taken} taken`)
})

test('a log that is refused, or lies, or breaks off is refused by name', async () => {
  const meeting = openMeeting()
  const wrong = { cid: blockOf('one').cid, bytes: bytesOf('two') }
  async function* serveLog(fromSize: number): AsyncIterable<Block> {
    if (fromSize === 0) throw new Refusal('LEDGER_AWAY', 'no log here')
    yield blockOf('good')
    if (fromSize === 1) yield wrong
    else throw new Error('the disk broke')
  }
  const alice = await meeting.join('alice', { serveLog })
  const bruno = await meeting.join('bruno')
  await refuses(() => collect(bruno.pullLog(alice.did, 0)), 'LEDGER_AWAY')
  await refuses(() => collect(bruno.pullLog(alice.did, 1)), 'BLOCK_CID_MISMATCH')
  await refuses(() => collect(bruno.pullLog(alice.did, 2)), 'PEER_AWAY')
  await refuses(() => collect(bruno.pullLog(alice.did, -1)), 'MESSAGE_MALFORMED')
  await refuses(() => collect(alice.pullLog(bruno.did, 0)), 'PEER_AWAY')
})

function blockWith(bytes: Uint8Array): Block {
  return { cid: cidOf('raw', bytes), bytes }
}
