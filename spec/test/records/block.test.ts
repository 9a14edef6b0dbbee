/** Blocks against hostile values and bytes: only refusals come out, and nothing slips by. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import { type CID, cidOf, decodeBlock, encodeBlock, LIMITS } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { anyText } from '../../../ccl-compiler/test/any-text.ts'
import { fromHex } from './vector-files.ts'

const cid = cidOf('dag-cbor', new Uint8Array([1]))
const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)])

describe('a value that no block gives back', () => {
  class Point {
    x = 1
  }
  const looping: unknown[] = []
  looping.push(looping)
  const refused: [name: string, value: unknown, code: string][] = [
    ['undefined', undefined, 'BLOCK_VALUE_REFUSED'],
    ['undefined in a map', { a: undefined }, 'BLOCK_VALUE_REFUSED'],
    ['a hole in a list', [1, undefined, 3], 'BLOCK_VALUE_REFUSED'],
    ['the largest list there is', new Array(2 ** 32 - 1), 'BLOCK_VALUE_REFUSED'],
    ['a fraction', 0.1, 'BLOCK_VALUE_REFUSED'],
    ['minus zero', -0, 'BLOCK_VALUE_REFUSED'],
    ['not a number', Number.NaN, 'BLOCK_VALUE_REFUSED'],
    ['infinity', Number.POSITIVE_INFINITY, 'BLOCK_VALUE_REFUSED'],
    ['2^53', 2 ** 53, 'BLOCK_VALUE_REFUSED'],
    ['a bigint', 1n, 'BLOCK_VALUE_REFUSED'],
    ['a symbol', Symbol('a'), 'BLOCK_VALUE_REFUSED'],
    ['a function', () => 1, 'BLOCK_VALUE_REFUSED'],
    ['a lone surrogate', '\uD800', 'BLOCK_VALUE_REFUSED'],
    ['a lone surrogate in a key', { '\uDC00': 1 }, 'BLOCK_VALUE_REFUSED'],
    ['a byte order mark', '\uFEFFa', 'BLOCK_VALUE_REFUSED'],
    ['a byte order mark in a key', { '\uFEFFa': 1 }, 'BLOCK_VALUE_REFUSED'],
    ['a Map', new Map([['a', 1]]), 'BLOCK_VALUE_REFUSED'],
    ['a Set', new Set([1]), 'BLOCK_VALUE_REFUSED'],
    ['a Date', new Date(0), 'BLOCK_VALUE_REFUSED'],
    ['an object of a class', new Point(), 'BLOCK_VALUE_REFUSED'],
    ['other numbers than bytes', new Uint16Array(2), 'BLOCK_VALUE_REFUSED'],
    ['clamped bytes', new Uint8ClampedArray(2), 'BLOCK_VALUE_REFUSED'],
    ['a buffer without a view', new ArrayBuffer(2), 'BLOCK_VALUE_REFUSED'],
    ['a symbol for a key', { [Symbol('a')]: 1 }, 'BLOCK_VALUE_REFUSED'],
    ['the key __proto__', JSON.parse('{"__proto__": {"a": 1}}'), 'BLOCK_VALUE_REFUSED'],
    ['an object that looks like a link', { '/': 'a', bytes: 'a' }, 'BLOCK_VALUE_REFUSED'],
    ['a link that says another digest than its bytes', lying(), 'CID_REFUSED'],
    ['a link to itself', cidOf('dag-pb', new Uint8Array()).toV0(), 'CID_REFUSED'],
    ['a list in itself', looping, 'BLOCK_TOO_DEEP'],
    ['65 lists', nested(64), 'BLOCK_TOO_DEEP'],
    ['a million lists', [...Array(1e6)].reduce((inner) => [inner], 0), 'BLOCK_TOO_DEEP'],
    ['2 MiB of bytes', new Uint8Array(LIMITS.blockBytesMax), 'BLOCK_TOO_LARGE'],
    ['text of 2 MiB', 'x'.repeat(LIMITS.blockBytesMax), 'BLOCK_TOO_LARGE'],
    ['one list 2^60 times over', doubled(60), 'BLOCK_TOO_LARGE'],
  ]
  for (const [name, value, code] of refused) {
    test(`${name} is refused`, () => {
      assert.throws(() => encodeBlock(value), { code })
      assert.throws(() => encodeBlock({ inside: [value] }), { code })
    })
  }

  function lying(): CID {
    const other = cidOf('dag-cbor', new Uint8Array([2]))
    const { version, code, bytes } = cid
    return { version, code, bytes, multihash: other.multihash, '/': bytes } as unknown as CID
  }

  function doubled(times: number): unknown {
    let list: unknown[] = [0]
    for (let time = 0; time < times; time++) list = [list, list]
    return list
  }
})

describe('encoding', () => {
  test('reads a getter once: what was judged is what is written', () => {
    let asked = 0
    const value = {
      get amount() {
        asked++
        return asked === 1 ? 1 : 0.5
      },
    }
    assert.deepEqual(decodeBlock(encodeBlock(value).bytes), { amount: 1 })
    assert.equal(asked, 1)
  })

  test('takes bytes of any view, and objects without a prototype', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2))
    const bare = Object.assign(Object.create(null), { a: 1 })
    const value = { a: Buffer.from([0, 0]), b: shared, c: bare }
    const expected = { a: new Uint8Array(2), b: new Uint8Array(2), c: { a: 1 } }
    assert.deepEqual(decodeBlock(encodeBlock(value).bytes), expected)
  })

  test('takes the link of another copy of the CID class', () => {
    const { version, code, multihash, bytes } = cid
    const foreign = { version, code, multihash, bytes, '/': bytes }
    assert.deepEqual(encodeBlock([foreign]).bytes, encodeBlock([cid]).bytes)
  })

  test('gives bytes in memory of their own, not a slice of a pool', () => {
    const { bytes } = encodeBlock({ small: 1 })
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
    assert.equal(bytes.buffer.byteLength, bytes.length)
  })
})

describe('decoding', () => {
  const { bytes } = encodeBlock({ a: [cid, new Uint8Array(3), 'text'] })

  test('shares no memory with the bytes it read', () => {
    for (const source of [Uint8Array.from(bytes), Buffer.from(bytes)]) {
      const value = decodeBlock(source)
      const before = structuredClone((value as { a: unknown[] }).a[1])
      source.fill(0xff)
      assert.deepEqual((value as { a: unknown[] }).a[1], before)
      assert.ok((value as { a: CID[] }).a[0]?.equals(cid))
    }
  })

  test('refuses what another thread could change while it is judged', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    assert.throws(() => decodeBlock(shared), { code: 'BLOCK_MALFORMED' })
  })

  test('refuses what is no bytes at all', () => {
    for (const value of [undefined, null, 'text', {}, [1], new ArrayBuffer(1)]) {
      assert.throws(() => decodeBlock(value as Uint8Array), { code: 'BLOCK_MALFORMED' })
    }
  })

  test('takes one CID for a block: that of DAG-CBOR, of these bytes', () => {
    decodeBlock(bytes, { cid: cidOf('dag-cbor', bytes) })
    assert.throws(() => decodeBlock(bytes, { cid }), { code: 'BLOCK_CID_MISMATCH' })
    assert.throws(() => decodeBlock(bytes, { cid: cidOf('raw', bytes) }), { code: 'CID_REFUSED' })
  })

  test('refuses above its limit before it looks, and takes the limit itself', () => {
    const large = encodeBlock(new Uint8Array(LIMITS.blockBytesMax - 5))
    assert.equal(large.bytes.length, LIMITS.blockBytesMax)
    decodeBlock(large.bytes)
    const bytesMax = LIMITS.blockBytesMax - 1
    assert.throws(() => decodeBlock(large.bytes, { bytesMax }), { code: 'BLOCK_TOO_LARGE' })
  })

  test('of a CIDv0 with a digest of 2 MB refuses without writing it in base58', () => {
    const digest = Buffer.concat([fromHex('0012e0fb73'), Buffer.alloc(1_900_000, 7)])
    const head = Buffer.alloc(7)
    head.writeUInt16BE(0xd82a)
    head.writeUInt8(0x5a, 2)
    head.writeUInt32BE(digest.length, 3)
    const error = refusalOf(() => decodeBlock(Buffer.concat([head, digest])))
    assert.equal(error.code, 'CID_REFUSED')
    assert.ok(error.detail.length < 100)
  })

  test('never quotes a key of a megabyte in its refusal', () => {
    const key = 'k'.repeat(1_000_000)
    const once = dagCbor.encode({ [key]: 1 }).subarray(1)
    const error = refusalOf(() => decodeBlock(Buffer.concat([fromHex('a2'), once, once])))
    assert.equal(error.code, 'BLOCK_MALFORMED')
    assert.ok(error.detail.length <= 200)
  })

  test('gives back any value, and writes the bytes of plain dag-cbor', () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      texts.filter((text) => !text.startsWith('\uFEFF')),
      fc.uint8Array(),
      fc.constant(cid),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('value')), map(tie('value'))),
    }))
    fc.assert(
      fc.property(value, (value) => {
        const block = encodeBlock(value)
        assert.deepEqual(decodeBlock(block.bytes, { cid: block.cid }), value)
        assert.deepEqual(block.bytes, Uint8Array.from(dagCbor.encode(value)))
      }),
      { numRuns: 200 },
    )
  })

  function map(value: fc.Arbitrary<unknown>) {
    const key = texts.filter((text) => !/^\uFEFF|^__proto__$|^\/$/.test(text))
    return fc.dictionary(key, value, { noNullPrototype: true })
  }
})

/** Of any characters, and those that fast-check knows to be trouble: names of an object's own. */
const texts = fc.oneof(anyText(10), fc.string())

function refusalOf(act: () => unknown): { code: string; detail: string } {
  try {
    act()
  } catch (error) {
    return error as { code: string; detail: string }
  }
  return assert.fail('nothing was refused')
}
