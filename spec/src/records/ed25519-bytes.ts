/**
 * The byte half of the one verification rule: which encodings of points and scalars are accepted
 * before any curve arithmetic. Libraries differ here, and the differences are forgeries.
 * Source: protocol.md "Identity and signatures"; RFC 8032 section 5.1; "Taming the many EdDSAs".
 */

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

/** The field prime p = 2^255 - 19, little-endian. */
const P = hex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')
/** The order L of the base point, little-endian. */
const L = hex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** The y coordinates (sign bit clear) of the eight points whose order divides 8. */
const SMALL_ORDER_Y = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map(hex)

/** An encoded point with y < p that is not of small order. It may still not be on the curve. */
export function isGoodPoint(bytes: Uint8Array, offset = 0): boolean {
  if (!isBelow(bytes, offset, P, 0x7f)) return false
  return !SMALL_ORDER_Y.some((y) => equalsY(bytes, offset, y))
}

/** A scalar S < L, which makes a signature's encoding unique. */
export function isGoodScalar(bytes: Uint8Array, offset = 0): boolean {
  return isBelow(bytes, offset, L, 0xff)
}

/** Compares 32 little-endian bytes at `offset` with `bound`; `topMask` hides the sign bit. */
function isBelow(bytes: Uint8Array, offset: number, bound: Uint8Array, topMask: number): boolean {
  for (let index = 31; index >= 0; index--) {
    const byte = (bytes[offset + index] as number) & (index === 31 ? topMask : 0xff)
    const limit = bound[index] as number
    if (byte !== limit) return byte < limit
  }
  return false
}

function equalsY(bytes: Uint8Array, offset: number, y: Uint8Array): boolean {
  for (let index = 0; index < 31; index++) if (bytes[offset + index] !== y[index]) return false
  return ((bytes[offset + 31] as number) & 0x7f) === y[31]
}
