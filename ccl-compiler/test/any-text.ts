/**
 * Texts of any Unicode characters. `fc.string({ unit: 'binary' })` makes the same ones, and takes a
 * second to list all that there are before it makes the first.
 */
import fc from 'fast-check'

const SURROGATES = { first: 0xd800, count: 0x800 }
const LAST = 0x10ffff
/** Quotes, escapes and line ends are among them: every other character is one of these. */
const ASCII = 0x7f

export const anyText = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.nat({ max: ASCII }), fc.nat({ max: LAST - SURROGATES.count })), {
      maxLength,
    })
    .map((points) => points.map(characterOf).join(''))

const characterOf = (at: number) =>
  String.fromCodePoint(at < SURROGATES.first ? at : at + SURROGATES.count)
