/** One function in the making: its instructions, its locals, and how it ends in an error. */
import { ERRORS, type ErrorName, isNumber, type Type } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'

const { OP, TYPE } = W

export type WasmType = typeof TYPE.i32 | typeof TYPE.i64

/** Numbers are i64; conditions and addresses i32. */
export const wasmType = (type: Type): WasmType => (isNumber(type) ? TYPE.i64 : TYPE.i32)

/** The module's globals, in their order; the last ones are left out where nothing uses them. */
export const GLOBAL = { steps: 0, request: 1, error: 2, heap: 3, heapStart: 4 } as const
export const GLOBAL_TYPES: readonly WasmType[] = [TYPE.i64, ...Array(4).fill(TYPE.i32)]

/** What the global `error` holds: the status of a rule that ends so, as spec/ccl-abi.md has it. */
export const statusOf = (error: ErrorName): number => ERRORS.indexOf(error) + 1

export class Body {
  readonly code: number[] = []
  readonly params: readonly WasmType[]
  readonly result: WasmType | null
  /** Those that it sets. */
  readonly globals = new Set<number>()
  /** Whether it, or what it calls, may end because too many steps were taken before. */
  asksForFuel = false
  readonly #locals: WasmType[] = []

  constructor(params: readonly WasmType[], result: WasmType | null) {
    this.params = params
    this.result = result
  }

  local(type: WasmType): number {
    return this.params.length + this.#locals.push(type) - 1
  }

  op(...bytes: readonly number[]): this {
    for (const byte of bytes) this.code.push(byte)
    return this
  }

  i32(value: number): this {
    return this.op(OP.i32Const, ...W.signed(value))
  }

  i64(value: bigint): this {
    return this.op(OP.i64Const, ...W.signed64(value))
  }

  get(local: number): this {
    return this.op(OP.localGet, ...W.unsigned(local))
  }

  set(local: number): this {
    return this.op(OP.localSet, ...W.unsigned(local))
  }

  tee(local: number): this {
    return this.op(OP.localTee, ...W.unsigned(local))
  }

  global(index: number): this {
    return this.op(OP.globalGet, index)
  }

  setGlobal(index: number): this {
    this.globals.add(index)
    return this.op(OP.globalSet, index)
  }

  call(index: number): this {
    return this.op(OP.call, ...W.unsigned(index))
  }

  /** Loads what a cell holds, as its type is kept on the stack. */
  load(type: WasmType, offset = 0): this {
    const op = type === TYPE.i64 ? [OP.i64Load, 3] : [OP.i32Load, 2]
    return this.op(...op, ...W.unsigned(offset))
  }

  /** Stores into a whole cell: an i32 takes its lower half, the upper one is 0. */
  store(type: WasmType, offset = 0): this {
    if (type === TYPE.i32) this.op(OP.i64ExtendI32U)
    return this.op(OP.i64Store, 3, ...W.unsigned(offset))
  }

  /** Adds to the steps that were taken. */
  charge(steps: number): this {
    if (steps === 0) return this
    return this.global(GLOBAL.steps).i64(BigInt(steps)).op(OP.i64Add).setGlobal(GLOBAL.steps)
  }

  /** With a condition on the stack: if it holds, the function ends in that error. */
  failIf(error: ErrorName): this {
    this.op(OP.if, TYPE.empty).i32(statusOf(error)).setGlobal(GLOBAL.error)
    return this.#leave().op(OP.end)
  }

  /** After a call: an error in there is an error here. */
  failAlike(): this {
    this.global(GLOBAL.error).op(OP.if, TYPE.empty)
    return this.#leave().op(OP.end)
  }

  fueled(stepsMax: number): this {
    this.asksForFuel = true
    return this.global(GLOBAL.steps).i64(BigInt(stepsMax)).op(OP.i64GtS).failIf('fuel')
  }

  #leave(): this {
    if (this.result === TYPE.i64) this.i64(0n)
    else if (this.result === TYPE.i32) this.i32(0)
    return this.op(OP.return)
  }

  /** The bytes of the code section's entry. */
  bytes(): Uint8Array {
    const runs: number[][] = []
    let count = 0
    this.#locals.forEach((type, index) => {
      count++
      if (this.#locals[index + 1] === type) return
      runs.push([...W.unsigned(count), type])
      count = 0
    })
    return W.sized(W.join([W.vector(runs), this.code, [OP.end]]))
  }
}
