/**
 * The host-call digest: one sha-256 over everything the host told the guest, so that two runs can
 * be compared without keeping what was said. Each call is hashed as it ends, as one DAG-CBOR list
 * `[import, arguments, result, written]`; the entries follow each other with nothing between them
 * (a CBOR sequence, RFC 8742). README.md has the exact form.
 */
import { createHash, type Hash } from 'node:crypto'
import type { GuestMemory } from './guest-memory.ts'

/** Every run has one, and the least run fills a part of it. */
const BUFFER_BYTES = 4 * 1024
/** The most a head of CBOR takes (RFC 8949 section 3). */
const HEAD_BYTES = 9
const MAJOR = { unsigned: 0, bytes: 2, text: 3, list: 4 } as const
const NULL = 0xf6

const utf8 = new TextEncoder()
const names = new Map<string, Uint8Array>()

/** Few names, asked for at every call. */
function encodedName(name: string): Uint8Array {
  const known = names.get(name)
  if (known !== undefined) return known
  const encoded = utf8.encode(name)
  names.set(name, encoded)
  return encoded
}

export class CallDigest {
  readonly #hash: Hash = createHash('sha256')
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  readonly #view = new DataView(this.#buffer.buffer)
  #at = 0

  /**
   * Adds one finished call. Arguments are the unsigned values of the guest's i32 and i64; `result`
   * is the errno, or null for a call that gives nothing back.
   */
  add(
    name: string,
    args: readonly (number | bigint)[],
    result: number | bigint | null,
    memory: GuestMemory,
  ): void {
    this.#head(MAJOR.list, 4)
    const encoded = encodedName(name)
    this.#head(MAJOR.text, encoded.length)
    this.#put(encoded)
    this.#head(MAJOR.list, args.length)
    for (const argument of args) this.#head(MAJOR.unsigned, argument)
    if (result === null) this.#byte(NULL)
    else this.#head(MAJOR.unsigned, result)
    this.#head(MAJOR.list, memory.written.length)
    for (const { pointer, length } of memory.written) {
      this.#head(MAJOR.list, 2)
      this.#head(MAJOR.unsigned, pointer)
      this.#head(MAJOR.bytes, length)
      this.#put(memory.read(pointer, length))
    }
  }

  /** The digest; nothing can be added afterwards. */
  close(): Uint8Array {
    this.#flush()
    return new Uint8Array(this.#hash.digest())
  }

  #byte(value: number): void {
    if (this.#at === BUFFER_BYTES) this.#flush()
    this.#buffer[this.#at++] = value
  }

  #head(major: number, value: number | bigint): void {
    if (this.#at + HEAD_BYTES > BUFFER_BYTES) this.#flush()
    const start = this.#at
    const first = major << 5
    if (value < 24) {
      this.#buffer[start] = first | Number(value)
      this.#at += 1
    } else if (value < 0x100) {
      this.#buffer[start] = first | 24
      this.#buffer[start + 1] = Number(value)
      this.#at += 2
    } else if (value < 0x10000) {
      this.#buffer[start] = first | 25
      this.#view.setUint16(start + 1, Number(value))
      this.#at += 3
    } else if (value < 0x1_0000_0000) {
      this.#buffer[start] = first | 26
      this.#view.setUint32(start + 1, Number(value))
      this.#at += 5
    } else {
      this.#buffer[start] = first | 27
      this.#view.setBigUint64(start + 1, BigInt(value))
      this.#at += 9
    }
  }

  #put(bytes: Uint8Array): void {
    if (this.#at + bytes.length > BUFFER_BYTES) this.#flush()
    if (bytes.length > BUFFER_BYTES) this.#hash.update(bytes)
    else {
      this.#buffer.set(bytes, this.#at)
      this.#at += bytes.length
    }
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#at))
    this.#at = 0
  }
}
