/**
 * The second pass over a function body: writes it again with its charges, with W passed through its
 * calls and with canonical NaNs. What is not changed is copied in runs.
 */
import assert from 'node:assert'
import { scratchType, writeCanonical } from './canonical-nan.ts'
import { COSTS_BY_AMOUNT, costsByGain } from './costs.ts'
import { Instructions } from './instructions.ts'
import { MeterCode, W_GLOBAL } from './meter-code.ts'
import { NAN_MADE as madeBy } from './not-a-number.ts'
import { MISC, OP as opcodes, PREFIX_MISC } from './opcodes.ts'
import type { Parsed } from './parse.ts'
import { CARRIER as carriers, type Plan } from './plan.ts'
import { ByteReader, refuse } from './reader.ts'
import type { Scanned } from './scanned.ts'
import type { TypeTable } from './type-table.ts'
import { type FunctionType, VALUE } from './types.ts'
import { type ByteWriter, RESERVED_MAX } from './writer.ts'

/** Everything that the pass knows about the module beside the function at hand. */
export type Rewriting = {
  readonly parsed: Parsed
  readonly scanned: Scanned
  readonly plan: Plan
  readonly types: TypeTable
  /** Where the metered body of each own function stands among all functions. */
  readonly targets: Int32Array
}

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const OP = opcodes
const CARRIER = carriers
const NAN_MADE = madeBy

const NONE: readonly number[] = []
const W_ALONE: readonly number[] = [VALUE.i64]
const EMPTY_BLOCK = 0x40
const NO_CHARGE = 2 ** 31 - 1
/** The engine refuses longer bodies. Source: V8, `kV8MaxWasmFunctionSize`. */
const BODY_BYTES_MAX = 7_654_321

/** Writes a function of the original type that calls function `target`, which also passes W. */
export function writeWrapper(out: ByteWriter, type: FunctionType, target: number): void {
  const start = out.beginSized()
  out.u32(0)
  for (let index = 0; index < type.params.length; index++) out.op(OP.localGet, index)
  out.op(OP.globalGet, W_GLOBAL)
  out.op(OP.call, target)
  out.op(OP.globalSet, W_GLOBAL)
  out.byte(OP.end)
  out.endSized(start)
}

/** Writes the function that pays `cost` for what the module starts with, once it is there. */
export function writeStart(out: ByteWriter, cost: number): void {
  const start = out.beginSized()
  out.u32(0)
  const meter = new MeterCode(out)
  meter.carry(CARRIER.global, W_GLOBAL)
  out.reserve(RESERVED_MAX)
  meter.charge(cost, 0, true)
  out.byte(OP.end)
  out.endSized(start)
}

/** Writes metered bodies, one after the other. */
export class BodyWriter {
  readonly #out: ByteWriter
  readonly #in: Rewriting
  readonly #code: Instructions
  readonly #locals: ByteReader
  readonly #meter: MeterCode
  /** The function at hand. */
  #carrier: number = CARRIER.global
  #depth = 0
  /** Types of the locals that we add, in order; W's first when it is one of them. */
  #added: readonly number[] = NONE
  /** The number of the first local that we add. */
  #addedFrom = 0
  /** Where the guest's first local that is no parameter stands when W takes its place, or 0. */
  #movedTo = 0
  /** What is before this offset was written. */
  #done = 0
  #charge = 0
  #chargesTo = 0
  /** The instruction before which the next charge is due. */
  #chargeAt = NO_CHARGE
  #canonical = 0

  constructor(out: ByteWriter, rewriting: Rewriting) {
    this.#out = out
    this.#in = rewriting
    this.#code = new Instructions(rewriting.parsed.bytes)
    this.#locals = new ByteReader(rewriting.parsed.bytes)
    this.#meter = new MeterCode(out)
  }

  /** Writes the metered body of the own function `index`, with its size. */
  write(index: number): void {
    const { localsAt } = this.#in.parsed.bodies
    const out = this.#out
    const start = out.beginSized()
    this.#begin(index)
    this.#writeCode(index)
    out.endSized(start)
    if (out.length - start > BODY_BYTES_MAX)
      refuse('a function too long once it is metered', localsAt[index] as number)
  }

  #begin(index: number): void {
    const { parsed, scanned, plan } = this.#in
    const params = this.#typeOf(index).params.length
    const locals = params + (parsed.bodies.locals[index] as number)
    const carrier = plan.carrier[index] as number
    const parameter = carrier === CARRIER.parameter
    this.#carrier = carrier
    this.#depth = plan.depth[index] as number
    this.#addedFrom = locals + (parameter ? 1 : 0)
    this.#movedTo = parameter ? locals : 0
    this.#added = this.#addedTypes(index)
    this.#meter.carry(carrier, parameter ? params : this.#addedFrom)
    this.#done = parsed.bodies.codeAt[index] as number
    this.#charge = scanned.chargesFrom[index] as number
    this.#chargesTo = scanned.chargesFrom[index + 1] as number
    this.#canonical = scanned.canonicalFrom[index] as number
  }

  #typeOf(index: number): FunctionType {
    const { types, functionTypes, imports } = this.#in.parsed
    return types[functionTypes[imports.length + index] as number] as FunctionType
  }

  #addedTypes(index: number): readonly number[] {
    const { scanned, plan } = this.#in
    const { scratchTypes, indirectFrom } = scanned
    const scratch = scratchTypes.size > 0 ? scratchTypes.get(index) : undefined
    const needsIndex = plan.indirectTakesW && indirectFrom[index + 1] !== indirectFrom[index]
    const w = this.#carrier === CARRIER.local ? W_ALONE : NONE
    if (scratch === undefined && !needsIndex) return w
    const types = [...w, ...(scratch ?? NONE)]
    if (needsIndex && !types.includes(VALUE.i32)) types.push(VALUE.i32)
    return types
  }

  #writeCode(index: number): void {
    const { scanned, parsed, plan } = this.#in
    const branchesOut = scanned.branchesOut[index] === 1
    const end = parsed.bodies.end[index] as number
    const sitesTo = scanned.sitesFrom[index + 1] as number
    const out = this.#out
    this.#writeLocals(index)
    out.reserve(RESERVED_MAX)
    this.#meter.enter()
    if (branchesOut) {
      out.byte(OP.block)
      this.#writeBlockType(this.#typeOf(index).results)
    }
    out.reserve(RESERVED_MAX)
    this.#pay(this.#depth, plan.checks[index] === 1)
    const { items } = scanned.sites
    for (let site = scanned.sitesFrom[index] as number; site < sitesTo; site++) {
      this.#step(items[site] as number)
    }
    this.#payUpTo(end)
    this.#copyTo(end - 1)
    if (branchesOut) out.byte(OP.end)
    this.#meter.leave(this.#depth)
    out.byte(OP.end)
  }

  /** Writes the instruction at `at`, and all before it. */
  #step(at: number): void {
    this.#payUpTo(at)
    this.#code.at = at
    this.#code.next()
    const { code, index } = this.#code
    switch (code) {
      case OP.localGet:
      case OP.localSet:
      case OP.localTee:
        if (this.#movedTo > 0) this.#replaceIndex(code, this.#movedTo)
        break
      case OP.globalGet:
      case OP.globalSet:
        this.#replaceIndex(code, index + 1)
        break
      case OP.call:
        this.#call(index)
        break
      case OP.callIndirect:
        if (this.#in.plan.indirectTakesW) this.#callIndirect(index)
        else this.#callOutside()
        break
      case OP.return:
        this.#copyTo(this.#code.start)
        this.#meter.leave(this.#depth)
        this.#skipUnreachable()
        break
      case OP.unreachable:
        this.#copyTo(this.#code.start)
        this.#meter.store()
        this.#skipUnreachable()
        break
      case OP.br:
      case OP.brTable:
        this.#skipUnreachable()
        break
      default:
        if ((NAN_MADE[code] as number) > 0) this.#arithmetic(code)
        else if (costsByGain(code)) this.#grow(code, index)
        else if (COSTS_BY_AMOUNT[code] === 1) {
          this.#copyTo(this.#code.start)
          this.#meter.chargeOperand(code, this.#scratch(VALUE.i32))
        }
    }
  }

  #grow(code: number, index: number): void {
    // The number of a table or memory is one byte: there are few.
    const prefix = code === OP.memoryGrow ? [OP.memorySize] : [PREFIX_MISC, OP.tableSize - MISC]
    const size = [...prefix, index]
    const scratch = this.#scratch(VALUE.i32)
    this.#copyTo(this.#code.start)
    this.#meter.beforeGrowing(size, scratch)
    this.#copyTo(this.#code.at)
    this.#meter.chargeGain(code, size, scratch)
  }

  #arithmetic(code: number): void {
    if (this.#in.scanned.canonical.items[this.#canonical++] === 0) return
    const shape = NAN_MADE[code] as number
    this.#copyTo(this.#code.at)
    writeCanonical(this.#out, shape, this.#scratch(scratchType(shape)))
  }

  #call(index: number): void {
    const own = index - this.#in.parsed.imports.length
    if (own < 0) return this.#callOutside()
    const carrier = this.#in.plan.carrier[own]
    assert(carrier !== CARRIER.local, 'what is called directly takes W, or all use the global')
    if (carrier === CARRIER.global) return
    this.#copyTo(this.#code.start)
    this.#meter.get()
    this.#out.op(OP.call, this.#in.targets[own] as number)
    this.#meter.set()
    this.#done = this.#code.at
  }

  /** A call through a table, whose functions take W after all else that stands below the index. */
  #callIndirect(type: number): void {
    const { start, at } = this.#code
    const { parsed, types } = this.#in
    const immediates = new ByteReader(parsed.bytes, start + 1, at)
    immediates.u32()
    const scratch = this.#scratch(VALUE.i32)
    this.#copyTo(start)
    this.#out.op(OP.localSet, scratch)
    this.#meter.get()
    this.#out.op(OP.localGet, scratch)
    this.#out.op(OP.callIndirect, types.withW(type))
    this.#out.u32(immediates.u32())
    this.#meter.set()
    this.#done = at
  }

  /** A call of something that finds W in the global. */
  #callOutside(): void {
    this.#copyTo(this.#code.start)
    this.#meter.store()
    this.#copyTo(this.#code.at)
    this.#meter.load()
  }

  /** Copies the instruction at hand, and leaves out what is not reached after it. */
  #skipUnreachable(): void {
    this.#copyTo(this.#code.at)
    this.#code.skipUnreachable()
    this.#done = this.#code.at
  }

  #replaceIndex(code: number, index: number): void {
    this.#copyTo(this.#code.start)
    this.#out.op(code, index)
    this.#done = this.#code.at
  }

  /** Pays the next charge, which is due before the instruction at hand, or at the entry. */
  #pay(depth: number, checks: boolean): void {
    const { charges } = this.#in.scanned
    const at = this.#charge++
    this.#meter.charge(charges.cost(at), depth, checks || charges.isLoop(at))
    this.#chargeAt = this.#charge < this.#chargesTo ? charges.at(this.#charge) : NO_CHARGE
  }

  /** Pays the charges that are due before the instruction at `offset` or earlier. */
  #payUpTo(offset: number): void {
    while (this.#chargeAt <= offset) {
      this.#copyTo(this.#chargeAt)
      this.#pay(0, false)
    }
  }

  #copyTo(offset: number): void {
    this.#out.copy(this.#in.parsed.bytes, this.#done, offset)
    this.#done = offset
  }

  /** The guest's local declarations, and ours after them. */
  #writeLocals(index: number): void {
    const { bytes, bodies } = this.#in.parsed
    const codeAt = bodies.codeAt[index] as number
    const reader = this.#locals
    reader.at = bodies.localsAt[index] as number
    reader.end = codeAt
    const groups = reader.u32()
    if (this.#movedTo > 0 && (bodies.locals[index] as number) > 0)
      this.#moveFirstLocal(groups, reader)
    else {
      this.#out.u32(groups + this.#added.length)
      this.#out.copy(bytes, reader.at, codeAt)
    }
    for (const type of this.#added) this.#out.op(1, type)
  }

  /** The guest's local declarations, with its first local behind all others. */
  #moveFirstLocal(groups: number, reader: ByteReader): void {
    const out = this.#out
    out.u32(groups + 1 + this.#added.length)
    let count = 0
    while (count === 0) {
      count = reader.u32()
      out.u32(count === 0 ? 0 : count - 1)
      out.byte(reader.byte())
    }
    const type = reader.bytes[reader.at - 1] as number
    out.copy(reader.bytes, reader.at, reader.end)
    out.op(1, type)
  }

  /** The number of our local for a value of `type` in passing. */
  #scratch(type: number): number {
    const place = this.#added.lastIndexOf(type)
    assert(place >= 0, 'the scan found every type of local that is needed')
    return this.#addedFrom + place
  }

  #writeBlockType(results: readonly number[]): void {
    if (results.length === 0) this.#out.byte(EMPTY_BLOCK)
    else if (results.length === 1) this.#out.byte(results[0] as number)
    else this.#out.signed(this.#in.types.indexOf({ params: [], results }))
  }
}
