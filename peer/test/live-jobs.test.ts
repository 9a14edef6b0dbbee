/** What running jobs say: for whoever watches here, over HTTP too, and never at the job's cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LiveEvent, type LiveJobs, openLiveJobs } from '@planetary-mesh/peer'
import type { ControlOptions, RequestHandler } from '@planetary-mesh/peer/network'
import { type CID, cidOf, encodeBlock, LIMITS, MEDIA, signerFromSeed } from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { liveStream } from '../src/control/live-stream.ts'
import { liveEvents, START } from '../src/live-jobs.ts'
import { askLive, serveLive } from '../src/live-protocol.ts'
import { begin, openStand, refuses, type Stand } from './control-stage.ts'
import { openMeeting } from './libp2p-network.ts'

const DID = signerFromSeed(new Uint8Array(32)).did

/** A network whose every other member hears the jobs of `live`. */
const networkOf = (
  live: LiveJobs,
  onAsked: (member: string) => void = () => {},
): ControlOptions['network'] => ({
  isConnected: () => true,
  multiaddrs: () => [],
  async *pullLog() {},
  askLive(member, { job, place, signal }) {
    onAsked(member)
    return live.read(job, place, signal)
  },
})

/** A job that runs until its gate opens, and who runs it. */
async function leased({ mesh, client }: Pick<Stand, 'mesh' | 'client'>) {
  const submitted = await mesh.submit()
  await mesh.logged(submitted, 'the lease', ({ leases }) => leases[0], 'bruno')
  const job = submitted.manifest.cid
  const { status } = await client.job(job)
  assert(status.state === 'leased')
  return { job, executor: status.executor }
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const job: CID = cidOf('dag-cbor', utf8('a job'))
const never = new AbortController().signal

const follow = (live: LiveJobs, signal: AbortSignal) =>
  liveEvents((place) => live.read(job, place, signal), signal)

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const event of events) seen.push(event)
  return seen
}

const words = (events: LiveEvent[]) => events.map(wordOf)

function wordOf(event: LiveEvent): string {
  if (event.type === 'output') return `${event.stream} ${Buffer.from(event.bytes)}`
  return event.type === 'progress' ? `${event.done}/${event.total}` : `skipped ${event.bytes}`
}

test('a job that speaks byte by byte fills no more than its pieces: the rest is told as skipped', async () => {
  const live = openLiveJobs()
  const run = live.begin(job)
  const count = LIMITS.livePiecesMax + 5
  for (let at = 0; at < count; at++) {
    run.output({ stream: at % 2 === 0 ? 'stdout' : 'stderr', bytes: utf8('x') })
  }
  run.end()
  const [first, ...rest] = await all(follow(live, never))
  assert.deepEqual(first, { type: 'skipped', bytes: 5 })
  assert.equal(rest.length, LIMITS.livePiecesMax)
})

test('one piece that is larger than all that is held is told as skipped', async () => {
  const live = openLiveJobs()
  const run = live.begin(job)
  const size = LIMITS.liveBytesMax + 1
  run.output({ stream: 'stdout', bytes: new Uint8Array(size) })
  run.end()
  assert.deepEqual(await all(follow(live, never)), [{ type: 'skipped', bytes: size }])
})

test('a member that says nothing, at once and again, is not asked without a pause', async () => {
  const stop = new AbortController()
  let asked = 0
  const nothing = { skipped: 0, pieces: [], progress: null, next: START, isOver: false }
  const read = async () => {
    asked += 1
    return asked % 2 === 0 ? undefined : nothing
  }
  const watching = all(liveEvents(read, stop.signal))
  const beganAtMs = performance.now()
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  // once, and again for each pause that this may have taken on a busy machine
  const mayAsk = 1 + Math.floor((performance.now() - beganAtMs) / 100)
  stop.abort()
  assert.deepEqual(await watching, [])
  assert.ok(asked <= mayAsk, `asked ${asked} times, ${mayAsk} at most`)
})

test('who comes before the run and who comes in its middle hear all of it, to its end', async () => {
  const live = openLiveJobs()
  const early = all(follow(live, never))
  assert.equal(live.isRunning(job), false)
  const run = live.begin(job)
  run.output({ stream: 'stdout', bytes: utf8('one') })
  const late = all(follow(live, never))
  run.output({ stream: 'stderr', bytes: utf8('two') })
  run.progress({ done: 1, total: 2 })
  run.end()
  assert.equal(live.isRunning(job), false)
  for (const heard of [early, late]) {
    assert.deepEqual(words(await heard), ['stdout one', 'stderr two', '1/2'])
  }
})

test('a slow watcher is told how much it missed; the job never waits', async () => {
  const live = openLiveJobs()
  const run = live.begin(job)
  const watcher = follow(live, never)
  const size = LIMITS.liveBytesMax / 4
  const pieces = Array.from({ length: 6 }, (_, index) => new Uint8Array(size).fill(index))
  run.output({ stream: 'stdout', bytes: pieces[0] as Uint8Array })
  await watcher.next()
  for (const bytes of pieces.slice(1)) run.output({ stream: 'stdout', bytes })
  run.end()
  const rest = await all(watcher)
  assert.deepEqual(rest[0], { type: 'skipped', bytes: size })
  assert.deepEqual(
    rest.slice(1).map((event) => event.type === 'output' && event.bytes[0]),
    [2, 3, 4, 5],
  )
})

test('a watcher that leaves is let go, before the run and in it', async () => {
  const live = openLiveJobs()
  const gone = new AbortController()
  const waiting = all(follow(live, gone.signal))
  gone.abort()
  assert.deepEqual(await waiting, [])
  const left = new AbortController()
  const run = live.begin(job)
  run.output({ stream: 'stdout', bytes: utf8('one') })
  const watcher = follow(live, left.signal)
  await watcher.next()
  const next = watcher.next()
  left.abort()
  assert.equal((await next).done, true)
})

test('over HTTP a job is heard while it runs, by events, and the end is last', async () => {
  const live = openLiveJobs()
  await using stand = await openStand({}, { live })
  const { manifest } = await stand.mesh.submit()
  const run = live.begin(manifest.cid)
  const heard = stand.client.output(manifest.cid)
  run.output({ stream: 'stderr', bytes: Uint8Array.of(0xff, 0x1b) })
  const first = await heard.next()
  assert.deepEqual(first.value, {
    type: 'output',
    stream: 'stderr',
    bytes: Uint8Array.of(0xff, 0x1b),
  })
  run.progress({ done: 3, total: 4 })
  assert.deepEqual((await heard.next()).value, { type: 'progress', done: 3, total: 4 })
  run.end()
  assert.equal((await heard.next()).done, true)
})

test('a job that nobody knows is refused by name', async () => {
  await using stand = await openStand({}, { live: openLiveJobs() })
  await refuses(() => all(stand.client.output(job)), 'JOB_UNKNOWN')
})

test('a job that is over has nothing to say any more', async () => {
  await using stand = await openStand({}, { live: openLiveJobs() })
  const done = await stand.mesh.submit()
  await stand.mesh.settled(done)
  assert.deepEqual(await all(stand.client.output(done.manifest.cid)), [])
})

test('a job that runs at another member is heard through this one', async () => {
  const gate = Promise.withResolvers<void>()
  const live = openLiveJobs()
  const asked: string[] = []
  const network = networkOf(live, (member) => asked.push(member))
  await using stand = await openStand({
    exec: (_name, { blocks }) => fakeExec(blocks, { gate: () => gate.promise }),
  })
  const [, client] = await stand.open('bruno', { network })
  const { job, executor } = await leased(stand)
  const heard = client.output(job)
  const first = heard.next()
  const run = live.begin(job)
  run.output({ stream: 'stdout', bytes: utf8('from afar') })
  assert.deepEqual(words([(await first).value as LiveEvent]), ['stdout from afar'])
  run.end()
  assert.equal((await heard.next()).done, true)
  assert.deepEqual([...new Set(asked)], [executor])
  await refuses(() => all(stand.client.output(job)), 'REQUEST_UNKNOWN')
  gate.resolve()
})

test('the question and the answer cross the network as they are, and silence is an answer', async () => {
  const live = openLiveJobs()
  const handlers: RequestHandler[] = []
  await serveLive({ handleRequest: async (_, handler) => void handlers.push(handler) }, live)
  const request = async (_to: string, _name: string, question: Uint8Array, given = never) =>
    (handlers[0] as RequestHandler)(DID, question, given)
  const run = live.begin(job)
  run.output({ stream: 'stderr', bytes: Uint8Array.of(0, 255) })
  run.progress({ done: 1, total: 2 })
  const reading = await askLive({ request }, DID, { job, place: START, signal: never })
  assert.deepEqual(reading, await live.read(job, START, never))
  const gone = AbortSignal.abort()
  const next = { job, place: reading?.next ?? START, signal: gone }
  assert.equal(await askLive({ request }, DID, next), undefined)
  const wrong = async () => encodeBlock({ reading: { pieces: 'many' } }).bytes
  await refuses(() => askLive({ request: wrong }, DID, next), 'MESSAGE_MALFORMED')
})

test('members hear it over the network while it runs; whoever runs nothing is no help', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const bruno = await meeting.join('bruno')
  const live = openLiveJobs()
  await serveLive(alice, live)
  const heard = liveEvents(
    (place) => askLive(bruno, alice.did, { job, place, signal: never }),
    never,
  )
  const first = heard.next()
  const run = live.begin(job)
  run.output({ stream: 'stdout', bytes: utf8('now') })
  assert.deepEqual(words([(await first).value as LiveEvent]), ['stdout now'])
  const second = heard.next()
  run.output({ stream: 'stdout', bytes: utf8('then') })
  assert.deepEqual(words([(await second).value as LiveEvent]), ['stdout then'])
  run.end()
  assert.equal((await heard.next()).done, true)
  const question = { job, place: START, signal: never }
  await refuses(() => askLive(alice, bruno.did, question), 'PEER_AWAY')
  await meeting.close()
})

test('a heartbeat comes where nothing else does, and the end of the events is the end', async () => {
  const said = Promise.withResolvers<void>()
  async function* events(): AsyncGenerator<LiveEvent> {
    await said.promise
    yield { type: 'progress', done: 1, total: 2 }
  }
  const pieces: string[] = []
  for await (const piece of liveStream(events(), never, 10)) {
    pieces.push(Buffer.from(piece).toString())
    if (pieces.length === 3) said.resolve()
  }
  assert.match(pieces[0] ?? '', /^: /)
  assert.deepEqual(pieces.slice(1, 3), [': still here\n\n', ': still here\n\n'])
  assert.deepEqual(pieces.slice(-2), [
    'id: 1\nevent: progress\ndata: {"done":1,"total":2}\n\n',
    'id: 2\nevent: end\ndata: {}\n\n',
  ])
})

test('an answer begins before its job does, with the type of an event stream', async () => {
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand(
    { exec: (_name, { blocks }) => fakeExec(blocks, { gate: () => gate.promise }) },
    { network: networkOf(openLiveJobs()) },
  )
  const { job } = await leased(stand)
  const { incoming } = await begin(stand.control, `/v0/jobs/${job}/output`)
  assert.equal(incoming.headers['content-type'], MEDIA.events)
  incoming.destroy()
  gate.resolve()
})
