/**
 * How many values of one function the engine may keep alive across a call beside its locals and
 * operands. What is computed before a call and again after it is computed once by an optimising
 * compiler, and waits in the frame meanwhile: a recursion keeps it once a level.
 *
 * Only what is computed on every way to a place can be used again there, so the scan counts the
 * plain computations that dominate each call; those after the call bound the same number. A loop
 * may be unrolled by a round, and then what every round computes is known before its calls.
 * Source: V8, value numbering (by dominators) and loop peeling (of innermost loops).
 */
import { IntList } from './int-list.ts'
import { OP as opcodes, SIMD } from './opcodes.ts'

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const OP = opcodes

const CODES = SIMD + 0x100

/** Per instruction: 1 when it computes a value from values alone, or loads a large constant. */
export const COMPUTES = new Uint8Array(CODES)
for (const [first, last] of [
  [0x1b, 0x1c], // select
  [0x45, 0xc4], // comparisons, arithmetic, conversions
  [0xd1, 0xd1], // ref.is_null
  [0x100, 0x107], // saturating conversions
  [SIMD + 12, SIMD + 83], // constants, lanes, comparisons, bits
  [SIMD + 94, SIMD + 255],
] as const)
  COMPUTES.fill(1, first, last + 1)

const NEVER = 2 ** 31 - 1

/** A block around this place, and the computations on every way to some point of it. */
type Block = {
  isLoop: boolean
  /** It is in its other arm. */
  isElse: boolean
  /** There are loops in it. */
  isOuter: boolean
  calls: boolean
  /** To its beginning, to the end of its first arm, to the branches to its end. */
  before: number
  thenEnd: number
  atBranches: number
  /** The loop around it, or none. */
  loop: Block | undefined
}

export class KeptValues {
  /** Computations on every way from the entry to here. */
  #dominating = 0
  #computed = 0
  #keptInLoops = 0
  /** Blocks by how deep they are; deeper ones are kept for later. */
  readonly #blocks: Block[] = []
  #depth = 0
  /** The innermost loop around this place. */
  #loop: Block | undefined
  /** Pairs for calls outside of loops: computations that dominate it, computations before it. */
  readonly #calls = new IntList()

  reset(): void {
    this.#dominating = 0
    this.#computed = 0
    this.#keptInLoops = 0
    this.#depth = 0
    this.#loop = undefined
    this.#calls.length = 0
  }

  compute(count: number): void {
    if (this.#dominating !== NEVER) this.#dominating += count
    this.#computed += count
  }

  call(): void {
    const loop = this.#loop
    if (loop === undefined) {
      this.#calls.push(this.#dominating)
      this.#calls.push(this.#computed)
      return
    }
    loop.calls = true
    this.#keptInLoops = Math.max(this.#keptInLoops, this.#dominating)
  }

  enter(isLoop: boolean): void {
    const at = this.#depth++
    if (at === this.#blocks.length) this.#blocks.push({ ...NEW_BLOCK })
    const block = this.#blocks[at] as Block
    block.isLoop = isLoop
    block.isElse = false
    block.before = this.#dominating
    block.thenEnd = NEVER
    block.atBranches = NEVER
    if (!isLoop) return
    block.isOuter = false
    block.calls = false
    block.loop = this.#loop
    if (block.loop !== undefined) block.loop.isOuter = true
    this.#loop = block
  }

  /** Begins the other arm of an `if`, whose first arm computed nothing for this one. */
  otherArm(): void {
    const block = this.#blocks[this.#depth - 1] as Block
    block.isElse = true
    block.thenEnd = this.#dominating
    this.#dominating = block.before
  }

  /** Leaves a block; an `if` without `else` has an empty second arm. */
  leave(kind: number): void {
    const block = this.#blocks[--this.#depth] as Block
    const { before, atBranches } = block
    if (block.isLoop) {
      this.#loop = block.loop
      if (block.calls && !block.isOuter && atBranches !== NEVER)
        this.#keptInLoops = Math.max(this.#keptInLoops, atBranches)
      return
    }
    let { thenEnd } = block
    if (kind === OP.if && !block.isElse) {
      thenEnd = this.#dominating
      this.#dominating = before
    }
    // Of two arms that both go on, only what was before them is known to have run.
    const isEither = thenEnd !== NEVER && this.#dominating !== NEVER
    const arms = isEither ? before : Math.min(thenEnd, this.#dominating)
    const known = Math.min(arms, atBranches)
    this.#dominating = known === NEVER ? before : known
  }

  /** A branch to the `label`th block from here; one out of the function changes nothing. */
  branch(label: number): void {
    const at = this.#depth - 1 - label
    if (at < 0) return
    const block = this.#blocks[at] as Block
    if (block.atBranches > this.#dominating) block.atBranches = this.#dominating
  }

  /** What follows is not reached until the block closes. */
  stop(): void {
    this.#dominating = NEVER
  }

  /** The most values kept across any of the function's calls. */
  most(): number {
    let most = Math.min(this.#keptInLoops, this.#computed)
    const { items, length } = this.#calls
    for (let at = 0; at < length; at += 2) {
      const after = this.#computed - (items[at + 1] as number)
      most = Math.max(most, Math.min(items[at] as number, after))
    }
    return most
  }
}

const NEW_BLOCK: Block = {
  isLoop: false,
  isElse: false,
  isOuter: false,
  calls: false,
  before: 0,
  thenEnd: NEVER,
  atBranches: NEVER,
  loop: undefined,
}
