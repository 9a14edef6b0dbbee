// What a keeper keeps for a home, for whom, and what it refuses to keep.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Blocks, openMemoryDisk } from '@planetary-mesh/peer'
import { type CID, type Did, LIMITS, type Manifest, openAny, textOf } from '@planetary-mesh/spec'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  makeHold,
  mallory,
  startMs,
} from '../../spec/test/rules/world.ts'
import { openKeepFiles } from '../src/keeping/keep-files.ts'
import { askKeep, serveKeep } from '../src/keeping/keep-protocol.ts'
import { bytesOf, gate, refuses } from './exams/refuses.ts'
import { ballots, FILES, jobOf, module, refOf, words } from './keeping-jobs.ts'
import { didFor, diskInMemory, openMeeting } from './libp2p-network.ts'

const never = new AbortController().signal

/** A keeper with an empty disk of `bytesMax`, and whoever else has `files`. */
function keeper(given: { files?: typeof FILES; bytesMax?: number; get?: Blocks['get'] } = {}) {
  const { files = FILES, bytesMax } = given
  const elsewhere = new Map(files.map(({ cid, bytes }) => [textOf(cid), bytes]))
  const fetched: string[] = []
  const disk = openMemoryDisk({
    ...(bytesMax === undefined ? {} : { bytesMax }),
    async fetch(cid) {
      fetched.push(textOf(cid))
      return given.get === undefined ? elsewhere.get(textOf(cid)) : given.get(cid)
    },
  })
  const logged = new Set<string>()
  const time = { nowMs: startMs }
  const keep = openKeepFiles({
    blocks: disk.openBlocks(),
    open: (bytes) => openAny(bytes),
    charterNow: () => CHARTER,
    isLogged: (job) => logged.has(job),
    storage: () => ({ usedBytes: 0, maxBytes: bytesMax ?? null }),
    nowMs: () => time.nowMs,
  })
  const keepFor = (job: Manifest, who: Did = bruno.did, signal = never) =>
    keep(who, job.bytes, signal)
  return { disk, keep, keepFor, fetched, logged, time }
}

test('module, stdin and inputs are durable at the keeper when it says yes', async () => {
  const { disk, keepFor, fetched } = keeper()
  await keepFor(jobOf())
  disk.crash()
  const blocks = disk.openBlocks()
  for (const { cid } of FILES) assert.equal(await blocks.has(cid), true, `${cid}`)
  assert.equal(fetched.length, FILES.length)
})

test('two homes that ask for one job at a time are one fetching; held files are none', async () => {
  const { keepFor, fetched } = keeper()
  const job = jobOf()
  await Promise.all([keepFor(job), keepFor(job)])
  await keepFor(jobOf())
  assert.equal(fetched.length, FILES.length)
})

test('only a home is heard, and only with a manifest that its author sealed', async () => {
  const { keep, keepFor, fetched } = keeper()
  const job = jobOf()
  for (const { did } of [chiara, alice, mallory]) {
    await refuses(() => keep(did, bytesOf('not even read'), never), 'ROLE_MISSING')
    await refuses(() => keepFor(job, did), 'ROLE_MISSING')
  }
  const forged = job.bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  await refuses(() => keep(bruno.did, forged, never), 'SIGNATURE_INVALID')
  await refuses(() => keep(bruno.did, makeHold(job).bytes, never), 'RECORD_KIND_MISMATCH')
  await refuses(() => keep(bruno.did, bytesOf('no block'), never), 'BLOCK_MALFORMED')
  assert.deepEqual(fetched, [])
})

test('what is above the limits of a job is not fetched', async () => {
  const { keepFor, fetched } = keeper()
  const large = { cid: module.cid, bytes: LIMITS.moduleBytesMax + 1 }
  await refuses(() => keepFor(jobOf({ module: large })), 'FILE_TOO_LARGE')
  const half = { cid: ballots.cid, bytes: LIMITS.inputBytesMax }
  const inputs = [
    { name: 'a', file: half },
    { name: 'b', file: refOf(words) },
  ]
  await refuses(() => keepFor(jobOf({ inputs })), 'LIMIT_EXCEEDED')
  assert.deepEqual(fetched, [])
})

test('a file that is larger than its manifest says is not fetched to its end', async () => {
  const { keepFor, fetched } = keeper()
  const file = { cid: ballots.cid, bytes: 1_500_000 }
  const job = jobOf({ stdin: null, inputs: [{ name: 'x', file }] })
  await refuses(() => keepFor(job), 'FILE_MALFORMED')
  // the module and the root of the input
  assert.equal(fetched.length, 2)
  const short = jobOf({ stdin: { cid: words.cid, bytes: 1 }, inputs: [] })
  await refuses(() => keepFor(short), 'FILE_TOO_LARGE')
})

test('a keeper without room refuses before it fetches, and in the middle', async () => {
  const small = keeper({ bytesMax: 1_000_000 })
  await refuses(() => small.keepFor(jobOf()), 'STORE_FULL')
  assert.deepEqual(small.fetched, [])
  const other = openMemoryDisk({ bytesMax: 1_500_000, fetch: async (cid) => blockOf(cid) })
  const keep = openKeepFiles({
    blocks: other.openBlocks(),
    open: (bytes) => openAny(bytes),
    charterNow: () => CHARTER,
    isLogged: () => false,
    storage: () => ({ usedBytes: 0, maxBytes: null }),
    nowMs: () => startMs,
  })
  await refuses(() => keep(bruno.did, jobOf().bytes, never), 'STORE_FULL')
})

const blockOf = (cid: CID) => FILES.find((block) => block.cid.equals(cid))?.bytes

test('a file that nobody has is not kept, and is asked for again the next time', async () => {
  const { keepFor } = keeper({ files: module.blocks as typeof FILES })
  const job = jobOf()
  await refuses(() => keepFor(job), 'BLOCK_MISSING')
  await refuses(() => keepFor(job), 'BLOCK_MISSING')
  await keepFor(jobOf({ stdin: null, inputs: [] }))
})

test('one home has so much kept that nobody pays for, until it is in the log or time is over', async () => {
  const { keepFor, logged, time } = keeper({ get: async () => undefined })
  const file = { cid: ballots.cid, bytes: LIMITS.inputBytesMax - LIMITS.moduleBytesMax }
  const huge = () => jobOf({ stdin: null, inputs: [{ name: 'x', file }] })
  const first = huge()
  // nobody has them: what is counted is what was asked for
  await refuses(() => keepFor(first), 'BLOCK_MISSING')
  await refuses(() => keepFor(huge()), 'BLOCK_MISSING')
  await refuses(() => keepFor(huge()), 'LIMIT_EXCEEDED')
  logged.add(textOf(first.cid))
  await refuses(() => keepFor(huge()), 'BLOCK_MISSING')
  await refuses(() => keepFor(huge()), 'LIMIT_EXCEEDED')
  time.nowMs += LIMITS.keepUnpaidMs
  await refuses(() => keepFor(huge()), 'BLOCK_MISSING')
})

test('a keeper fetches for few at a time; who waited too long for a turn is refused', async () => {
  const door = gate()
  const { keepFor } = keeper({
    get: async (cid) => {
      await door.pass
      return blockOf(cid)
    },
  })
  const going = Array.from({ length: LIMITS.keepsMax }, () => keepFor(jobOf()))
  const late = new AbortController()
  const waiting = keepFor(jobOf(), bruno.did, late.signal)
  waiting.catch(() => {})
  late.abort()
  door.open()
  await Promise.all(going)
  await refuses(() => waiting, 'OVERLOADED')
})

test('the home that asks is where the files are looked for first, and nobody who may not ask', async () => {
  const expected: Did[] = []
  const keep = openKeepFiles({
    blocks: openMemoryDisk({ fetch: async (cid) => blockOf(cid) }).openBlocks(),
    open: (bytes) => openAny(bytes),
    charterNow: () => CHARTER,
    isLogged: () => false,
    storage: () => ({ usedBytes: 0, maxBytes: null }),
    nowMs: () => startMs,
    expectBlocksAt: (home) => expected.push(home),
  })
  await refuses(() => keep(chiara.did, jobOf().bytes, never), 'ROLE_MISSING')
  await keep(bruno.did, jobOf().bytes, never)
  assert.deepEqual(expected, [bruno.did])
})

test('who is expected to have a block is asked first, alone where it has it', async () => {
  const meeting = openMeeting()
  const asked: string[] = []
  /** A disk that tells who was asked whether it has a block. */
  const watched = (name: string) => {
    const disk = diskInMemory()
    const openBlocks: typeof disk.openBlocks = (options) => {
      const opened = disk.openBlocks(options)
      const has: typeof opened.has = (cid) => {
        asked.push(name)
        return opened.has(cid)
      }
      return { ...opened, has }
    }
    return { disk: { openBlocks } }
  }
  const at = await meeting.join('bruno', watched('bruno'))
  await meeting.join('dora', watched('dora'))
  const keeperNode = await meeting.join('chiara')
  await at.blocks.put(FILES)
  asked.length = 0
  keeperNode.expectBlocksAt(at.did)
  assert.ok(await keeperNode.blocks.get(words.cid))
  assert.deepEqual(new Set(asked), new Set(['bruno']))
  await meeting.close()
})

test('over the network: the files are there for others when the home is gone', async () => {
  const meeting = openMeeting()
  const at = await meeting.join('bruno')
  const keeperNode = await meeting.join('dora')
  const executor = await meeting.join('chiara')
  const { body } = CHARTER
  const members = body.members.map((member) => ({ ...member, did: didFor(member.name) }))
  const charter = { ...CHARTER, body: { ...body, members } }
  const keepFiles = openKeepFiles({
    blocks: keeperNode.blocks,
    open: (bytes) => openAny(bytes),
    charterNow: () => charter,
    isLogged: () => false,
    storage: () => ({ usedBytes: 0, maxBytes: null }),
    nowMs: () => startMs,
  })
  await serveKeep(keeperNode, keepFiles)
  await at.blocks.put(FILES)
  const job = jobOf()
  await refuses(() => askKeep(executor, keeperNode.did, job, never), 'ROLE_MISSING')
  await refuses(() => askKeep(at, executor.did, job, never), 'PEER_AWAY')
  await askKeep(at, keeperNode.did, job, never)
  await at.close()
  for (const { cid, bytes } of FILES) assert.deepEqual(await executor.blocks.get(cid), bytes)
  await meeting.close()
})
