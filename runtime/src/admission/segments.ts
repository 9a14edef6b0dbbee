/**
 * Where a function pays for its fuel. A segment is a run of instructions that are always executed
 * together; it is paid at its start, whole, even when a trap ends it early. A small block or `if`
 * without loops and calls is paid together with what surrounds it, at the cost of its dearer arm.
 *
 * What is inside a block is paid on its own until its end shows that it can be paid whole; then its
 * charges are taken back.
 */
import { FOLD_COST_MAX } from './costs.ts'
import { IntList } from './int-list.ts'

const FOLDED_MAX = FOLD_COST_MAX

/** How the charges stood where a block began. */
export type Standing = { length: number; cost: number; isOpen: boolean; isLoop: boolean }

/** The charges of all functions, in the order in which they stand in the module. */
export class Charges {
  /** Twice the offset of the instruction before which to pay, and 1 where a loop begins there. */
  readonly #places: IntList
  readonly #costs: IntList
  /** What is paid next is added to the last charge. */
  #isOpen = false
  /** The check of a loop is still due. */
  #isLoop = false

  constructor(capacity: number) {
    this.#places = new IntList(capacity)
    this.#costs = new IntList(capacity)
  }

  get length(): number {
    return this.#costs.length
  }

  /** The offset of the instruction before which charge `index` is paid. */
  at(index: number): number {
    return this.#places.get(index) >> 1
  }

  cost(index: number): number {
    return this.#costs.get(index)
  }

  /** It is paid where a loop begins, so that the fuel must be checked. */
  isLoop(index: number): boolean {
    return (this.#places.get(index) & 1) === 1
  }

  /** Begins a function, whose code starts at `at`, with a charge of nothing yet. */
  begin(at: number): void {
    this.#isLoop = false
    this.#open(at)
  }

  /** Pays `cost` for a run whose first instruction with a cost stands at `at`. */
  pay(at: number, cost: number): void {
    if (!this.#isOpen) this.#open(at)
    const { items, length } = this.#costs
    items[length - 1] = (items[length - 1] as number) + cost
  }

  /** Whatever follows is not always executed with what was before. */
  close(): void {
    this.#isOpen = false
  }

  /** A loop begins. */
  loops(): void {
    this.#isOpen = false
    this.#isLoop = true
  }

  /** Notes in `standing` what a block begins with. */
  note(standing: Standing): void {
    const { length } = this.#costs
    standing.length = length
    standing.cost = this.#costs.get(length - 1)
    standing.isOpen = this.#isOpen
    standing.isLoop = this.#isLoop
  }

  /** Pays a block that begins at `at` whole, if it is small: for all since `standing`. */
  fold(standing: Standing, at: number, cost: number): boolean {
    if (cost > FOLDED_MAX) return false
    const { length } = standing
    this.#places.length = this.#costs.length = length
    this.#costs.items[length - 1] = standing.cost
    this.#isOpen = standing.isOpen
    this.#isLoop = standing.isLoop
    if (cost > 0) this.pay(at, cost)
    return true
  }

  #open(at: number): void {
    this.#places.push(2 * at + (this.#isLoop ? 1 : 0))
    this.#costs.push(0)
    this.#isOpen = true
    this.#isLoop = false
  }
}
