// CAR files as streams: what one end writes the other reads, however it is cut; what is none is
// refused by name, and never held in memory because it says that it is large.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCar, writeCar } from '@planetary-mesh/peer'
import { type Block, cidOf, encodeBlock, encodeFile, LIMITS, textOf } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { carPieces, readCarStream } from '../src/control/car-stream.ts'
import { refuses } from './control-stage.ts'

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return new Uint8Array(Buffer.concat(parts))
}

async function* cut(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Uint8Array, size = 65_536) {
  const car = await readCarStream(cut(bytes, size))
  const blocks: Block[] = []
  for await (const block of car.blocks) blocks.push(block)
  return { roots: car.roots, blocks }
}

const shown = (blocks: readonly Block[]) =>
  blocks.map(({ cid, bytes }) => `${textOf(cid)} ${Buffer.from(bytes).toString('hex')}`)

const ONE = encodeBlock({ one: 1 })
const HEADER = encodeBlock({ version: 1, roots: [] }).bytes
const FRONT = Uint8Array.from([HEADER.length, ...HEADER])
const section = (...parts: Uint8Array[]) => {
  const all = Buffer.concat(parts)
  return Uint8Array.from([...FRONT, all.length, ...all])
}

test('blocks come out as they went in, in chunks of any size', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(bytes, { maxLength: 12 }),
      fc.integer({ min: 1, max: 400 }),
      async (all, size) => {
        const blocks = all.map((bytes) => ({ cid: cidOf('raw', bytes), bytes }))
        const roots = blocks.slice(0, 1).map(({ cid }) => cid)
        const car = await read(await bytesOf(carPieces(roots, blocks)), size)
        assert.deepEqual(car.roots.map(textOf), roots.map(textOf))
        assert.deepEqual(shown(car.blocks), shown(blocks))
      },
    ),
    { numRuns: 100 },
  )
})

test('a stream is the same file that is written to disk, and a file is read as a stream', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'car-'))
  t.after(() => rm(folder, { recursive: true }))
  const { cid, blocks } = encodeFile(crypto.getRandomValues(new Uint8Array(60_000)))
  const path = join(folder, 'one.car')
  await writeCar(path, [cid], [...blocks, ONE])
  const written = new Uint8Array(await readFile(path))
  assert.deepEqual(await bytesOf(carPieces([cid], [...blocks, ONE])), written)
  assert.deepEqual(shown((await read(written)).blocks), shown([...blocks, ONE]))
  await writeFile(join(folder, 'two.car'), await bytesOf(carPieces([cid], blocks)))
  assert.equal((await readCar(join(folder, 'two.car'))).blocks.size, 1)
})

test('the largest block passes, and one byte more is refused', async () => {
  const most = new Uint8Array(LIMITS.blockBytesMax)
  const largest = { cid: cidOf('raw', most), bytes: most }
  assert.equal((await read(await bytesOf(carPieces([], [largest])))).blocks.length, 1)
  const more = new Uint8Array(LIMITS.blockBytesMax + 1)
  const bytes = await bytesOf(carPieces([], [{ cid: cidOf('raw', more), bytes: more }]))
  await refuses(() => read(bytes), 'FILE_MALFORMED')
})

test('what is cut short is refused wherever it is cut but between blocks', async () => {
  const bytes = await bytesOf(carPieces([ONE.cid], [ONE, encodeBlock('two')]))
  const whole = (await bytesOf(carPieces([ONE.cid], []))).length
  const between = [whole, whole + 1 + 36 + ONE.bytes.length]
  for (let length = 0; length < bytes.length; length++) {
    const part = bytes.subarray(0, length)
    if (between.includes(length)) assert.ok((await read(part)).blocks.length < 2)
    else await refuses(() => read(part), 'FILE_MALFORMED')
  }
})

test('what is no CAR file, or holds what is no block, is refused by name', async () => {
  const v2 = encodeBlock({ version: 2 }).bytes
  const wrong = cidOf('raw', ONE.bytes).bytes
  const cases: [string, Uint8Array, Parameters<typeof refuses>[1]][] = [
    ['version 2', Uint8Array.from([v2.length, ...v2]), 'FILE_MALFORMED'],
    ['a header of nothing', Uint8Array.of(0), 'FILE_MALFORMED'],
    ['a header of 256 MiB', Uint8Array.of(0xff, 0xff, 0xff, 0x7f), 'FILE_MALFORMED'],
    [
      'a length without an end',
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
      'FILE_MALFORMED',
    ],
    ['a length that is padded', Uint8Array.of(0xff, 0x00), 'FILE_MALFORMED'],
    ['another, of a section', Uint8Array.from([...FRONT, 0xa4, 0x80, 0x00]), 'FILE_MALFORMED'],
    ['a section of nothing', Uint8Array.from([...FRONT, 0]), 'FILE_MALFORMED'],
    ['a section of a CID alone, cut', section(ONE.cid.bytes.subarray(0, 35)), 'FILE_MALFORMED'],
    ['no CID', section(new Uint8Array(40).fill(0xff)), 'CID_REFUSED'],
    ['a CIDv0', section(ONE.cid.multihash.bytes, new Uint8Array(10)), 'CID_REFUSED'],
    ['other bytes', section(ONE.cid.bytes, encodeBlock('other').bytes), 'BLOCK_CID_MISMATCH'],
    ['an empty block', section(ONE.cid.bytes), 'BLOCK_CID_MISMATCH'],
  ]
  for (const [what, bytes, code] of cases) {
    await assert.doesNotReject(() => refuses(() => read(bytes), code), what)
  }
  // the same bytes under a raw CID are a block
  assert.equal((await read(section(wrong, ONE.bytes))).blocks.length, 1)
})

test('a source is left when its reader leaves, and read no further', async () => {
  let isLeft = false
  let given = 0
  const bytes = await bytesOf(carPieces([], [ONE, encodeBlock(2), encodeBlock(3), encodeBlock(4)]))
  async function* chunks() {
    try {
      for await (const chunk of cut(bytes, 8)) {
        given += chunk.length
        yield chunk
      }
    } finally {
      isLeft = true
    }
  }
  const { blocks } = await readCarStream(chunks())
  for await (const _ of blocks) break
  assert.equal(isLeft, true)
  assert.ok(given < bytes.length)
  isLeft = false
  bytes[1] = 0xff
  await refuses(() => readCarStream(chunks()), 'FILE_MALFORMED')
  assert.equal(isLeft, true)
})
