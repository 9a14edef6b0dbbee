/**
 * Throws mangled bytes at everything that reads bytes of strangers: what is accepted must encode to
 * itself again, everything else must be a `Refusal`; anything else thrown stops the run.
 *
 *     node tools/node.js --conditions=source tools/fuzz-blocks.ts --count 1000000 --seed 1
 */
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import * as dagPb from '@ipld/dag-pb'
import {
  cidOf,
  cosign,
  type Did,
  decodeBlock,
  encodeBlock,
  encodeDirectory,
  encodeFile,
  openAny,
  openCheckpoint,
  openCosignature,
  originOf,
  Refusal,
  readNode,
  signCheckpoint,
  verifySignature,
} from '@planetary-mesh/spec'
import { blockVectors } from './vectors/blocks.ts'
import { CHAIN } from './vectors/chain.ts'
import { contentOf } from './vectors/files.ts'
import { fromBase64, fromHex } from './vectors/json.ts'
import { dora, emil } from './vectors/people.ts'
import { recordVectors } from './vectors/records.ts'

export type FuzzCounts = { accepted: number; refused: Record<string, number> }

/** Reads bytes, and checks what it was given: throws a Refusal, or an assertion if we are wrong. */
type Target = { corpus: readonly Uint8Array[]; read(bytes: Uint8Array): void }

/** Runs `count` mutations drawn from `seed`. The same arguments give the same counts. */
export function fuzzBlocks({ count, seed }: { count: number; seed: number }): FuzzCounts {
  const random = randomFrom(seed)
  const targets = [blocks(), records(), nodes(), notes()]
  const counts: FuzzCounts = { accepted: 0, refused: {} }
  for (let run = 0; run < count; run++) {
    const { corpus, read } = pick(targets, random)
    const bytes = mutated(corpus, random)
    try {
      read(bytes)
      counts.accepted++
    } catch (error) {
      if (!(error instanceof Refusal)) throw failure(run, seed, bytes, error)
      counts.refused[error.code] = (counts.refused[error.code] ?? 0) + 1
    }
  }
  return counts
}

function failure(run: number, seed: number, bytes: Uint8Array, cause: unknown): Error {
  const shown = Buffer.from(bytes.subarray(0, 2000)).toString('hex')
  return new Error(`run ${run} of seed ${seed}, bytes ${shown}: ${cause}`, { cause })
}

function blocks(): Target {
  const { accepted, refused } = blockVectors()
  const corpus = [...accepted, ...refused].map((one) => fromHex((one as { bytes: string }).bytes))
  return {
    corpus: [...corpus, ...Object.values(CHAIN).map((record) => record.bytes)],
    read: (bytes) => {
      const value = decodeBlock(bytes)
      assert.deepEqual(encodeBlock(value).bytes, Uint8Array.from(bytes))
    },
  }
}

/** The signature is asked last, and only about what everything else let through. */
function records(): Target {
  const honest = new Set(Object.values(CHAIN).map((record) => `${record.cid}`))
  // the refused ones too: a flaw may be mended, or joined by another
  const refused = recordVectors().flatMap(([, file]) =>
    file.refused.map((one) => fromBase64((one as { bytes: string }).bytes)),
  )
  return {
    corpus: [...Object.values(CHAIN).map((record) => record.bytes), ...refused],
    read: (bytes) => {
      let asked: [Did, Uint8Array, Uint8Array] | undefined
      const verify = (...question: [Did, Uint8Array, Uint8Array]) => {
        asked = question
        return true
      }
      const { kind, author, body, cid } = openAny(bytes, { verify })
      assert.ok(asked !== undefined)
      const again = encodeBlock({ kind, author, body, signature: asked[2] })
      assert.deepEqual(again.bytes, Uint8Array.from(bytes))
      assert.equal(verifySignature(...asked), honest.has(`${cid}`))
    },
  }
}

function nodes(): Target {
  const folder = encodeDirectory([
    { path: 'a', bytes: contentOf(3) },
    { path: 'b/c', bytes: contentOf(4) },
  ])
  const file = encodeFile(contentOf(2 ** 21 + 5))
  const corpus = [...folder.blocks, ...file.blocks]
    .filter(({ cid }) => cid.code === dagPb.code)
    .map(({ bytes }) => bytes)
  return {
    corpus,
    read: (bytes) => {
      readNode(cidOf('dag-pb', bytes), bytes)
      assert.deepEqual(Uint8Array.from(dagPb.encode(dagPb.decode(bytes))), Uint8Array.from(bytes))
    },
  }
}

function notes(): Target {
  const origin = originOf(CHAIN.charter.cid)
  const root = cidOf('raw', new Uint8Array()).multihash.digest
  const note = signCheckpoint({ origin, size: 4, root, charter: CHAIN.charter.cid }, dora)
  const cosigned = cosign(note, { atMs: 1_760_000_000_000 }, emil)
  return {
    corpus: [note, cosigned].map((text) => new TextEncoder().encode(text)),
    read: (bytes) => {
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
      if (text.includes('did:key:')) openCosignature(text)
      else openCheckpoint(text, { writer: dora.did })
      assert.ok(text === note || text === cosigned)
    },
  }
}

const EDGES = [0, 1, 0x17, 0x18, 0x1b, 0x1f, 0x3b, 0x40, 0x5b, 0x60, 0x7f, 0x80, 0x81, 0x9f]
const MORE_EDGES = [
  ...EDGES,
  0xa0,
  0xbb,
  0xbf,
  0xd8,
  0xf4,
  0xf6,
  0xf7,
  0xf9,
  0xfb,
  0xff,
  0x2a,
  0x0a,
]

/** One of the corpus with one to four changes; one in 200 is left as it was. */
function mutated(corpus: readonly Uint8Array[], random: () => number): Uint8Array {
  let bytes = Array.from(pick(corpus, random))
  if (random() < 0.005) return Uint8Array.from(bytes)
  for (let change = 1 + Math.floor(random() * 4); change > 0; change--) {
    const at = Math.floor(random() * (bytes.length + 1))
    const length = Math.floor(random() ** 3 * 40)
    const edge = pick(MORE_EDGES, random)
    switch (Math.floor(random() * 8)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8))
        break
      case 1:
        if (at < bytes.length) bytes[at] = edge
        break
      case 2:
        bytes.splice(at, length)
        break
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + length))
        break
      case 4:
        bytes.splice(at, 0, ...Array(length).fill(edge))
        break
      case 5:
        bytes.splice(at, length, ...Array.from(pick(corpus, random)).slice(at, at + length))
        break
      case 6:
        bytes = bytes.slice(0, at)
        break
      default:
        if (at < bytes.length)
          bytes[at] = ((bytes[at] as number) + (random() < 0.5 ? 1 : 255)) & 0xff
    }
  }
  return Uint8Array.from(bytes)
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T
}

/** Mulberry32: small, seeded, good enough to spread mutations. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
    },
  })
  const counts = fuzzBlocks({ count: Number(values.count), seed: Number(values.seed) })
  process.stdout.write(`${JSON.stringify(counts, null, 2)}\n`)
}
