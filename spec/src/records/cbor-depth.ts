/**
 * How deep CBOR bytes nest, found without recursion and before anything is decoded: a decoder that
 * recurses can be made to overflow its stack by a few kilobytes of `0x81`.
 */

/**
 * The nesting depth of the first CBOR item, 0 for a scalar; stops counting at `depthMax`. Bytes
 * that end early or hold indefinite lengths get the depth seen so far: decoding refuses them.
 * Source: RFC 8949 section 3.
 */
export function cborDepth(bytes: Uint8Array, depthMax: number): number {
  const open: number[] = [] // items still owed by each container around us
  let deepest = 0
  let at = 0
  while (at < bytes.length) {
    const head = bytes[at++] as number
    const major = head >> 5
    const info = head & 31
    const width = info < 24 ? 0 : info <= 27 ? 1 << (info - 24) : -1
    if (width < 0) return deepest
    let argument = width === 0 ? info : 0
    for (let index = 0; index < width; index++) argument = argument * 256 + (bytes[at++] ?? 0)
    if (major === 2 || major === 3) at += argument
    const owed = major === 4 ? argument : major === 5 ? argument * 2 : major === 6 ? 1 : 0
    if (major === 4 || major === 5) deepest = Math.max(deepest, open.length + 1)
    if (owed > 0) {
      open.push(owed)
      deepest = Math.max(deepest, open.length)
      if (deepest >= depthMax) return deepest
      continue
    }
    while (open.length > 0) {
      const last = open.length - 1
      const left = (open[last] as number) - 1
      open[last] = left
      if (left > 0) break
      open.pop()
    }
    if (open.length === 0) return deepest
  }
  return deepest
}
