/**
 * The second pass over a function body: writes it again with its charges, with W passed through its
 * calls and with canonical NaNs. What is not changed is copied in runs.
 */
import assert from 'node:assert'
import { scratchType, writeCanonical } from './canonical-nan.ts'
import { COSTS_BY_AMOUNT, costsByGain } from './costs.ts'
import { Instructions } from './instructions.ts'
import { MeterCode, W_GLOBAL } from './meter-code.ts'
import { NAN_MADE } from './not-a-number.ts'
import { MISC, OP, PREFIX_MISC } from './opcodes.ts'
import type { Body, Parsed } from './parse.ts'
import type { FunctionPlan } from './plan.ts'
import { ByteReader, refuse } from './reader.ts'
import type { FunctionFacts, Scanned } from './scan.ts'
import type { TypeTable } from './type-table.ts'
import { type FunctionType, VALUE } from './types.ts'
import type { ByteWriter } from './writer.ts'

/** Everything that the pass knows about the module beside the function at hand. */
export type Rewriting = {
  readonly parsed: Parsed
  readonly scanned: Scanned
  readonly plans: readonly FunctionPlan[]
  readonly indirectTakesW: boolean
  readonly types: TypeTable
  /** Where the metered body of each own function stands among all functions. */
  readonly targets: readonly number[]
}

const EMPTY_BLOCK = 0x40
const NO_CHARGE = 2 ** 31 - 1
/** The engine refuses longer bodies. Source: V8, `kV8MaxWasmFunctionSize`. */
const BODY_BYTES_MAX = 7_654_321

/** Writes the metered body of the own function `index`, with its size. */
export function writeBody(out: ByteWriter, rewriting: Rewriting, index: number): void {
  const start = out.beginSized()
  new Emission(out, rewriting, index).write()
  out.endSized(start)
  if (out.length - start > BODY_BYTES_MAX)
    refuse('a function too long once it is metered', rewriting.parsed.bodies[index]?.localsAt ?? 0)
}

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
  new MeterCode(out, 'global', W_GLOBAL).charge(cost, 0, true)
  out.byte(OP.end)
  out.endSized(start)
}

class Emission {
  readonly #out: ByteWriter
  readonly #in: Rewriting
  readonly #facts: FunctionFacts
  readonly #body: Body
  readonly #plan: FunctionPlan
  readonly #type: FunctionType
  readonly #code: Instructions
  readonly #meter: MeterCode
  /** Types of the locals that we add, in order; W's first when it is one of them. */
  readonly #added: readonly number[]
  /** The number of the first local that we add. */
  readonly #addedFrom: number
  /** Where the guest's first local that is no parameter stands when W takes its place, or 0. */
  readonly #movedTo: number
  /** What is before this offset was written. */
  #done: number
  #charge: number
  /** The instruction before which the next charge is due. */
  #chargeAt = NO_CHARGE
  #canonical: number

  constructor(out: ByteWriter, rewriting: Rewriting, index: number) {
    const { parsed, scanned, plans } = rewriting
    this.#out = out
    this.#in = rewriting
    this.#facts = scanned.functions[index] as FunctionFacts
    this.#plan = plans[index] as FunctionPlan
    this.#type = parsed.types[
      parsed.functionTypes[parsed.imports.length + index] as number
    ] as FunctionType
    const { params, chargesFrom, canonicalFrom } = this.#facts
    this.#body = parsed.bodies[index] as Body
    const { locals, codeAt, end } = this.#body
    const { carrier } = this.#plan
    const parameter = carrier === 'parameter'
    this.#code = new Instructions(parsed.bytes, codeAt, end)
    this.#addedFrom = params + locals + (parameter ? 1 : 0)
    this.#movedTo = parameter ? params + locals : 0
    this.#added = this.#addedTypes()
    this.#meter = new MeterCode(out, carrier, parameter ? params : this.#addedFrom)
    this.#done = codeAt
    this.#charge = chargesFrom
    this.#canonical = canonicalFrom
  }

  #addedTypes(): readonly number[] {
    const { scratchTypes, indirectTypes } = this.#facts
    const types = [...(this.#plan.carrier === 'local' ? [VALUE.i64] : []), ...scratchTypes]
    const needsIndex = this.#in.indirectTakesW && indirectTypes.length > 0
    if (needsIndex && !types.includes(VALUE.i32)) types.push(VALUE.i32)
    return types
  }

  write(): void {
    const { branchesOut } = this.#facts
    const out = this.#out
    this.#writeLocals()
    this.#meter.enter()
    if (branchesOut) {
      out.byte(OP.block)
      this.#writeBlockType(this.#type.results)
    }
    this.#pay(this.#plan.depth, this.#plan.checks)
    const code = this.#code
    const { sites } = this.#in.scanned
    for (let site = this.#facts.sitesFrom; site < this.#facts.sitesTo; site++) {
      const at = sites.items[site] as number
      this.#payUpTo(at)
      code.at = at
      code.next()
      this.#step()
    }
    this.#payUpTo(code.end)
    this.#copyTo(code.end - 1)
    if (branchesOut) out.byte(OP.end)
    this.#meter.leave(this.#plan.depth)
    out.byte(OP.end)
  }

  #step(): void {
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
        if (this.#in.indirectTakesW) this.#callIndirect(index)
        else this.#callOutside()
        break
      case OP.return:
        this.#copyTo(this.#code.start)
        this.#meter.leave(this.#plan.depth)
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
    const { carrier } = this.#in.plans[own] as FunctionPlan
    assert(carrier !== 'local', 'what is called directly takes W, or all use the global')
    if (carrier === 'global') return
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
    const cost = charges.cost.items[this.#charge] as number
    const loop = charges.loop.items[this.#charge] === 1
    this.#meter.charge(cost, depth, checks || loop)
    this.#charge++
    const more = this.#charge < this.#facts.chargesTo
    this.#chargeAt = more ? (charges.at.items[this.#charge] as number) : NO_CHARGE
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
  #writeLocals(): void {
    const { localsAt, codeAt } = this.#body
    const { bytes } = this.#in.parsed
    const reader = new ByteReader(bytes, localsAt, codeAt)
    const groups = reader.u32()
    if (this.#movedTo > 0 && this.#body.locals > 0) this.#moveFirstLocal(groups, reader)
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
