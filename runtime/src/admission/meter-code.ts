/**
 * Writes the instructions that read, change and test W, wherever the function at hand carries it.
 * These are the only instructions that metering adds, apart from wrappers.
 */
import { amountCost } from './costs.ts'
import { DEPTH_BITS, DEPTH_GONE } from './meter.ts'
import { OP } from './opcodes.ts'
import type { Carrier } from './plan.ts'
import type { ByteWriter } from './writer.ts'

/** The index of the global W: ours is the only global that a module imports. */
export const W_GLOBAL = 0

const EMPTY_BLOCK = 0x40
const FUEL_ONE = 2 ** DEPTH_BITS
/** The sign of the fuel and that of the depth, -(2 ** 63) + DEPTH_GONE: one test for both. */
const EITHER_GONE = [0x80, 0x80, 0x80 | (DEPTH_GONE >> 14), ...new Array(6).fill(0x80), 0x7f]

export class MeterCode {
  readonly #out: ByteWriter
  readonly #carrier: Carrier
  /** The local that holds W, unless the global does. */
  readonly #local: number

  constructor(out: ByteWriter, carrier: Carrier, local: number) {
    this.#out = out
    this.#carrier = carrier
    this.#local = local
  }

  get(): void {
    if (this.#carrier === 'global') this.#out.op(OP.globalGet, W_GLOBAL)
    else this.#out.op(OP.localGet, this.#local)
  }

  set(): void {
    if (this.#carrier === 'global') this.#out.op(OP.globalSet, W_GLOBAL)
    else this.#out.op(OP.localSet, this.#local)
  }

  /** Brings W into the global, for whoever reads it there. */
  store(): void {
    if (this.#carrier === 'global') return
    this.get()
    this.#out.op(OP.globalSet, W_GLOBAL)
  }

  /** Takes W from the global, after somebody may have changed it there. */
  load(): void {
    if (this.#carrier === 'global') return
    this.#out.op(OP.globalGet, W_GLOBAL)
    this.set()
  }

  enter(): void {
    if (this.#carrier === 'local') this.load()
  }

  /** Gives back `depth` and hands W to the caller. */
  leave(depth: number): void {
    if (depth > 0) {
      this.get()
      this.#out.byte(OP.i64Const)
      this.#out.signed(depth)
      this.#out.byte(OP.i64Add)
      if (this.#carrier === 'parameter') return
      this.set()
    } else if (this.#carrier === 'parameter') this.get()
    if (this.#carrier === 'local') this.store()
  }

  /** Pays `fuel` and `depth`, and stops the guest when it checks and either is gone. */
  charge(fuel: number, depth: number, checks: boolean): void {
    const amount = fuel * FUEL_ONE + depth
    if (amount > 0) {
      this.get()
      this.#out.byte(OP.i64Const)
      this.#out.signed(amount)
      this.#out.byte(OP.i64Sub)
    }
    if (depth > 0) this.#checkBoth()
    else if (checks) this.#check(amount > 0)
    else if (amount > 0) this.set()
  }

  /** Pays by the amount on top of the stack, which stays there. `scratch` is an i32 local. */
  chargeOperand(code: number, scratch: number): void {
    this.#out.op(OP.localTee, scratch)
    this.get()
    this.#out.op(OP.localGet, scratch)
    this.#subtractAmount(code)
  }

  /** Notes in `scratch` how large it is, which the instruction `size` says, before it grows. */
  beforeGrowing(size: readonly number[], scratch: number): void {
    this.#out.list(size)
    this.#out.op(OP.localSet, scratch)
  }

  /** Pays for what was gained since. */
  chargeGain(code: number, size: readonly number[], scratch: number): void {
    this.get()
    this.#out.list(size)
    this.#out.op(OP.localGet, scratch)
    this.#out.byte(OP.i32Sub)
    this.#subtractAmount(code)
  }

  /** From W and an amount on the stack; takes both and leaves W where it is carried. */
  #subtractAmount(code: number): void {
    const { left, right } = { left: 0, right: 0, ...amountCost(code) }
    const out = this.#out
    out.byte(OP.i64ExtendI32U)
    if (right > 0) {
      out.byte(OP.i64Const)
      out.signed(right)
      out.byte(OP.i64ShrU)
    }
    out.byte(OP.i64Const)
    out.signed(left + DEPTH_BITS)
    out.byte(OP.i64Shl)
    out.byte(OP.i64Sub)
    this.#check(true)
  }

  /** Stops when the fuel is below zero; `onStack` says whether W is still to be stored. */
  #check(onStack: boolean): void {
    if (onStack) this.#keep()
    else this.get()
    this.#out.byte(OP.i64Const)
    this.#out.signed(0)
    this.#out.byte(OP.i64LtS)
    this.#stopIf()
  }

  /** Stops when the fuel or the depth of the W on the stack is below zero. */
  #checkBoth(): void {
    this.#keep()
    this.#out.byte(OP.i64Const)
    this.#out.list(EITHER_GONE)
    this.#out.byte(OP.i64And)
    this.#out.byte(OP.i64Const)
    this.#out.signed(0)
    this.#out.byte(OP.i64Ne)
    this.#stopIf()
  }

  /** Stores the W on the stack where it is carried, and leaves it there. */
  #keep(): void {
    if (this.#carrier === 'global') {
      this.set()
      this.get()
    } else this.#out.op(OP.localTee, this.#local)
  }

  #stopIf(): void {
    this.#out.byte(OP.if)
    this.#out.byte(EMPTY_BLOCK)
    this.store()
    this.#out.byte(OP.unreachable)
    this.#out.byte(OP.end)
  }
}
