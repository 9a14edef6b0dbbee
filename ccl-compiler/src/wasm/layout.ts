/**
 * Where things lie in the memory of a compiled policy, and how values are written there: in cells
 * of 8 bytes, little-endian. The page for hosts is spec/ccl-abi.md.
 */
import { assert, LIMITS } from '@planetary-mesh/spec/bare'
import { isNumber, isWord, type Type, type Value } from '../ir/ir.ts'

export const CELL = 8
/** `effects`: how many there are, then the address of each. */
export const AT = { steps: 0, score: 8, ties: 16, statuses: 80, effects: 336, data: 856 } as const
assert(AT.data === AT.effects + CELL * (1 + LIMITS.cclEffectsMax), 'the effects have their room')

const utf8 = new TextEncoder()
const DID_PREFIX = 'did:key:'
const DID_BYTES = 56

/** The DIDs of Ed25519 keys are all of one length, and begin alike. Source: spec/did.ts. */
export const DID = {
  bytes: DID_BYTES,
  /** The cell that they begin with. */
  prefix: new DataView(utf8.encode(DID_PREFIX).buffer).getBigInt64(0, true),
  /** Behind the length and the first cell. */
  keyAt: 2 * CELL,
  keyBytes: DID_BYTES - CELL,
} as const

/** Bytes that grow; addresses count from `base`. */
export class Memory {
  readonly base: number
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #words = new Map<string, number>()
  readonly #keys = new Map<string, number>()
  /** Lists, records and options by identity: what is shared is written once. */
  readonly #placed = new Map<object, number>()

  constructor(base: number) {
    assert(base % CELL === 0, 'cells are aligned')
    this.base = base
  }

  get end(): number {
    return this.base + this.#length
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** The address of that many new cells. */
  take(cells: number): number {
    const at = this.#length
    this.#length += cells * CELL
    if (this.#length > this.#bytes.length) {
      const more = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      more.set(this.#bytes)
      this.#bytes = more
      this.#view = new DataView(more.buffer)
    }
    return this.base + at
  }

  setCell(address: number, value: bigint): void {
    this.#view.setBigInt64(address - this.base, value, true)
  }

  setHalf(address: number, value: number): void {
    this.#view.setUint32(address - this.base, value, true)
  }

  cell(address: number): bigint {
    return this.#view.getBigInt64(address - this.base, true)
  }

  /** A word: how many bytes, and the bytes with zeros up to the next cell. Each is kept once. */
  word(text: string): number {
    const before = this.#words.get(text)
    if (before !== undefined) return before
    const bytes = utf8.encode(text)
    const address = this.take(1 + Math.ceil(bytes.length / CELL))
    this.setHalf(address, bytes.length)
    this.#bytes.set(bytes, address - this.base + CELL)
    this.#words.set(text, address)
    return address
  }

  /** Of a DID only what is behind its first cell; each is kept once. */
  key(did: string): number {
    const before = this.#keys.get(did)
    if (before !== undefined) return before
    const bytes = utf8.encode(did)
    assert(bytes.length === DID.bytes && did.startsWith(DID_PREFIX), 'a DID of an Ed25519 key')
    const word = this.#words.get(did)
    const address = word === undefined ? this.take(DID.keyBytes / CELL) : word + DID.keyAt
    this.#bytes.set(bytes.subarray(CELL), address - this.base)
    this.#keys.set(did, address)
    return address
  }

  #new(value: Value, cells: number): number {
    const address = this.take(cells)
    this.#placed.set(value as object, address)
    return address
  }

  /** Writes into one cell a number, a condition, or the address of what is written elsewhere. */
  put(address: number, type: Type, value: Value): void {
    if (isNumber(type)) this.setCell(address, value as bigint)
    else if (type.is === 'bool') this.setCell(address, value === true ? 1n : 0n)
    else this.setCell(address, BigInt(this.place(type, value)))
  }

  /** The address of a word, list, record or option; an option that is none has the address 0. */
  place(type: Type, value: Value): number {
    if (isWord(type)) return this.word(value as string)
    if (value === null) return 0
    const before = this.#placed.get(value as object)
    if (before !== undefined) return before
    if (type.is === 'option') {
      const address = this.#new(value, 1)
      this.put(address, type.of, (value as { some: Value }).some)
      return address
    }
    const items = value as readonly Value[]
    if (type.is === 'list') {
      const address = this.#new(value, 1 + items.length)
      this.setCell(address, BigInt(items.length))
      items.forEach((item, index) => {
        this.put(address + CELL * (index + 1), type.of, item)
      })
      return address
    }
    assert(type.is === 'record', 'what is left is a record')
    const address = this.#new(value, items.length)
    type.fields.forEach((field, index) => {
      this.put(address + CELL * index, field.type, items[index] as Value)
    })
    return address
  }
}

/** A request for `inputs`, to be copied to the address `at`: one cell for each, then the rest. */
export function requestBytes(
  inputs: readonly { readonly type: Type }[],
  values: readonly Value[],
  at: number,
): Uint8Array {
  const memory = new Memory(at)
  memory.take(inputs.length)
  inputs.forEach(({ type }, index) => {
    memory.put(at + CELL * index, type, values[index] as Value)
  })
  return memory.bytes()
}
