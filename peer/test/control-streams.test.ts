// What flows through the control API: status events, files of any size, the log. In order, no
// faster than it is taken, and without a trace when one side leaves.
import assert from 'node:assert/strict'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import type { Blocks } from '@planetary-mesh/peer'
import {
  type Answer,
  type Block,
  type CID,
  cidOf,
  EndJson,
  encodeDirectory,
  encodeFile,
  JobJson,
  LIMITS,
  MEDIA,
  Refusal,
  readDirectory,
  readFile,
  textOf,
} from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { openAsking } from '../src/control/asking.ts'
import { jobEvents } from '../src/control/job-events.ts'
import { ask, begin, openStand, refusedWith, refuses, TOKEN } from './control-stage.ts'

const MiB = 1024 * 1024

/** Bytes of which no two MiB are equal. */
function bytesOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at + 4 <= length; at += 4096) new DataView(bytes.buffer).setUint32(at, at)
  return bytes
}

/** Runs end when `gate` opens. */
const gated = (gate: Promise<void>): Parameters<typeof openStand>[0] => {
  return { exec: (_name, { blocks }) => fakeExec(blocks, { gate: () => gate }) }
}

test('events are numbered, each status is another than the one before, and the end is last', async () => {
  await using stand = await openStand()
  const job = await stand.mesh.submit()
  const { headers, body } = await ask(stand.control, `/v0/jobs/${job.manifest.cid}/events`)
  assert.equal(headers['content-type'], MEDIA.events)
  const events = `${body}`.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'))
  const seen = events.map((event) => /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(event)?.slice(1))
  assert.deepEqual(
    seen.map((event) => event?.[0]),
    seen.map((_, index) => `${index + 1}`),
  )
  const types = seen.map((event) => event?.[1])
  assert.deepEqual(types, [...types.slice(0, -1).map(() => 'status'), 'end'])
  const data = seen.map((event) => event?.[2] as string)
  const jobs = data.slice(0, -1).map((text) => JobJson.parse(JSON.parse(text)))
  assert.equal(jobs.at(-1)?.status.state, 'verified')
  for (const [index, text] of data.entries()) assert.notEqual(text, data[index - 1])
  assert.equal(EndJson.parse(JSON.parse(data.at(-1) as string)).outcome, 'exited(0)')
})

test('a job that is over has its last status and its end at once', async () => {
  await using stand = await openStand()
  const job = await stand.mesh.submit()
  await stand.mesh.settled(job)
  const seen = []
  for await (const event of stand.client.events(job.manifest.cid)) seen.push(event.type)
  assert.deepEqual(seen, ['status', 'end'])
})

test('nothing is looked at while nothing happens: a look is no reason to look again', async () => {
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand(gated(gate.promise))
  const { process } = stand.mesh.machine('bruno')
  const job = await stand.mesh.submit()
  await stand.mesh.logged(job, 'the lease', ({ leases }) => leases[0], 'bruno')
  let listener = () => {}
  let looks = 0
  const asking = {
    onChange: (given: () => void) => {
      listener = given
      return () => {}
    },
  } as Parameters<typeof jobEvents>[1]['asking']
  const view = JSON.stringify(await stand.client.job(job.manifest.cid), (key, value) =>
    key === 'manifest' ? null : value,
  )
  const views = {
    view: async () => {
      looks += 1
      return JobJson.parse(JSON.parse(view))
    },
    end: () => ({ outcome: null, stdout: null, stderr: null, output: null }),
  }
  const leave = new AbortController()
  const given = { views, asking, signal: leave.signal }
  const events = jobEvents(job.manifest.cid, given, { pauseMs: 1, heartbeatMs: 600 })
  assert.match(`${Buffer.from((await events.next()).value ?? [])}`, /^id: 1\nevent: status/)
  // no event: only the heartbeat, and then one more look, since time alone can change a status
  assert.equal(`${Buffer.from((await events.next()).value ?? [])}`, ': still here\n\n')
  assert.equal(looks, 1)
  const next = events.next()
  listener()
  listener()
  assert.equal(`${Buffer.from((await next).value ?? [])}`, ': still here\n\n')
  assert.ok(looks <= 3, `${looks} looks for two changes`)
  const last = events.next()
  leave.abort()
  assert.equal((await last).done, true)
  assert.equal(process.fault, undefined)
  gate.resolve()
})

test('what others do is a change, our own looks are none, in whichever order they are heard of', async () => {
  let heard = () => {}
  const answers: ((answer: Answer) => void)[] = []
  const asking = openAsking({
    call: () => new Promise((resolve) => answers.push(resolve)),
    watch: (listener) => {
      heard = listener
      return () => {}
    },
  })
  let changes = 0
  asking.onChange(() => (changes += 1))
  const look = () => asking.look({ type: 'nodes' }, 'nodes')
  const answer = () => answers.shift()?.({ type: 'nodes', nodes: [] })

  const one = look()
  answer()
  await one
  heard()
  assert.equal(changes, 0)
  // two looks and one event of somebody else
  const two = [look(), look()]
  for (const _ of [1, 2, 3]) heard()
  assert.equal(changes, 1)
  answer()
  answer()
  await Promise.all(two)
  heard()
  assert.equal(changes, 2)
  // what is asked to change something is a change
  const bids = asking.ask({ type: 'nodes' }, 'nodes')
  heard()
  answer()
  await bids
  assert.equal(changes, 3)
})

test('a look that was never taken up leaves nothing to wait for', async () => {
  let heard = () => {}
  const asking = openAsking({
    call: async () => {
      throw new Refusal('OVERLOADED', 'too many events are waiting')
    },
    watch: (listener) => {
      heard = listener
      return () => {}
    },
  })
  let changes = 0
  asking.onChange(() => (changes += 1))
  await refuses(() => asking.look({ type: 'nodes' }, 'nodes'), 'OVERLOADED')
  heard()
  assert.equal(changes, 1)
})

test('a client that leaves frees its stream; above the limit one is refused', async () => {
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand(gated(gate.promise))
  const { control } = stand
  const job = await stand.mesh.submit()
  const path = `/v0/jobs/${job.manifest.cid}/events`
  const streams: { sent: ClientRequest; incoming: IncomingMessage }[] = []
  for (let open = 0; open < LIMITS.controlStreamsMax; open++) {
    const stream = await begin(control, path)
    assert.equal(stream.incoming.statusCode, 200)
    streams.push(stream)
  }
  const refused = await refusedWith(control, path)
  assert.equal(refused.line, '503 OVERLOADED')
  assert.equal(refused.headers['retry-after'], '1')
  // other questions are answered all the same
  assert.equal((await ask(control, '/v0/node')).status, 200)
  assert.equal((await ask(control, path, { method: 'HEAD' })).status, 503)
  streams[0]?.sent.destroy()
  let status = 503
  for (let tries = 0; tries < 200 && status === 503; tries++) {
    const { sent, incoming } = await begin(control, path)
    status = incoming.statusCode as number
    sent.destroy()
  }
  assert.equal(status, 200)
  for (const { sent } of streams) sent.destroy()
  gate.resolve()
})

test('HEAD of an event stream opens none', async () => {
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand(gated(gate.promise))
  const job = await stand.mesh.submit()
  const path = `/v0/jobs/${job.manifest.cid}/events`
  for (let tries = 0; tries < 2 * LIMITS.controlStreamsMax; tries++) {
    const { status, headers } = await ask(stand.control, path, { method: 'HEAD' })
    assert.equal(status, 200)
    assert.equal(headers['content-type'], MEDIA.events)
  }
  gate.resolve()
})

test('a reader of events may stop at any time, and a stop is no failure', async () => {
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand(gated(gate.promise))
  const job = await stand.mesh.submit()
  const stop = new AbortController()
  const seen = []
  for await (const event of stand.client.events(job.manifest.cid, stop.signal)) {
    seen.push(event.type)
    stop.abort()
  }
  assert.deepEqual(seen, ['status'])
  gate.resolve()
})

test('when the control API closes, whoever follows a job hears that the node is away', async () => {
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand(gated(gate.promise))
  const job = await stand.mesh.submit()
  const events = stand.client.events(job.manifest.cid)
  assert.equal((await events.next()).value?.type, 'status')
  const closed = stand.control.close()
  await refuses(async () => {
    for await (const _ of events);
  }, 'NODE_AWAY')
  await closed
  gate.resolve()
})

test('fifty MiB are taken in no faster than they are stored', async () => {
  let stored = 0
  const blocks: Pick<Blocks, 'put' | 'get' | 'has'> = {
    async put(some) {
      // a disk that is slower than the source
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const { bytes } of some) stored += bytes.length
    },
    get: async () => undefined,
    has: async () => false,
  }
  await using stand = await openStand({}, { blocks })
  const file = encodeFile(bytesOf(50 * MiB))
  const total = file.blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
  let given = 0
  let most = 0
  async function* source(): AsyncGenerator<Block> {
    for (const block of file.blocks) {
      given += block.bytes.length
      most = Math.max(most, given - stored)
      yield block
    }
  }
  const answer = await stand.client.putBlocks(source())
  assert.deepEqual(answer, { blocks: file.blocks.length, bytes: total })
  assert.equal(stored, total)
  assert.ok(most < 20 * MiB, `${most / MiB} MiB were somewhere between the source and the store`)
})

test('fifty MiB are sent no faster than they are read', async () => {
  const file = encodeFile(bytesOf(50 * MiB))
  const byCid = new Map(file.blocks.map(({ cid, bytes }) => [textOf(cid), bytes]))
  let read = 0
  const get = async (cid: CID) => {
    const bytes = byCid.get(textOf(cid))
    read += bytes?.length ?? 0
    return bytes
  }
  const blocks = { get, put: async () => {}, has: async () => true }
  await using stand = await openStand({}, { blocks })
  const dag = stand.client.dag(file.cid)
  const first = await dag.next()
  assert.ok((first.value as Block).cid.equals(file.cid))
  let before = -1
  while (before !== read) {
    before = read
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.ok(read < 25 * MiB, `${read / MiB} MiB were read for somebody who reads nothing`)
  const taken = new Map<string, Uint8Array>([[textOf(file.cid), (first.value as Block).bytes]])
  for await (const { cid, bytes } of dag) taken.set(textOf(cid), bytes)
  const again = readFile({ cid: file.cid, bytes: file.bytes }, (cid) => taken.get(textOf(cid)))
  assert.ok(Buffer.from(again).equals(bytesOf(50 * MiB)))
})

test('a directory comes whole, each block once, parents before their parts', async () => {
  await using stand = await openStand()
  const { client } = stand
  const same = bytesOf(3 * MiB)
  const files = [
    { path: 'a/one.bin', bytes: same },
    { path: 'a/two.bin', bytes: same },
    { path: 'b.txt', bytes: new TextEncoder().encode('b') },
  ]
  const directory = encodeDirectory(files)
  await client.putBlocks(directory.blocks)
  const taken = new Map<string, Uint8Array>()
  for await (const { cid, bytes } of client.dag(directory.cid)) {
    assert.ok(!taken.has(textOf(cid)))
    taken.set(textOf(cid), bytes)
  }
  const { cid, bytes } = directory
  assert.deepEqual(
    readDirectory({ cid, bytes }, (cid) => taken.get(textOf(cid))),
    files,
  )
})

test('a file of which a part is missing is refused by name, after the parts that are there', async () => {
  await using stand = await openStand()
  const file = encodeFile(bytesOf(20 * MiB))
  const missing = file.blocks[15] as Block
  await stand.client.putBlocks(file.blocks.filter((block) => block !== missing))
  let blocks = 0
  await assert.rejects(
    async () => {
      for await (const _ of stand.client.dag(file.cid)) blocks += 1
    },
    { code: 'BLOCK_MISSING', detail: `nobody has ${missing.cid}` },
  )
  assert.equal(blocks, 16, 'the root and fifteen leaves')
})

test('blocks that nobody could read are refused, and nothing of them is stored', async () => {
  await using stand = await openStand()
  const { client, mesh } = stand
  const put = (cid: CID, bytes: Uint8Array) => client.putBlocks([{ cid, bytes }])
  const text = new TextEncoder().encode('text')
  const wrong = cidOf('raw', bytesOf(4))
  await refuses(() => put(wrong, text), 'BLOCK_CID_MISMATCH')
  await refuses(
    () => put(cidOf('dag-cbor', Uint8Array.of(0xff)), Uint8Array.of(0xff)),
    'BLOCK_MALFORMED',
  )
  await refuses(() => put(cidOf('dag-pb', text), text), 'FILE_MALFORMED')
  const long = bytesOf(MiB + 1)
  await refuses(() => put(cidOf('raw', long), long), 'BLOCK_TOO_LARGE')
  await refuses(() => put(cidOf('raw', bytesOf(3 * MiB)), bytesOf(3 * MiB)), 'FILE_MALFORMED')
  assert.equal(await mesh.machine('bruno').blocks.has(cidOf('dag-pb', text)), false)
  assert.deepEqual(await put(cidOf('raw', text), text), { blocks: 1, bytes: 4 })
})

test('an upload whose source fails is over with that failure, and stores no half block', async () => {
  await using stand = await openStand()
  const { client, mesh } = stand
  const file = encodeFile(bytesOf(8 * MiB))
  async function* failing(): AsyncGenerator<Block> {
    yield* file.blocks.slice(0, 2)
    throw new RangeError('the disk is gone')
  }
  await assert.rejects(client.putBlocks(failing()), /the disk is gone/)
  assert.equal(await mesh.machine('bruno').blocks.has(file.cid), false)
  assert.equal((await client.putBlocks(file.blocks)).blocks, file.blocks.length)
})

test('a body that stops coming is given up', async () => {
  const { bodyChunks } = await import('../src/control/request-body.ts')
  const { createServer } = await import('node:http')
  const ended = Promise.withResolvers<unknown>()
  const server = createServer((incoming, outgoing) => {
    const take = async () => {
      for await (const _ of bodyChunks(incoming, MiB, 20));
    }
    take().then(ended.reject, (error) => {
      ended.resolve(error)
      outgoing.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const headers = { authorization: TOKEN, 'content-length': 10 }
  const sent = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false })
  sent.on('error', () => {})
  sent.write('half')
  assert.equal(((await ended.promise) as { code: string }).code, 'REQUEST_TIMEOUT')
  sent.destroy()
  server.close()
})
