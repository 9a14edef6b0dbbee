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
import { LIMITS } from '@planetary-mesh/spec/bare'
import { IntList } from './int-list.ts'
import { OP, SIMD } from './opcodes.ts'

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
const NESTING = LIMITS.wasmNestingMax + 2

/** What the scan is inside of, by how deep: flags of the block, and counts of computations. */
const FLAG = { loop: 1, else: 2, outer: 4, calls: 8 } as const

export class KeptValues {
  /** Computations on every way from the entry to here. */
  #dominating = 0
  #computed = 0
  #keptInLoops = 0
  #depth = 0
  readonly #flags = new Uint8Array(NESTING)
  /** Those on every way to a block's beginning, to its first arm's end, to a branch to its end. */
  readonly #before = new Int32Array(NESTING)
  readonly #thenEnd = new Int32Array(NESTING)
  readonly #atBranches = new Int32Array(NESTING)
  /** How deep the loops around this place are. */
  readonly #loops: number[] = []
  /** Pairs for calls outside of loops: computations that dominate it, computations before it. */
  readonly #calls = new IntList()

  reset(): void {
    this.#dominating = 0
    this.#computed = 0
    this.#keptInLoops = 0
    this.#depth = 0
    this.#loops.length = 0
    this.#calls.length = 0
  }

  compute(): void {
    if (this.#dominating !== NEVER) this.#dominating++
    this.#computed++
  }

  call(): void {
    const loop = this.#loops.at(-1)
    if (loop === undefined) {
      this.#calls.push(this.#dominating)
      this.#calls.push(this.#computed)
      return
    }
    this.#flags[loop] = (this.#flags[loop] as number) | FLAG.calls
    this.#keptInLoops = Math.max(this.#keptInLoops, this.#dominating)
  }

  enter(isLoop: boolean): void {
    const at = this.#depth++
    this.#flags[at] = isLoop ? FLAG.loop : 0
    this.#before[at] = this.#dominating
    this.#thenEnd[at] = NEVER
    this.#atBranches[at] = NEVER
    if (!isLoop) return
    const around = this.#loops.at(-1)
    if (around !== undefined) this.#flags[around] = (this.#flags[around] as number) | FLAG.outer
    this.#loops.push(at)
  }

  /** Begins the other arm of an `if`, whose first arm computed nothing for this one. */
  otherArm(): void {
    const at = this.#depth - 1
    this.#flags[at] = FLAG.else
    this.#thenEnd[at] = this.#dominating
    this.#dominating = this.#before[at] as number
  }

  /** Leaves a block; an `if` without `else` has an empty second arm. */
  leave(kind: number): void {
    if (kind === OP.if && this.#flags[this.#depth - 1] === 0) this.otherArm()
    const at = --this.#depth
    const atBranches = this.#atBranches[at] as number
    const flags = this.#flags[at] as number
    if (flags & FLAG.loop) {
      this.#loops.pop()
      const isUnrolled = (flags & (FLAG.outer | FLAG.calls)) === FLAG.calls
      if (isUnrolled && atBranches !== NEVER)
        this.#keptInLoops = Math.max(this.#keptInLoops, atBranches)
      return
    }
    // Of two arms that both go on, only what was before them is known to have run.
    const thenEnd = this.#thenEnd[at] as number
    const before = this.#before[at] as number
    const isEither = thenEnd !== NEVER && this.#dominating !== NEVER
    const arms = isEither ? before : Math.min(thenEnd, this.#dominating)
    const known = Math.min(arms, atBranches)
    this.#dominating = known === NEVER ? before : known
  }

  /** A branch to the `label`th block from here; one out of the function changes nothing. */
  branch(label: number): void {
    const at = this.#depth - 1 - label
    if (at >= 0 && (this.#atBranches[at] as number) > this.#dominating)
      this.#atBranches[at] = this.#dominating
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
