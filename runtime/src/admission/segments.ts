/**
 * Where a function pays for its fuel. A segment is a run of instructions that are always executed
 * together; it is paid at its start, whole, even when a trap ends it early. A small block or `if`
 * without loops and calls is paid together with what surrounds it, at the cost of its dearer arm.
 *
 * The scan leaves a mark at each instruction that ends a run; this turns marks into charges.
 */
import { FOLD_COST_MAX } from './costs.ts'
import { IntList } from './int-list.ts'

export const MARK = { block: 0, loop: 1, if: 2, else: 3, end: 4, branch: 5 } as const

const MARK_ITEMS = 5
const NOT_FOLDED = -1

/** The marks of one function. */
export class Marks {
  readonly #list = new IntList()

  reset(): void {
    this.#list.length = 0
  }

  /**
   * Adds a mark of `kind` at offset `at`, after a run that costs `cost` and whose first instruction
   * with a cost stands at `firstAt`. Gives the mark's number.
   */
  add(kind: number, at: number, cost: number, firstAt: number): number {
    const list = this.#list
    const mark = list.length / MARK_ITEMS
    const from = list.extend(MARK_ITEMS)
    const { items } = list
    items[from] = kind
    items[from + 1] = at
    items[from + 2] = cost
    items[from + 3] = firstAt
    items[from + 4] = NOT_FOLDED
    return mark
  }

  /** Says what the construct that begins at `mark` costs when it may be paid whole. */
  foldable(mark: number, cost: number): void {
    if (cost <= FOLD_COST_MAX) this.#list.items[mark * MARK_ITEMS + 4] = cost
  }

  /** Adds the charges of a function whose code starts at `start`. */
  charge(charges: Charges, start: number): void {
    const { items, length } = this.#list
    let folds = 0
    charges.open(start, false)
    let loop = false
    for (let at = 0; at < length; at += MARK_ITEMS) {
      const kind = items[at] as number
      const cost = items[at + 2] as number
      if (folds > 0) {
        if (kind === MARK.end) folds--
        else if (kind <= MARK.if) folds++
        continue
      }
      if (cost > 0) loop = charges.pay(items[at + 3] as number, cost, loop)
      const fold = items[at + 4] as number
      if (fold !== NOT_FOLDED) {
        folds = 1
        if (fold > 0) loop = charges.pay(items[at + 1] as number, fold, loop)
      } else if (kind !== MARK.block) charges.close()
      if (kind === MARK.loop) loop = true
    }
  }
}

/** The charges of all functions, in the order in which they stand in the module. */
export class Charges {
  /** The offset of the instruction before which to pay. */
  readonly at = new IntList()
  readonly cost = new IntList()
  /** 1 where a loop begins, so that the fuel must be checked. */
  readonly loop = new IntList()
  #open = false

  get length(): number {
    return this.at.length
  }

  open(at: number, loop: boolean): void {
    this.at.push(at)
    this.cost.push(0)
    this.loop.push(loop ? 1 : 0)
    this.#open = true
  }

  close(): void {
    this.#open = false
  }

  /** Adds to the open charge, or opens one at `at`; says whether a loop's check is still due. */
  pay(at: number, cost: number, loop: boolean): boolean {
    const opens = !this.#open
    if (opens) this.open(at, loop)
    const last = this.cost.length - 1
    this.cost.items[last] = (this.cost.items[last] as number) + cost
    return opens ? false : loop
  }
}
