/** The text of a CID: multibase base32, lower case, no padding (RFC 4648 section 6), prefix `b`. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
/** The two characters of each 10 bits. */
const PAIRS = Uint16Array.from({ length: 1024 }, (_, bits) => {
  return ALPHABET.charCodeAt(bits >> 5) | (ALPHABET.charCodeAt(bits & 31) << 8)
})
/** 36 bytes are 288 bits: 58 characters, and the prefix. */
const text = Buffer.alloc(59, 'b')

/** The text of the 36 bytes of a CID. */
export function base32Text(bytes: Uint8Array): string {
  let at = 1
  let bits = 0
  let held = 0
  for (let index = 0; index < 36; index++) {
    held = ((held << 8) | (bytes[index] as number)) & 0x3ffff
    bits += 8
    while (bits >= 10) {
      bits -= 10
      at = write((held >> bits) & 1023, at)
    }
  }
  write((held << (10 - bits)) & 1023, at)
  return text.toString('latin1')
}

function write(pair: number, at: number): number {
  const two = PAIRS[pair] as number
  text[at] = two & 255
  text[at + 1] = two >> 8
  return at + 2
}
