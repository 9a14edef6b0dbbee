/**
 * The operand stack of one function as the scan walks over it: how high it gets, and where each
 * operand comes from, which decides whose NaN must be canonicalised.
 *
 * A NaN with open bits may rest on the stack or in a local as long as everything that ever reads it
 * takes it as a number of the same shape (`not-a-number.ts`). Once anything else could see its
 * bits, the arithmetic that made it is marked.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { IntList } from './int-list.ts'
import { SHAPE as shapes } from './not-a-number.ts'
import { limit } from './reader.ts'

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const SHAPE = shapes

/** An operand that is neither fresh arithmetic (its number + 1) nor a local (minus its number). */
export const ELSEWHERE = 0

/** After this many rounds of following moves between locals, all arithmetic is marked. */
const ROUNDS_MAX = 8

export class Operands {
  height = 0
  heightMax = 0
  /** Where each operand is from. There is always room for one more, and never for too many. */
  origins = new Int32Array(256)
  /** The number of the function at hand, which marks its locals, so that none need be cleared. */
  body = 0
  /** The function in which something looked into a local more closely than as a scalar number. */
  looked = new Int32Array(256)
  #lookedCount = 0
  /** Per arithmetic instruction of the function, its shape; and 1 where it must canonicalise. */
  readonly #shapes = new IntList()
  readonly #seen = new IntList()
  /** Pairs (origin, local): the operand was put into the local. */
  readonly #moves = new IntList()

  /** Starts over for the next function, which has `locals`, parameters included. */
  reset(locals: number): void {
    this.height = 0
    this.heightMax = 0
    this.#shapes.length = 0
    this.#seen.length = 0
    this.#moves.length = 0
    this.#lookedCount = 0
    this.body++
    if (locals > this.looked.length) this.looked = new Int32Array(locals * 2)
  }

  push(offset: number): void {
    this.origins[this.height++] = ELSEWHERE
    if (this.height > this.heightMax) this.heightMax = this.height
    if (this.height === this.origins.length) this.rise(this.height, offset)
  }

  /** Arithmetic gives a result of `shape`. Gives its origin. */
  make(shape: number): number {
    this.#shapes.push(shape)
    this.#seen.push(0)
    return this.#shapes.length
  }

  pushMany(count: number, offset: number): void {
    if (count === 0) return
    if (count === 1) {
      this.push(offset)
      return
    }
    const from = this.height
    this.height += count
    if (this.height > this.heightMax) this.heightMax = this.height
    if (this.height >= this.origins.length) this.rise(this.height, offset)
    this.origins.fill(ELSEWHERE, from, this.height)
  }

  /** Takes `count` operands as numbers of `shape`, or closer when it is none. */
  take(count: number, shape: number = SHAPE.none): void {
    for (let left = count; left > 0; left--) {
      const origin = this.origins[--this.height] as number
      if (origin !== ELSEWHERE) this.see(origin, shape)
    }
  }

  /** A branch that may not be taken looks at the topmost `count` operands and leaves them. */
  look(count: number): void {
    for (let index = 1; index <= count; index++)
      this.see(this.origins[this.height - index] as number, SHAPE.none)
  }

  /** An operand that is from somewhere moves into `local`. */
  move(origin: number, local: number): void {
    this.#moves.push(origin)
    this.#moves.push(local)
  }

  /** Looks at an operand as a number of `shape`. */
  see(origin: number, shape: number): void {
    if (origin > 0) {
      if (this.#shapes.items[origin - 1] !== shape) this.#seen.items[origin - 1] = 1
    } else if (origin !== ELSEWHERE && shape !== SHAPE.f32 && shape !== SHAPE.f64)
      this.#lookInto(-1 - origin)
  }

  /**
   * Makes room for one more than `height` operands, the last of them from `offset`. Gives the
   * origins, which have moved.
   */
  rise(height: number, offset: number): Int32Array<ArrayBuffer> {
    limit(height, LIMITS.wasmOperandsMax, 'operands at once', offset)
    const grown = new Int32Array(Math.min(height * 2, LIMITS.wasmOperandsMax + 1))
    grown.set(this.origins)
    this.origins = grown
    return grown
  }

  /**
   * At the end of the function, adds to `marks` a 1 or 0 for each arithmetic instruction, and gives
   * the shapes of those marked.
   */
  settle(marks: IntList): readonly number[] {
    if (this.#shapes.length === 0) return NONE
    const shapes: number[] = []
    this.#followMoves()
    for (let index = 0; index < this.#seen.length; index++) {
      const seen = this.#seen.items[index] as number
      const shape = this.#shapes.items[index] as number
      marks.push(seen)
      if (seen === 1 && !shapes.includes(shape)) shapes.push(shape)
    }
    return shapes
  }

  #lookInto(local: number): void {
    if (this.looked[local] === this.body) return
    this.looked[local] = this.body
    this.#lookedCount++
  }

  /** What was put into a local that is looked into is looked into itself. */
  #followMoves(): void {
    const { items, length } = this.#moves
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const before = this.#lookedCount
      for (let index = 0; index < length; index += 2)
        if (this.looked[items[index + 1] as number] === this.body)
          this.see(items[index] as number, SHAPE.none)
      if (this.#lookedCount === before) return
    }
    this.#seen.items.fill(1, 0, this.#seen.length)
  }
}

/** For all functions without arithmetic. */
const NONE: readonly number[] = []
