/** The types of the rewritten module: the guest's own, then those that the rewriter adds. */
import { type FunctionType, VALUE } from './types.ts'

export class TypeTable {
  readonly added: FunctionType[] = []
  readonly #own: readonly FunctionType[]
  readonly #indices = new Map<string, number>()
  /** By the guest's type, where it is known. */
  readonly #withW: (number | undefined)[]

  constructor(own: readonly FunctionType[]) {
    this.#own = own
    this.#withW = own.map(() => undefined)
    for (const [index, type] of own.entries()) {
      const key = keyOf(type)
      if (!this.#indices.has(key)) this.#indices.set(key, index)
    }
  }

  /** The index of `type`, added when it is new. */
  indexOf(type: FunctionType): number {
    const key = keyOf(type)
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    const index = this.#own.length + this.added.length
    this.added.push(type)
    this.#indices.set(key, index)
    return index
  }

  /** The index of the guest's type `index` with W as a further parameter and result. */
  withW(index: number): number {
    const known = this.#withW[index]
    if (known !== undefined) return known
    const { params, results } = this.#own[index] as FunctionType
    const type = { params: [...params, VALUE.i64], results: [...results, VALUE.i64] }
    const found = this.indexOf(type)
    this.#withW[index] = found
    return found
  }
}

/** Equal for equal types: no value type is the number zero. */
export const keyOf = ({ params, results }: FunctionType): string =>
  String.fromCharCode(...params, 0, ...results)
