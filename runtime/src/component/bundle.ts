/**
 * A component taken apart, as one piece of bytes that can be kept, sent to a slot and run there:
 * its core modules, and the JavaScript that lifts and lowers values between them.
 *
 * `MAGIC | u32 length of the head, little-endian | head | parts`; the head is JSON and names parts.
 */
import assert from 'node:assert'

/** No module begins so, and the sandbox takes none that does from anybody but itself. */
const MAGIC = Buffer.from('\0mesh component\0')
const LENGTH_BYTES = 4

export type Bundle = {
  /** The interfaces that it imports, without their versions. */
  readonly imports: readonly string[]
  readonly exports: readonly (readonly [name: string, kind: 'function' | 'instance'])[]
  readonly modules: ReadonlyMap<string, Uint8Array>
  /** An ES module with one export, `instantiate(getCoreModule, imports, instantiateCore)`. */
  readonly glue: string
}

export const isBundle = (bytes: Uint8Array): boolean =>
  MAGIC.equals(bytes.subarray(0, MAGIC.length))

/** The head of what the program that takes components apart answers; undefined if it is none. */
export function headOf(answer: Uint8Array): Record<string, unknown> | undefined {
  if (answer.length < LENGTH_BYTES) return undefined
  const view = Buffer.from(answer.buffer, answer.byteOffset, answer.length)
  const end = LENGTH_BYTES + view.readUInt32LE()
  if (end > answer.length) return undefined
  try {
    return JSON.parse(view.toString('utf8', LENGTH_BYTES, end))
  } catch {
    return undefined
  }
}

/** A bundle from such an answer. */
export const sealBundle = (answer: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([MAGIC, answer]))

/** Opens what `sealBundle` made. */
export function openBundle(bytes: Uint8Array): Bundle {
  assert(isBundle(bytes))
  const answer = bytes.subarray(MAGIC.length)
  const head = headOf(answer) as Pick<Bundle, 'imports' | 'exports'> & { parts: [string, number][] }
  const { imports, exports, parts } = head
  const modules = new Map<string, Uint8Array>()
  let glue = ''
  let at = answer.length - parts.reduce((sum, [, length]) => sum + length, 0)
  for (const [name, length] of parts) {
    const part = answer.subarray(at, at + length)
    at += length
    if (name.endsWith('.wasm')) modules.set(name, part)
    else if (name.endsWith('.js')) glue = Buffer.from(part).toString()
  }
  return { imports, exports, modules, glue }
}
