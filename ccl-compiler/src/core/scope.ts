/** Names of one rule or function: its locals, block in block, and what its unit may ask for. */
import type { Name } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import type { Input, Type } from '../ir/ir.ts'
import type { Range } from '../source.ts'
import { type Known, ROLES } from './inputs.ts'

export type Local = {
  readonly slot: number
  readonly type: Type
  /** Made by `let`: may be assigned. */
  readonly mutable: boolean
  readonly range: Range
  used: boolean
}

/** The inputs that a policy or selection uses, in the order of their first use. */
export class Inputs {
  readonly list: Input[] = []
  readonly known: ReadonlyMap<string, Known>
  readonly amount: Type
  readonly declared: ReadonlyMap<string, Type>
  readonly #places = new Map<string, number>()

  constructor(known: ReadonlyMap<string, Known>, amount: Type, declared: Map<string, Type>) {
    this.known = known
    this.amount = amount
    this.declared = declared
  }

  typeOf(path: string): Type | undefined {
    const declared = this.declared.get(path)
    if (declared !== undefined) return declared
    const type = this.known.get(path)?.type
    if (type !== undefined) return type === 'amount' ? this.amount : type
    return /^roles\.[A-Za-z_]\w*$/.test(path) && this.known.has('caller') ? ROLES : undefined
  }

  /** The first words of paths: `request`, `caller`, … */
  isRoot(word: string): boolean {
    return this.roots().includes(word)
  }

  roots(): string[] {
    const roots = [...this.known.keys()].map((path) => path.split('.')[0] as string)
    return [...new Set([...roots, ...(this.known.has('caller') ? ['roles'] : [])])]
  }

  place(path: string, type: Type): number {
    const before = this.#places.get(path)
    if (before !== undefined) return before
    this.#places.set(path, this.list.length)
    return this.list.push({ path, type }) - 1
  }
}

export class Scope {
  readonly locals: Type[] = []
  readonly inputs: Inputs | null
  /** Something around was given up: a name that is missing may stand there. */
  readonly lenient: boolean
  readonly #frames: Map<string, Local>[] = [new Map()]
  /** Names whose value is broken and reported: their uses are no further mistakes. */
  readonly broken = new Set<string>()

  constructor(inputs: Inputs | null, lenient = false) {
    this.inputs = inputs
    this.lenient = lenient
  }

  find(name: string): Local | undefined {
    return this.#frames.findLast((frame) => frame.has(name))?.get(name)
  }

  names(): string[] {
    return this.#frames.flatMap((frame) => [...frame.keys()])
  }

  enter(): void {
    this.#frames.push(new Map())
  }

  /** Leaves the block and says which of its `let`s nobody read. */
  leave(problems: Problems): void {
    for (const [name, { used, mutable, range }] of this.#frames.pop() ?? []) {
      if (!used && mutable) problems.add('CCL0518', range, name, 'variable')
    }
  }

  declare(name: Name, type: Type, mutable: boolean, problems: Problems): number {
    const first = this.find(name.text)
    if (first !== undefined) {
      const other = { message: 'the first stands here', range: first.range }
      problems.addWith('CCL0318', name.range, other, name.text, 'name')
    }
    const slot = this.locals.push(type) - 1
    const local = { slot, type, mutable, range: name.range, used: false }
    this.#frames.at(-1)?.set(name.text, local)
    return slot
  }
}
