/** Sentences that others had a hand in, cut to the bytes of a field: never inside a character. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitText } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { anyText } from '../../../ccl-compiler/test/any-text.ts'

const bytesOf = (sentence: string) => new TextEncoder().encode(sentence).length

test('what fits stays as it is, and one byte more is cut', () => {
  assert.equal(fitText('a'.repeat(8), 8), 'a'.repeat(8))
  assert.equal(fitText('a'.repeat(9), 8), 'a'.repeat(8))
  assert.equal(fitText('', 0), '')
  assert.equal(fitText('a', 0), '')
})

test('a character of several bytes stays whole or goes', () => {
  for (const [character, bytes] of [
    ['é', 2],
    ['€', 3],
    ['😀', 4],
  ] as const) {
    const sentence = `ab${character}`
    assert.equal(bytesOf(character), bytes)
    assert.equal(fitText(sentence, 2 + bytes), sentence)
    for (let left = 0; left < bytes; left++) {
      assert.equal(fitText(sentence, 2 + left), 'ab', `${left} of ${bytes} bytes left`)
    }
    assert.equal(fitText(`${sentence}c`, 2 + bytes), sentence)
  }
})

test('many characters are cut at the last that fits', () => {
  assert.equal(fitText('😀😀😀', 11), '😀😀')
  assert.equal(fitText('😀😀😀', 12), '😀😀😀')
  assert.equal(fitText('€'.repeat(700), 2048), '€'.repeat(682))
  assert.equal(fitText(`𐀀𐀀Ѐ${'𐀀'.repeat(16)}`, 10), '𐀀𐀀Ѐ')
})

test('what may not stand in a block is replaced or left out, and counts with its bytes', () => {
  assert.equal(fitText('a\uD83D', 4), 'a\uFFFD')
  assert.equal(fitText('a\uD83D', 3), 'a')
  assert.equal(fitText('\uDE00a', 4), '\uFFFDa')
  assert.equal(fitText('\uFEFF\uFEFFab', 2), 'ab')
  assert.equal(fitText('a\uFEFF', 4), 'a\uFEFF')
})

test('whatever was said, it stands in a field of that size and wastes less than a character', () => {
  const sentence = fc.string({ unit: fc.oneof(anyText(10), lone()) })
  fc.assert(
    fc.property(sentence, fc.nat(64), (said, bytesMax) => {
      const fitted = fitText(said, bytesMax)
      assert.ok(bytesOf(fitted) <= bytesMax)
      assert.ok(fitted.isWellFormed() && !fitted.startsWith('\uFEFF'))
      const whole = said.toWellFormed().replace(/^\uFEFF+/, '')
      assert.ok(whole.startsWith(fitted))
      const [next] = whole.slice(fitted.length)
      assert.ok(next === undefined || bytesOf(fitted + next) > bytesMax)
    }),
    { numRuns: 200 },
  )
})

/** Half a character: what a cut in the wrong place leaves. */
function lone() {
  return fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code))
}
