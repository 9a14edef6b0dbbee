/** The functions and constants that a module collects while its rules are encoded. */
import { assert } from '@planetary-mesh/spec/bare'
import { type Fn, isWord, type Type, type Value } from '../ir/ir.ts'
import { Body, GLOBAL, type WasmType, wasmType } from './body.ts'
import { type BuiltInName, builtInBody, hashOf } from './built-in.ts'
import { AT, CELL, Memory } from './layout.ts'

/** Longer lists of words are looked up by hash. */
export const SHORT_MAX = 8

export type Table = { readonly address: number; readonly mask: number }

export class ModuleParts {
  readonly data = new Memory(AT.data)
  readonly stepsMax: number
  /** Those of the text have names, for whoever reads where a trap was. */
  readonly functions: { readonly name: string | null; body: Body | null }[] = []
  readonly #fns: readonly Fn[]
  readonly #encodeFn: (fn: Fn, parts: ModuleParts) => Body
  readonly #builtIn = new Map<BuiltInName, number>()
  readonly #declared = new Map<number, number>()
  readonly #constants = new Map<Value, number>()
  readonly #tables = new Map<Value, Table>()

  constructor(
    fns: readonly Fn[],
    stepsMax: number,
    encodeFn: (fn: Fn, parts: ModuleParts) => Body,
  ) {
    this.#fns = fns
    this.stepsMax = stepsMax
    this.#encodeFn = encodeFn
  }

  add(name: string | null, body: Body | null): number {
    return this.functions.push({ name, body }) - 1
  }

  /** The index of a function that modules bring along. */
  builtIn(name: BuiltInName): number {
    const before = this.#builtIn.get(name)
    if (before !== undefined) return before
    const index = this.add(null, null)
    this.#builtIn.set(name, index)
    this.fill(
      index,
      builtInBody(name, (other) => this.builtIn(other)),
    )
    return index
  }

  /** The index of a declared function, by its place in the program. */
  declared(place: number): number {
    const before = this.#declared.get(place)
    if (before !== undefined) return before
    const fn = this.#fns[place] as Fn
    const index = this.add(fn.name, null)
    this.#declared.set(place, index)
    this.fill(index, this.#encodeFn(fn, this))
    return index
  }

  fill(index: number, body: Body): void {
    const entry = this.functions[index]
    assert(entry !== undefined && entry.body === null, 'a function is filled once')
    entry.body = body
  }

  /** The functions in their order, when all are there. */
  bodies(): Body[] {
    return this.functions.map(({ body }, index) => {
      assert(body !== null, `function ${index} has its instructions`)
      return body
    })
  }

  /** Whether one of the functions that are there sets this global. */
  sets(global: number): boolean {
    return this.functions.some(({ body }) => body?.globals.has(global) === true)
  }

  /** True if a decision may take memory. */
  get allocates(): boolean {
    return this.#builtIn.has('alloc')
  }

  /** How each rule begins: with free memory, and no error of the one before. */
  begin(body: Body): Body {
    if (this.allocates) body.global(GLOBAL.heapStart).setGlobal(GLOBAL.heap)
    return this.sets(GLOBAL.error) ? body.i32(0).setGlobal(GLOBAL.error) : body
  }

  constant(type: Type, value: Value): number {
    if (typeof value === 'string') return this.data.word(value)
    const before = this.#constants.get(value)
    if (before !== undefined) return before
    const address = this.data.place(type, value)
    this.#constants.set(value, address)
    return address
  }

  /** The slots in which `lookup` finds the words of a long list; undefined for a short one. */
  table(type: Type, value: Value): Table | undefined {
    const words = value as readonly string[]
    if (!isWord(type) || words.length <= SHORT_MAX) return undefined
    const before = this.#tables.get(value)
    if (before !== undefined) return before
    const unique = [...new Set(words)]
    const size = 2 ** Math.ceil(Math.log2(unique.length * 2))
    const slots = new Uint32Array(size)
    for (const word of unique) {
      const address = this.data.word(word)
      const cells = Math.ceil(Number(this.data.cell(address)) / CELL)
      const hash = hashOf(
        Array.from({ length: cells + 1 }, (_, index) => this.data.cell(address + CELL * index)),
      )
      let slot = hash & (size - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      slots[slot] = address
    }
    const address = this.data.take(size / 2)
    slots.forEach((slot, index) => {
      this.data.setHalf(address + 4 * index, slot)
    })
    const made = { address, mask: size - 1 }
    this.#tables.set(value, made)
    return made
  }

  /** A function whose first locals are those of the IR; gives it and their places. */
  frame(
    params: readonly Type[],
    locals: readonly Type[],
    result: WasmType | null,
  ): { body: Body; slots: number[] } {
    const body = new Body(params.map(wasmType), result)
    const slots = locals.map((type, index) =>
      index < params.length ? index : body.local(wasmType(type)),
    )
    return { body, slots }
  }
}
