/** The types of the rewritten module: the guest's own, then those that the rewriter adds. */
import type { FunctionType } from './types.ts'

export class TypeTable {
  readonly added: FunctionType[] = []
  readonly #own: number
  readonly #indices = new Map<string, number>()

  constructor(own: readonly FunctionType[]) {
    this.#own = own.length
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
    const index = this.#own + this.added.length
    this.added.push(type)
    this.#indices.set(key, index)
    return index
  }
}

const keyOf = ({ params, results }: FunctionType) => `${params.join()}:${results.join()}`
