/**
 * Writes the instructions that read, change and test W, wherever the function at hand carries it.
 * These are the only instructions that metering adds, apart from wrappers. Whoever writes them has
 * made room for RESERVED_MAX bytes, which any of the methods here keeps to.
 */
import { amountCost } from './costs.ts'
import { DEPTH_BITS, DEPTH_GONE } from './meter.ts'
import { OP as opcodes } from './opcodes.ts'
import { CARRIER as carriers } from './plan.ts'
import type { ByteWriter } from './writer.ts'

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const OP = opcodes
const CARRIER = carriers

/** The index of the global W: ours is the only global that a module imports. */
export const W_GLOBAL = 0

const EMPTY_BLOCK = 0x40
const FUEL_ONE = 2 ** DEPTH_BITS
/** The sign of the fuel and that of the depth, -(2 ** 63) + DEPTH_GONE: one test for both. */
const EITHER_GONE = [0x80, 0x80, 0x80 | (DEPTH_GONE >> 14), ...new Array(6).fill(0x80), 0x7f]

export class MeterCode {
  readonly #out: ByteWriter
  /** One of CARRIER. */
  #carrier: number = CARRIER.global
  /** The local that holds W, unless the global does. */
  #local = 0

  constructor(out: ByteWriter) {
    this.#out = out
  }

  /** Says how the function that is written next carries W. */
  carry(carrier: number, local: number): void {
    this.#carrier = carrier
    this.#local = local
  }

  get(): void {
    if (this.#carrier === CARRIER.global) this.#out.putOp(OP.globalGet, W_GLOBAL)
    else this.#out.putOp(OP.localGet, this.#local)
  }

  set(): void {
    if (this.#carrier === CARRIER.global) this.#out.putOp(OP.globalSet, W_GLOBAL)
    else this.#out.putOp(OP.localSet, this.#local)
  }

  /** Brings W into the global, for whoever reads it there. */
  store(): void {
    if (this.#carrier === CARRIER.global) return
    this.get()
    this.#out.putOp(OP.globalSet, W_GLOBAL)
  }

  /** Takes W from the global, after somebody may have changed it there. */
  load(): void {
    if (this.#carrier === CARRIER.global) return
    this.#out.putOp(OP.globalGet, W_GLOBAL)
    this.set()
  }

  enter(): void {
    if (this.#carrier === CARRIER.local) this.load()
  }

  /** Gives back `depth` and hands W to the caller. */
  leave(depth: number): void {
    if (depth > 0) {
      this.get()
      this.#out.put(OP.i64Const)
      this.#out.putSigned(depth)
      this.#out.put(OP.i64Add)
      if (this.#carrier === CARRIER.parameter) return
      this.set()
    } else if (this.#carrier === CARRIER.parameter) this.get()
    if (this.#carrier === CARRIER.local) this.store()
  }

  /** Pays `fuel` and `depth`, and stops the guest when it checks and either is gone. */
  charge(fuel: number, depth: number, checks: boolean): void {
    const amount = fuel * FUEL_ONE + depth
    if (amount > 0) {
      this.get()
      this.#out.put(OP.i64Const)
      this.#out.putSigned(amount)
      this.#out.put(OP.i64Sub)
    }
    if (depth > 0) this.#checkBoth()
    else if (checks) this.#check(amount > 0)
    else if (amount > 0) this.set()
  }

  /** Pays by the amount on top of the stack, which stays there. `scratch` is an i32 local. */
  chargeOperand(code: number, scratch: number): void {
    this.#out.putOp(OP.localTee, scratch)
    this.get()
    this.#out.putOp(OP.localGet, scratch)
    this.#subtractAmount(code)
  }

  /** Notes in `scratch` how large it is, which the instruction `size` says, before it grows. */
  beforeGrowing(size: readonly number[], scratch: number): void {
    this.#out.list(size)
    this.#out.putOp(OP.localSet, scratch)
  }

  /** Pays for what was gained since. */
  chargeGain(code: number, size: readonly number[], scratch: number): void {
    this.get()
    this.#out.list(size)
    this.#out.putOp(OP.localGet, scratch)
    this.#out.put(OP.i32Sub)
    this.#subtractAmount(code)
  }

  /** From W and an amount on the stack; takes both and leaves W where it is carried. */
  #subtractAmount(code: number): void {
    const { left, right } = { left: 0, right: 0, ...amountCost(code) }
    const out = this.#out
    out.put(OP.i64ExtendI32U)
    if (right > 0) {
      out.put(OP.i64Const)
      out.putSigned(right)
      out.put(OP.i64ShrU)
    }
    out.put(OP.i64Const)
    out.putSigned(left + DEPTH_BITS)
    out.put(OP.i64Shl)
    out.put(OP.i64Sub)
    this.#check(true)
  }

  /** Stops when the fuel is below zero; `onStack` says whether W is still to be stored. */
  #check(onStack: boolean): void {
    if (onStack) this.#keep()
    else this.get()
    this.#out.put(OP.i64Const)
    this.#out.putSigned(0)
    this.#out.put(OP.i64LtS)
    this.#stopIf()
  }

  /** Stops when the fuel or the depth of the W on the stack is below zero. */
  #checkBoth(): void {
    this.#keep()
    this.#out.put(OP.i64Const)
    this.#out.list(EITHER_GONE)
    this.#out.put(OP.i64And)
    this.#out.put(OP.i64Const)
    this.#out.putSigned(0)
    this.#out.put(OP.i64Ne)
    this.#stopIf()
  }

  /** Stores the W on the stack where it is carried, and leaves it there. */
  #keep(): void {
    if (this.#carrier === CARRIER.global) {
      this.set()
      this.get()
    } else this.#out.putOp(OP.localTee, this.#local)
  }

  #stopIf(): void {
    this.#out.put(OP.if)
    this.#out.put(EMPTY_BLOCK)
    this.store()
    this.#out.put(OP.unreachable)
    this.#out.put(OP.end)
  }
}
