/**
 * Walks over the instructions of one function body. Both passes of the rewriter use it: one to
 * learn what is there, one to write the metered body. Refuses what no guest may use.
 */
import * as opcodes from './opcodes.ts'
import { ByteReader, refuse } from './reader.ts'
import { whyRefused } from './refused-opcodes.ts'
import { VALUE } from './types.ts'

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const { IMMEDIATE, IMMEDIATE_OF, MISC, OP, PREFIX_MISC, PREFIX_SIMD, SIMD } = opcodes

const VALUE_TYPES: readonly number[] = Object.values(VALUE)

/** What `index` holds for a block without a type index. */
export const BLOCK_EMPTY = -1
export const BLOCK_ONE_RESULT = -2
const EMPTY_BLOCK_BYTE = 0x40

/** Bit 6 of an alignment says that a memory index follows: the multi-memory proposal. */
export const ALIGNMENTS = 0x40

export class Instructions extends ByteReader {
  /** The offset of the current instruction; `at` is the offset after it. */
  start = 0
  /** Its number, see `opcodes.ts`. */
  code = 0
  /** Its first index; for a block its type index or BLOCK_*; for br_table its outermost label. */
  index = 0

  /** Steps to the next instruction. */
  next(): void {
    const { bytes, at, end } = this
    this.start = at
    if (at >= end) this.byte()
    const opcode = bytes[at] as number
    this.at = at + 1
    this.code = opcode
    if (opcode >= PREFIX_MISC) this.#afterPrefix(opcode)
    const kind = IMMEDIATE_OF[this.code] as number
    if (kind === IMMEDIATE.none) return
    // Nearly all numbers are of one byte, and this is where most of the time goes.
    if (at + 2 < end && opcode < PREFIX_MISC) {
      const first = bytes[at + 1] as number
      if (first < 0x80) {
        if (kind === IMMEDIATE.index) {
          this.index = first
          this.at = at + 2
          return
        }
        if (kind === IMMEDIATE.signed) {
          this.at = at + 2
          return
        }
        if (kind === IMMEDIATE.memory && first < ALIGNMENTS && (bytes[at + 2] as number) < 0x80) {
          this.at = at + 3
          return
        }
      }
    }
    this.#immediate(kind)
  }

  /** The index that stands at `at`; `this.at` is then behind it. */
  indexAt(at: number): number {
    this.at = at
    return this.u32()
  }

  /** Where what follows the integer at `at` stands. */
  skipInteger(at: number): number {
    this.at = at
    this.skipSigned()
    return this.at
  }

  /** Where what follows alignment and offset stands: they are at `at`, their opcode at `start`. */
  skipMemory(start: number, at: number): number {
    this.start = start
    this.at = at
    this.#memory()
    return this.at
  }

  /** Steps over code that cannot be reached, to just before the `else` or `end` that closes it. */
  skipUnreachable(): void {
    for (let nesting = 0; ; ) {
      const before = this.at
      this.next()
      const { code } = this
      if (code === OP.block || code === OP.loop || code === OP.if) nesting++
      else if (nesting === 0 && (code === OP.end || code === OP.else)) {
        this.at = before
        return
      } else if (code === OP.end) nesting--
    }
  }

  /** Gives each label of the br_table at hand to `visit`. */
  visitLabels(visit: (label: number) => void): void {
    const labels = new ByteReader(this.bytes, this.start + 1, this.end)
    for (let count = labels.u32(); count >= 0; count--) visit(labels.u32())
  }

  #afterPrefix(opcode: number): void {
    const sub = this.u32()
    const base = opcode === PREFIX_MISC ? MISC : SIMD
    const known = (opcode === PREFIX_MISC || opcode === PREFIX_SIMD) && sub <= 0xff
    if (!known || IMMEDIATE_OF[base + sub] === IMMEDIATE.refused)
      refuse(whyRefused(opcode, sub), this.start)
    this.code = base + sub
  }

  #immediate(kind: number): void {
    switch (kind) {
      case IMMEDIATE.block:
        this.#blockType()
        break
      case IMMEDIATE.index:
        this.index = this.u32()
        break
      case IMMEDIATE.indices:
        this.index = this.u32()
        this.u32()
        break
      case IMMEDIATE.memory:
        this.#memory()
        break
      case IMMEDIATE.memoryLane:
        this.#memory()
        this.skip(1)
        break
      case IMMEDIATE.lane:
        this.skip(1)
        break
      case IMMEDIATE.signed:
        this.skipSigned()
        break
      case IMMEDIATE.bytes4:
        this.skip(4)
        break
      case IMMEDIATE.bytes8:
        this.skip(8)
        break
      case IMMEDIATE.bytes16:
        this.skip(16)
        break
      case IMMEDIATE.labels:
        this.#labels()
        break
      case IMMEDIATE.selectTypes:
        for (let count = this.u32(); count > 0; count--) this.#valueType()
        break
      case IMMEDIATE.heapType:
        this.#valueType()
        break
      default:
        refuse(whyRefused(this.code, 0), this.start)
    }
  }

  #memory(): void {
    if (this.u32() >= ALIGNMENTS) refuse('more than one memory is not available', this.start)
    this.u32()
  }

  #labels(): void {
    let outermost = 0
    for (let count = this.u32(); count >= 0; count--) outermost = Math.max(outermost, this.u32())
    this.index = outermost
  }

  #valueType(): void {
    if (!VALUE_TYPES.includes(this.byte())) refuse('a type that is not available', this.start)
  }

  /** A block type is a signed number: below zero a value type or nothing, else a type index. */
  #blockType(): void {
    const first = this.bytes[this.at] as number
    if (first === EMPTY_BLOCK_BYTE) {
      this.at++
      this.index = BLOCK_EMPTY
    } else if ((first & 0xc0) === EMPTY_BLOCK_BYTE) {
      this.#valueType()
      this.index = BLOCK_ONE_RESULT
    } else this.index = this.u32()
  }
}
