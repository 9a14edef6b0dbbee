// The quick reader against the long way: it takes nothing that the other refuses, and reads alike.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBlock, LIMITS, Refusal } from '@planetary-mesh/spec'
import { CHAIN } from '../../../tools/vectors/chain.ts'
import { readAndWriteAgain } from '../../src/records/block.ts'
import { quickRead } from '../../src/records/quick-read.ts'
import { fromHex, readVectors } from './vector-files.ts'

const records = Object.values(CHAIN).map(({ bytes }) => bytes)

const longWay = (bytes: Uint8Array): unknown => {
  try {
    return readAndWriteAgain(bytes, LIMITS.blockBytesMax)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** Asserts that both give the same, or the quick one nothing; whether it gave something. */
function agree(bytes: Uint8Array): boolean {
  const quick = quickRead(bytes)
  if (quick === undefined) return false
  const shown = Buffer.from(bytes).toString('hex')
  assert.deepEqual(quick, longWay(bytes), shown)
  return true
}

test('every record is read quickly, as the long way reads it', () => {
  for (const bytes of records) assert.ok(agree(bytes))
})

test('whatever byte of a record is another one, nothing is read that the long way refuses', () => {
  let [read, left] = [0, 0]
  for (const bytes of records) {
    for (let at = 0; at < bytes.length; at++) {
      const before = bytes[at] as number
      // every other head of the same kind, its neighbours, and another kind
      for (const other of [before ^ 1, before ^ 0x20, before + 1, before - 1, 0x18, 0x5f, 0xa0]) {
        const altered = Uint8Array.from(bytes)
        altered[at] = other
        if (agree(altered)) read += 1
        else left += 1
      }
    }
  }
  assert.ok(read > 1000 && left > 1000, `${read} read, ${left} left`)
})

test('whatever is cut off or put behind, nothing is read', () => {
  for (const bytes of records) {
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(quickRead(bytes.subarray(0, end)), undefined)
    }
    assert.equal(quickRead(Uint8Array.from([...bytes, 0])), undefined)
  }
})

test('the accepted vectors give the same, the refused ones nothing', () => {
  const { accepted, refused } = readVectors('block') as {
    accepted: { bytes: string }[]
    refused: { bytes: string }[]
  }
  let read = 0
  for (const { bytes } of accepted) read += agree(fromHex(bytes)) ? 1 : 0
  assert.ok(read > accepted.length / 2, `${read} of ${accepted.length}`)
  for (const { bytes } of refused) assert.equal(quickRead(fromHex(bytes)), undefined, bytes)
})

test('text is read of any letters, and left where a mark or a half letter is in it', () => {
  for (const text of ['', 'schön', '漢字 😀', '\u0000', 'a\uFEFF']) {
    assert.equal(quickRead(encodeBlock(text).bytes), text)
    assert.deepEqual(quickRead(encodeBlock({ [`k${text}`]: text }).bytes), { [`k${text}`]: text })
  }
  for (const hex of ['63efbbbf', '63eda080', '62c080', '61ff', '62c3', '64f4908080']) {
    assert.equal(quickRead(fromHex(hex)), undefined, hex)
    assert.equal(longWay(fromHex(hex)), undefined, hex)
  }
})

test('what it does not read is read the long way: deep lists, rare keys, a rare letter', () => {
  const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)])
  for (const value of [deep(17), { '/': 1 }, '\uF900']) {
    const { bytes } = encodeBlock(value)
    assert.equal(quickRead(bytes), undefined)
    assert.deepEqual(longWay(bytes), value)
  }
  assert.deepEqual(quickRead(encodeBlock(deep(16)).bytes), deep(16))
})

test('heads that are longer than they need be, and numbers above 2^53 - 1, are not read', () => {
  const most = Number.MAX_SAFE_INTEGER
  for (const value of [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, most]) {
    for (const number of [value, -value - 1]) {
      if (!Number.isSafeInteger(number)) continue
      assert.equal(quickRead(encodeBlock(number).bytes), number)
    }
  }
  const long = ['1817', '1900ff', '1a0000ffff', '1b00000000ffffffff', '5801ff', '780161', '980101']
  const large = ['1b0020000000000000', '3b001fffffffffffff', '1bffffffffffffffff']
  for (const hex of [...long, ...large, 'b8016161f6', '1c', '9f01ff', 'f7', 'f97c00']) {
    assert.equal(quickRead(fromHex(hex)), undefined, hex)
    assert.equal(longWay(fromHex(hex)), undefined, hex)
  }
})

test('keys out of order or twice are not read', () => {
  for (const hex of ['a2616201616101', 'a2616101616102', 'a262616101616201', 'a2626162016161']) {
    assert.equal(quickRead(fromHex(hex)), undefined, hex)
  }
  assert.deepEqual(quickRead(fromHex('a2616101616202')), { a: 1, b: 2 })
})

test('shares no memory with what it read', () => {
  const source = Uint8Array.from(encodeBlock([new Uint8Array(3).fill(7), CHAIN.token.cid]).bytes)
  const value = quickRead(source) as [Uint8Array, typeof CHAIN.token.cid]
  source.fill(0xff)
  assert.deepEqual(value[0], new Uint8Array(3).fill(7))
  assert.ok(value[1].equals(CHAIN.token.cid))
})
