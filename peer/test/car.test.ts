// CAR files as others read and write them, and as nobody should.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CarReader, CarWriter } from '@ipld/car'
import { readCar, writeCar } from '@planetary-mesh/peer'
import { type Block, type CID, encodeBlock, encodeFile, LIMITS } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { CID as AnyCID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { blockOf, bytesOf, refuses } from './exams/refuses.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'car-'))
})
after(() => rm(folder, { recursive: true }))

const FILE = encodeFile(new Uint8Array(2_500_000).map((_, at) => at % 249))
const RECORD = encodeBlock({ kind: 'x', link: FILE.cid })
const BLOCKS: Block[] = [...FILE.blocks, RECORD, blockOf('')]

async function written(name: string, roots = [RECORD.cid], blocks = BLOCKS): Promise<string> {
  const path = join(folder, name)
  await writeCar(path, roots, blocks)
  return path
}

const texts = (cids: Iterable<CID>) => [...cids].map(String)
const same = (found: Iterable<Block>, expected: readonly Block[]) => {
  const all = [...found]
  assert.deepEqual(texts(all.map(({ cid }) => cid)), texts(expected.map(({ cid }) => cid)))
  for (const [at, { bytes }] of all.entries()) {
    assert.equal(Buffer.compare(bytes, expected[at]?.bytes ?? bytesOf('?')), 0)
  }
}

test('what is written is read again, in its order', async () => {
  const car = await readCar(await written('whole.car', [RECORD.cid, FILE.cid]))
  assert.deepEqual(texts(car.roots), texts([RECORD.cid, FILE.cid]))
  same(car.blocks.values(), BLOCKS)
})

test('a file without roots and blocks is one', async () => {
  const car = await readCar(await written('empty.car', [], []))
  assert.deepEqual([car.roots.length, car.blocks.size], [0, 0])
})

test('others read what we write', async () => {
  const reader = await CarReader.fromBytes(await readFile(await written('ours.car')))
  assert.deepEqual(texts((await reader.getRoots()) as CID[]), texts([RECORD.cid]))
  const blocks: Block[] = []
  for await (const { cid, bytes } of reader.blocks()) blocks.push({ cid: cid as CID, bytes })
  same(blocks, BLOCKS)
})

test('we read what others write', async () => {
  const { writer, out } = CarWriter.create([FILE.cid])
  const parts: Uint8Array[] = []
  const draining = (async () => {
    for await (const part of out) parts.push(part)
  })()
  for (const block of BLOCKS) await writer.put(block)
  await writer.close()
  await draining
  const path = join(folder, 'theirs.car')
  await writeFile(path, Buffer.concat(parts))
  const car = await readCar(path)
  assert.deepEqual(texts(car.roots), texts([FILE.cid]))
  same(car.blocks.values(), BLOCKS)
})

test('a block is written once, read as often as it is the same, and refused when it is not', async () => {
  const path = join(folder, 'doubled.car')
  const counts = await writeCar(path, [], [blockOf('a'), blockOf('a'), blockOf('bc')])
  assert.deepEqual(counts, { blocks: 2, bytes: 3 })
  const bytes = await readFile(path)
  const section = bytes.subarray(bytes.length - 39)
  await writeFile(path, Buffer.concat([bytes, section]))
  const { blocks } = await readCar(path)
  assert.equal(Buffer.from(blocks.get(`${blockOf('bc').cid}`)?.bytes ?? []).toString(), 'bc')
  const altered = Buffer.from(section)
  altered[38] = (altered[38] ?? 0) ^ 1
  await writeFile(path, Buffer.concat([bytes, altered]))
  await refuses(() => readCar(path), 'BLOCK_CID_MISMATCH')
})

test('blocks are read as they are: whoever uses one hashes it', async () => {
  const lie = { cid: blockOf('true').cid, bytes: bytesOf('false') }
  const { blocks } = await readCar(await written('lie.car', [], [lie]))
  assert.equal(Buffer.from(blocks.get(`${lie.cid}`)?.bytes ?? []).toString(), 'false')
})

test('a file that is cut anywhere but between two blocks is refused', async () => {
  const small = [blockOf('a'), RECORD]
  const path = await written('cut.car', [RECORD.cid], small)
  const whole = await readFile(path)
  const ends = [
    whole.length - RECORD.bytes.length - 37,
    whole.length - RECORD.bytes.length - 37 - 38,
  ]
  for (let length = whole.length - 1; length >= 0; length--) {
    await truncate(path, length)
    if (ends.includes(length)) await readCar(path)
    else await refuses(() => readCar(path), 'FILE_MALFORMED')
  }
})

test('no bytes whatever are more than refused', async () => {
  const path = join(folder, 'noise.car')
  const whole = await readFile(await written('small.car', [RECORD.cid], [blockOf('a'), RECORD]))
  const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), to: fc.nat({ max: 255 }) })
  const check = async (changes: { at: number; to: number }[], tail: Uint8Array) => {
    const bytes = Buffer.from(whole)
    for (const { at, to } of changes) bytes[at] = to
    await writeFile(path, Buffer.concat([bytes, tail]))
    try {
      await readCar(path)
    } catch (thrown) {
      assert.equal((thrown as { code?: string }).code, 'FILE_MALFORMED', String(thrown))
    }
  }
  const changes = fc.array(change, { minLength: 1, maxLength: 4 })
  await fc.assert(fc.asyncProperty(changes, fc.uint8Array({ maxLength: 20 }), check), {
    numRuns: 300,
  })
})

test('what is not a CAR file, of version 2, or of foreign blocks is refused', async () => {
  const header = encodeBlock({ version: 2 }).bytes
  const foreign = AnyCID.createV1(0x55, identity.digest(bytesOf('x')))
  const start = await readFile(await written('start.car', [], []))
  const section = Buffer.from([foreign.bytes.length + 1, ...foreign.bytes, 7])
  const large = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, ...blockOf('x').cid.bytes])
  const files: [string, Uint8Array][] = [
    ['empty', bytesOf('')],
    ['text', bytesOf('once upon a time, a file that was no CAR')],
    ['version', Buffer.concat([Buffer.from([header.length]), header])],
    ['foreign', Buffer.concat([start, section])],
    ['zero', Buffer.concat([start, Buffer.from([0])])],
    ['large', Buffer.concat([start, large, Buffer.alloc(100)])],
  ]
  for (const [name, bytes] of files) {
    const path = join(folder, `${name}.car`)
    await writeFile(path, bytes)
    await refuses(() => readCar(path), 'FILE_MALFORMED')
  }
})

test('a file larger than any may be is refused unread', async () => {
  const path = await written('huge.car')
  await truncate(path, LIMITS.carBytesMax + 1)
  await refuses(() => readCar(path), 'FILE_TOO_LARGE')
})

test('a write that fails leaves what was there, and nothing beside it', async () => {
  const path = await written('kept.car', [], [blockOf('before')])
  async function* failing() {
    yield blockOf('after')
    throw new Error('the source failed')
  }
  await assert.rejects(() => writeCar(path, [], failing()), /the source failed/)
  const large = { cid: blockOf('x').cid, bytes: new Uint8Array(LIMITS.blockBytesMax + 1) }
  await refuses(() => writeCar(path, [], [large]), 'BLOCK_TOO_LARGE')
  const many = Array.from({ length: 2000 }, () => RECORD.cid)
  await refuses(() => writeCar(path, many, []), 'BLOCK_TOO_LARGE')
  same((await readCar(path)).blocks.values(), [blockOf('before')])
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith('.part')),
    [],
  )
})

test('the disk’s own errors are told as they are', async () => {
  await assert.rejects(() => readCar(join(folder, 'absent.car')), { code: 'ENOENT' })
  await assert.rejects(() => writeCar(join(folder, 'no', 'x.car'), [], []), { code: 'ENOENT' })
})
