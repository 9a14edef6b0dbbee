/**
 * The operand stack of one function as the scan walks over it: how high it gets, and where each
 * operand comes from, which decides whose NaN must be canonicalised.
 *
 * A NaN with open bits may rest on the stack or in a local as long as everything that ever reads it
 * takes it as a number of the same shape (`not-a-number.ts`). Once anything else could see its
 * bits, the arithmetic that made it is marked.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { IntList } from './int-list.ts'
import { SHAPE } from './not-a-number.ts'
import { limit } from './reader.ts'

/** An operand that is neither fresh arithmetic (its number + 1) nor a local (minus its number). */
const ELSEWHERE = 0

/** After this many rounds of following moves between locals, all arithmetic is marked. */
const ROUNDS_MAX = 8

export class Operands {
  height = 0
  heightMax = 0
  readonly #origins = new Int32Array(LIMITS.wasmOperandsMax + 1)
  /** Per arithmetic instruction of the function, its shape; and 1 where it must canonicalise. */
  readonly #shapes: number[] = []
  readonly #seen: number[] = []
  /** Locals something looks into more closely than as a scalar number; so vectors that are read. */
  readonly #seenLocals = new Int32Array(LIMITS.wasmParametersMax + LIMITS.wasmLocalsMax)
  #seenLocalsCount = 0
  /** The number of the function at hand marks its locals, so that none need be cleared. */
  #function = 0
  /** Pairs (origin, local): the operand was put into the local. */
  readonly #moves: number[] = []

  /** Starts over for the next function. */
  reset(): void {
    this.height = 0
    this.heightMax = 0
    this.#shapes.length = 0
    this.#seen.length = 0
    this.#moves.length = 0
    this.#seenLocalsCount = 0
    this.#function++
  }

  push(offset: number): void {
    this.#push(ELSEWHERE, offset)
  }

  pushLocal(local: number, offset: number): void {
    // Of one that is looked into already there is nothing more to learn.
    const isSeen = this.#seenLocals[local] === this.#function
    this.#push(isSeen ? ELSEWHERE : -1 - local, offset)
  }

  /** Arithmetic gives a result of `shape`. */
  pushNumber(shape: number, offset: number): void {
    this.#shapes.push(shape)
    this.#seen.push(0)
    this.#push(this.#shapes.length, offset)
  }

  pushMany(count: number, offset: number): void {
    if (count === 0) return
    if (count === 1) {
      this.#push(ELSEWHERE, offset)
      return
    }
    const height = this.height + count
    limit(height, LIMITS.wasmOperandsMax, 'operands at once', offset)
    this.#origins.fill(ELSEWHERE, this.height, height)
    this.height = height
    if (height > this.heightMax) this.heightMax = height
  }

  /** Takes `count` operands as numbers of `shape`, or closer when it is none. */
  take(count: number, shape: number = SHAPE.none): void {
    for (let left = count; left > 0; left--) {
      const origin = this.#origins[--this.height] as number
      if (origin !== ELSEWHERE) this.#see(origin, shape)
    }
  }

  /** A branch that may not be taken looks at the topmost `count` operands and leaves them. */
  look(count: number): void {
    for (let index = 1; index <= count; index++) {
      const origin = this.#origins[this.height - index] as number
      if (origin !== ELSEWHERE) this.#see(origin, SHAPE.none)
    }
  }

  /** Moves the topmost operand into `local`. */
  takeIntoLocal(local: number): void {
    const origin = this.#origins[--this.height] as number
    if (origin !== ELSEWHERE) this.#moves.push(origin, local)
  }

  /**
   * At the end of the function, adds to `marks` a 1 or 0 for each arithmetic instruction, and gives
   * the shapes of those marked.
   */
  settle(marks: IntList): readonly number[] {
    const shapes: number[] = []
    if (this.#shapes.length > 0) this.#followMoves()
    for (let index = 0; index < this.#seen.length; index++) {
      const seen = this.#seen[index] as number
      const shape = this.#shapes[index] as number
      marks.push(seen)
      if (seen === 1 && !shapes.includes(shape)) shapes.push(shape)
    }
    return shapes
  }

  #push(origin: number, offset: number): void {
    const height = this.height++
    this.#origins[height] = origin
    if (height < this.heightMax) return
    this.heightMax = height + 1
    limit(this.heightMax, LIMITS.wasmOperandsMax, 'operands at once', offset)
  }

  /** Looks at an operand that is from somewhere. */
  #see(origin: number, shape: number): void {
    if (origin > 0) {
      if (this.#shapes[origin - 1] !== shape) this.#seen[origin - 1] = 1
    } else if (shape !== SHAPE.f32 && shape !== SHAPE.f64) this.#seeLocal(-1 - origin)
  }

  #seeLocal(local: number): void {
    if (this.#seenLocals[local] === this.#function) return
    this.#seenLocals[local] = this.#function
    this.#seenLocalsCount++
  }

  /** What was put into a local that is looked into is looked into itself. */
  #followMoves(): void {
    const moves = this.#moves
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const before = this.#seenLocalsCount
      for (let index = 0; index < moves.length; index += 2)
        if (this.#seenLocals[moves[index + 1] as number] === this.#function)
          this.#see(moves[index] as number, SHAPE.none)
      if (this.#seenLocalsCount === before) return
    }
    this.#seen.fill(1)
  }
}
