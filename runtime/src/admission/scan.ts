/**
 * The first pass over a function body: what it costs and where it pays, whom it calls, how large
 * its frame is, and which of its arithmetic must canonicalise NaN. Runs after the engine found the
 * module valid, so it trusts types and indices. Code that cannot be reached is passed over, and
 * left out of the metered body.
 */
import assert from 'node:assert'
import { scratchType } from './canonical-nan.ts'
import { COSTS_BY_AMOUNT } from './costs.ts'
import { BLOCK_ONE_RESULT, Instructions } from './instructions.ts'
import { IntList } from './int-list.ts'
import { KeptValues } from './kept-values.ts'
import { OP, SIMD } from './opcodes.ts'
import { Operands } from './operands.ts'
import type { Parsed } from './parse.ts'
import { costOf, madeOf, popsOf, TRAIT, TRAITS, takenOf } from './scan-table.ts'
import { Charges, MARK, Marks } from './segments.ts'
import { type FunctionType, VALUE } from './types.ts'

export type FunctionFacts = {
  readonly params: number
  readonly results: number
  /** The most operands on its stack at once. */
  readonly operandsMax: number
  /** The most values that the engine may keep across a call beside locals and operands. */
  readonly kept: number
  /** It has values of 16 bytes. */
  readonly wide: boolean
  /** All its instructions, each counted once. */
  readonly cost: number
  /** A branch leaves it, other than by `return`. */
  readonly branchesOut: boolean
  /** Types of the locals that the metered body needs for values in passing. */
  readonly scratchTypes: readonly number[]
  /** The function called at each call site, imported ones too. */
  readonly callees: readonly number[]
  /** The type at each indirect call site. */
  readonly indirectTypes: readonly number[]
  /** Its charges, as a range of `Scanned.charges`. */
  readonly chargesFrom: number
  readonly chargesTo: number
  /** Its arithmetic begins at this number of `Scanned.canonical`. */
  readonly canonicalFrom: number
  /** Its instructions that are not copied as they are, as a range of `Scanned.sites`. */
  readonly sitesFrom: number
  readonly sitesTo: number
}

export type Scanned = {
  readonly functions: readonly FunctionFacts[]
  readonly charges: Charges
  /** For each arithmetic instruction that may make a NaN: 1 when it must canonicalise. */
  readonly canonical: IntList
  /** Where the instructions stand that the second pass may have to change, in ascending order. */
  readonly sites: IntList
}

/** Scans all function bodies; marks in `parsed.taken` the functions whose references they take. */
export function scanFunctions(parsed: Parsed): Scanned {
  const scan = new Scan(parsed)
  const functions = parsed.bodies.map((_, index) => scan.function(index))
  return { functions, charges: scan.charges, canonical: scan.canonical, sites: scan.sites }
}

/** A block that the scan is inside of; the function itself is the outermost. */
type Frame = {
  readonly kind: number
  readonly mark: number
  readonly height: number
  readonly params: number
  readonly results: number
  /** Fuel of what is inside so far, of the arm at hand and of the arm before. */
  cost: number
  thenCost: number
  /** It holds no loop, no call and nothing whose cost depends on an amount. */
  foldable: boolean
}

/** One list for all that have none: a module may have very many functions with nothing in them. */
const NONE: readonly number[] = []

class Scan {
  readonly charges = new Charges()
  readonly canonical = new IntList()
  readonly sites = new IntList()
  readonly #parsed: Parsed
  readonly #importCount: number
  readonly #operands = new Operands()
  readonly #marks = new Marks()
  readonly #kept = new KeptValues()
  #code: Instructions
  /** The first local that is no parameter: it makes room for W. */
  #firstLocal = 0
  #frames: Frame[] = []
  #frame: Frame = { ...FUNCTION_FRAME }
  /** The run of instructions since the last mark. */
  #runCost = 0
  #runAt = 0
  #cost = 0
  #callees: number[] = []
  #indirectTypes: number[] = []
  #branchesOut = false
  #costsByAmount = false
  #wide = false

  constructor(parsed: Parsed) {
    this.#parsed = parsed
    this.#importCount = parsed.imports.length
    this.#code = new Instructions(parsed.bytes)
  }

  function(index: number): FunctionFacts {
    const body = this.#parsed.bodies[index]
    const type = this.#typeOf(this.#importCount + index)
    assert(body)
    const code = new Instructions(this.#parsed.bytes, body.codeAt, body.end)
    const sitesFrom = this.sites.length
    this.#begin(code, type)
    this.#wide = body.wide || hasVector(type.params) || hasVector(type.results)
    while (code.at < code.end) {
      code.next()
      this.#step()
    }
    assert(this.#frames.length === 0, 'a valid body ends with its last end')
    const chargesFrom = this.charges.length
    const canonicalFrom = this.canonical.length
    this.#marks.charge(this.charges, body.codeAt)
    const shapes = this.#operands.settle(this.canonical)
    return {
      params: type.params.length,
      results: type.results.length,
      operandsMax: this.#operands.heightMax,
      kept: this.#kept.most(),
      wide: this.#wide,
      cost: this.#cost,
      branchesOut: this.#branchesOut,
      scratchTypes: this.#scratchTypes(shapes),
      callees: this.#callees.length === 0 ? NONE : this.#callees,
      indirectTypes: this.#indirectTypes.length === 0 ? NONE : this.#indirectTypes,
      chargesFrom,
      chargesTo: this.charges.length,
      canonicalFrom,
      sitesFrom,
      sitesTo: this.sites.length,
    }
  }

  #scratchTypes(shapes: readonly number[]): readonly number[] {
    if (shapes.length === 0 && !this.#costsByAmount) return NONE
    const types = new Set(shapes.map(scratchType))
    if (this.#costsByAmount) types.add(VALUE.i32)
    return [...types]
  }

  #begin(code: Instructions, { params, results }: FunctionType): void {
    this.#code = code
    this.#firstLocal = params.length
    this.#operands.reset()
    this.#marks.reset()
    this.#kept.reset()
    this.#frames = []
    this.#frame = { ...FUNCTION_FRAME, results: results.length }
    this.#runCost = 0
    this.#cost = 0
    if (this.#callees.length > 0) this.#callees = []
    if (this.#indirectTypes.length > 0) this.#indirectTypes = []
    this.#branchesOut = false
    this.#costsByAmount = false
  }

  #step(): void {
    const { code, start, index } = this.#code
    const operands = this.#operands
    const traits = TRAITS[code] as number
    const cost = costOf(traits)
    if (cost > 0) {
      if (this.#runCost === 0) this.#runAt = start
      this.#runCost += cost
    }
    if (traits & TRAIT.plain) {
      const made = madeOf(traits)
      operands.take(popsOf(traits), takenOf(traits))
      if (made > 0) {
        this.sites.push(start)
        operands.pushNumber(made, start)
      } else if (traits & TRAIT.pushes) operands.push(start)
      if (traits & TRAIT.computes) this.#kept.compute()
      if (traits & TRAIT.special) this.#special(code)
    } else if (code <= OP.localTee && code >= OP.localGet) {
      if (index === this.#firstLocal) this.sites.push(start)
      if (code !== OP.localGet) operands.takeIntoLocal(index)
      if (code !== OP.localSet) operands.pushLocal(index, start)
    } else this.#control(code)
  }

  #control(code: number): void {
    const { start, index } = this.#code
    const operands = this.#operands
    switch (code) {
      case OP.block:
      case OP.loop:
      case OP.if:
        this.#enter(code)
        break
      case OP.else:
        this.#otherArm()
        break
      case OP.end:
        this.#leave()
        break
      case OP.br:
      case OP.brTable:
      case OP.brIf:
        this.#branch(code)
        break
      case OP.return:
      case OP.unreachable:
        if (code === OP.return) operands.take(this.#target(this.#frames.length).results)
        this.#stop()
        break
      case OP.call:
        this.sites.push(start)
        this.#callees.push(index)
        this.#call(this.#typeOf(index))
        break
      case OP.callIndirect:
        this.sites.push(start)
        operands.take(1)
        this.#indirectTypes.push(index)
        this.#call(this.#parsed.types[index] as FunctionType)
        break
      default:
        assert.fail('every instruction is plain or has its case')
    }
  }

  /** What few plain instructions have beside operands. */
  #special(code: number): void {
    const { index } = this.#code
    if (code === OP.refFunc) this.#parsed.taken[index] = 1
    if (code === OP.globalGet || code === OP.globalSet) this.sites.push(this.#code.start)
    // A global that never changes is a value like one that is computed.
    if (code === OP.globalGet && this.#parsed.globals[index]?.mutable === false)
      this.#kept.compute()
    if (code >= SIMD) this.#wide = true
    if (COSTS_BY_AMOUNT[code] === 1) {
      this.sites.push(this.#code.start)
      this.#costsByAmount = true
      this.#frame.foldable = false
    }
  }

  #call(type: FunctionType): void {
    this.#kept.call()
    this.#operands.take(type.params.length)
    this.#operands.pushMany(type.results.length, this.#code.start)
    this.#frame.foldable = false
    if (!this.#wide && hasVector(type.results)) this.#wide = true
  }

  #enter(kind: number): void {
    const { start, index } = this.#code
    const operands = this.#operands
    if (kind === OP.if) operands.take(1)
    const mark = this.#mark(kind === OP.block ? MARK.block : kind === OP.loop ? MARK.loop : MARK.if)
    const type = index >= 0 ? this.#parsed.types[index] : undefined
    const params = type ? type.params.length : 0
    const results = type ? type.results.length : index === BLOCK_ONE_RESULT ? 1 : 0
    operands.take(params)
    const height = operands.height
    operands.pushMany(params, start)
    this.#kept.enter(kind === OP.loop)
    this.#frames.push(this.#frame)
    const foldable = kind !== OP.loop
    this.#frame = { kind, mark, height, params, results, cost: 0, thenCost: 0, foldable }
  }

  #otherArm(): void {
    this.#mark(MARK.else)
    this.#kept.otherArm()
    const frame = this.#frame
    frame.thenCost = frame.cost
    frame.cost = 0
    this.#operands.take(this.#operands.height - frame.height)
    this.#operands.pushMany(frame.params, this.#code.start)
  }

  #leave(): void {
    this.#mark(MARK.end)
    const frame = this.#frame
    this.#operands.take(this.#operands.height - frame.height)
    this.#operands.pushMany(frame.results, this.#code.start)
    const parent = this.#frames.pop()
    if (parent === undefined) return
    this.#kept.leave(frame.kind)
    const cost = Math.max(frame.cost, frame.thenCost)
    if (frame.foldable) this.#marks.foldable(frame.mark, cost)
    else parent.foldable = false
    parent.cost += cost
    this.#frame = parent
  }

  #branch(code: number): void {
    const { index } = this.#code
    if (index === this.#frames.length) this.#branchesOut = true
    if (code !== OP.br) this.#operands.take(1)
    if (code === OP.brTable) this.#code.visitLabels((label) => this.#kept.branch(label))
    else this.#kept.branch(index)
    const target = this.#target(index)
    this.#operands.look(target.kind === OP.loop ? target.params : target.results)
    if (code === OP.brIf) this.#mark(MARK.branch)
    else this.#stop()
  }

  /** What follows is not reached until the block closes. */
  #stop(): void {
    this.#mark(MARK.branch)
    this.#kept.stop()
    this.#operands.height = this.#frame.height
    const code = this.#code
    const { start, at } = code
    const hasChange = code.code === OP.return || code.code === OP.unreachable
    code.skipUnreachable()
    if (hasChange || code.at > at) this.sites.push(start)
  }

  #target(label: number): Frame {
    const outer = this.#frames[this.#frames.length - label]
    return label === 0 ? this.#frame : (outer as Frame)
  }

  #mark(kind: number): number {
    const cost = this.#runCost
    this.#cost += cost
    this.#frame.cost += cost
    this.#runCost = 0
    return this.#marks.add(kind, this.#code.start, cost, this.#runAt)
  }

  #typeOf(index: number) {
    const { types, functionTypes } = this.#parsed
    return types[functionTypes[index] as number] as FunctionType
  }
}

const hasVector = (types: readonly number[]) => types.includes(VALUE.v128)

const FUNCTION_FRAME: Frame = {
  kind: OP.block,
  mark: 0,
  height: 0,
  params: 0,
  results: 0,
  cost: 0,
  thenCost: 0,
  foldable: false,
}
