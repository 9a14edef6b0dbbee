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
import type { IntList } from './int-list.ts'
import { KeptValues } from './kept-values.ts'
import { OP as opcodes, SIMD } from './opcodes.ts'
import { Operands } from './operands.ts'
import type { Parsed } from './parse.ts'
import * as table from './scan-table.ts'
import { Scanned } from './scanned.ts'
import { SECTION } from './sections.ts'
import type { Charges, Standing } from './segments.ts'
import { passStraight, type Run } from './straight.ts'
import { type FunctionType, VALUE } from './types.ts'

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const OP = opcodes
const { TRAIT, TRAITS, computesOf, costOf, popsOf, takenOf } = table

/** Scans all function bodies; marks in `parsed.taken` the functions whose references they take. */
export function scanFunctions(parsed: Parsed): Scanned {
  const scan = new Scan(parsed)
  for (let index = 0; index < parsed.bodies.count; index++) scan.function(index)
  scan.found.begin(parsed.bodies.count)
  return scan.found
}

/** A block that the scan is inside of; the function itself is the outermost. */
type Frame = Standing & {
  kind: number
  at: number
  height: number
  params: number
  results: number
  /** Fuel of what is inside so far, of the arm at hand and of the arm before. */
  armCost: number
  thenCost: number
  /** It holds no loop, no call and nothing whose cost depends on an amount. */
  foldable: boolean
}

class Scan {
  readonly found: Scanned
  readonly #charges: Charges
  readonly #sites: IntList
  readonly #parsed: Parsed
  readonly #importCount: number
  readonly #operands = new Operands()
  readonly #kept = new KeptValues()
  readonly #code: Instructions
  /** The first local that is no parameter: it makes room for W. */
  #firstLocal = 0
  /** Frames by how deep they are; deeper ones are kept for later. */
  readonly #frames: Frame[] = []
  #depth = 0
  #frame = openFrame(this.#frames, 0)
  readonly #run: Run = { cost: 0, firstAt: 0, computes: 0, wide: false }
  #cost = 0
  #branchesOut = false
  #costsByAmount = false

  constructor(parsed: Parsed) {
    const code = parsed.sections.get(SECTION.code)
    this.found = new Scanned(parsed.bodies.count, code ? code.end - code.start : 0)
    this.#charges = this.found.charges
    this.#sites = this.found.sites
    this.#parsed = parsed
    this.#importCount = parsed.imports.length
    this.#code = new Instructions(parsed.bytes)
  }

  function(index: number): void {
    const { found } = this
    const { params, results } = this.#typeOf(this.#importCount + index)
    found.begin(index)
    this.#begin(index, params.length, results.length)
    const code = this.#code
    const run = this.#run
    run.wide = this.#parsed.bodies.wide[index] === 1 || hasVector(params) || hasVector(results)
    while (code.at < code.end) this.#step()
    assert(this.#depth === 0, 'a valid body ends with its last end')
    found.operandsMax[index] = this.#operands.heightMax
    found.kept[index] = this.#kept.most()
    found.cost[index] = this.#cost
    found.wide[index] = run.wide ? 1 : 0
    found.branchesOut[index] = this.#branchesOut ? 1 : 0
    this.#addScratchTypes(index, this.#operands.settle(found.canonical))
  }

  #addScratchTypes(index: number, shapes: readonly number[]): void {
    if (shapes.length === 0 && !this.#costsByAmount) return
    const types = new Set(shapes.map(scratchType))
    if (this.#costsByAmount) types.add(VALUE.i32)
    this.found.scratchTypes.set(index, [...types])
  }

  #begin(index: number, params: number, results: number): void {
    const { codeAt, end, locals } = this.#parsed.bodies
    this.#code.at = codeAt[index] as number
    this.#code.end = end[index] as number
    this.#firstLocal = params
    this.#operands.reset(params + (locals[index] as number))
    this.#charges.begin(this.#code.at)
    this.#kept.reset()
    this.#depth = 0
    this.#frame = openFrame(this.#frames, 0)
    this.#frame.results = results
    this.#run.cost = 0
    this.#cost = 0
    this.#branchesOut = false
    this.#costsByAmount = false
  }

  /** Goes over straight code and the instruction behind it. */
  #step(): void {
    const run = this.#run
    passStraight(this.#code, this.#operands, run, this.#sites, this.#firstLocal)
    this.#kept.compute(run.computes)
    this.#code.next()
    const { code, start } = this.#code
    const traits = TRAITS[code] as number
    const cost = costOf(traits)
    if (cost > 0) {
      if (run.cost === 0) run.firstAt = start
      run.cost += cost
    }
    if (traits & TRAIT.plain) {
      this.#operands.take(popsOf(traits), takenOf(traits))
      if (traits & TRAIT.pushes) this.#operands.push(start)
      this.#kept.compute(computesOf(traits))
      if (traits & TRAIT.special) this.#special(code)
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
        if (code === OP.return) operands.take(this.#target(this.#depth).results)
        this.#stop()
        break
      case OP.call:
        this.#sites.push(start)
        this.found.callees.push(index)
        this.#call(this.#typeOf(index))
        break
      case OP.callIndirect:
        this.#sites.push(start)
        operands.take(1)
        this.found.indirectTypes.push(index)
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
    if (code === OP.globalGet || code === OP.globalSet) this.#sites.push(this.#code.start)
    // A global that never changes is a value like one that is computed.
    if (code === OP.globalGet && this.#parsed.globals[index]?.mutable === false)
      this.#kept.compute(1)
    if (code >= SIMD) this.#run.wide = true
    if (COSTS_BY_AMOUNT[code] === 1) {
      this.#sites.push(this.#code.start)
      this.#costsByAmount = true
      this.#frame.foldable = false
    }
  }

  #call(type: FunctionType): void {
    this.#kept.call()
    this.#operands.take(type.params.length)
    this.#operands.pushMany(type.results.length, this.#code.start)
    this.#frame.foldable = false
    if (!this.#run.wide && hasVector(type.results)) this.#run.wide = true
  }

  #enter(kind: number): void {
    const { start, index } = this.#code
    const operands = this.#operands
    if (kind === OP.if) operands.take(1)
    this.#endRun()
    const type = index >= 0 ? this.#parsed.types[index] : undefined
    const params = type ? type.params.length : 0
    const results = type ? type.results.length : index === BLOCK_ONE_RESULT ? 1 : 0
    operands.take(params)
    const frame = openFrame(this.#frames, ++this.#depth)
    frame.kind = kind
    frame.at = start
    frame.height = operands.height
    frame.params = params
    frame.results = results
    frame.foldable = kind !== OP.loop
    this.#frame = frame
    this.#charges.note(frame)
    if (kind === OP.loop) this.#charges.loops()
    else if (kind === OP.if) this.#charges.close()
    operands.pushMany(params, start)
    this.#kept.enter(kind === OP.loop)
  }

  #otherArm(): void {
    this.#endRun()
    this.#charges.close()
    this.#kept.otherArm()
    const frame = this.#frame
    frame.thenCost = frame.armCost
    frame.armCost = 0
    this.#operands.take(this.#operands.height - frame.height)
    this.#operands.pushMany(frame.params, this.#code.start)
  }

  #leave(): void {
    const frame = this.#frame
    this.#operands.take(this.#operands.height - frame.height)
    this.#operands.pushMany(frame.results, this.#code.start)
    this.#endRun()
    if (this.#depth === 0) return
    const parent = this.#frames[--this.#depth] as Frame
    this.#kept.leave(frame.kind)
    const cost = Math.max(frame.armCost, frame.thenCost)
    if (!frame.foldable) parent.foldable = false
    if (!frame.foldable || !this.#charges.fold(frame, frame.at, cost)) this.#charges.close()
    parent.armCost += cost
    this.#frame = parent
  }

  #branch(code: number): void {
    const { index } = this.#code
    if (index === this.#depth) this.#branchesOut = true
    if (code !== OP.br) this.#operands.take(1)
    if (code === OP.brTable) this.#code.visitLabels((label) => this.#kept.branch(label))
    else this.#kept.branch(index)
    const target = this.#target(index)
    this.#operands.look(target.kind === OP.loop ? target.params : target.results)
    if (code === OP.brIf) this.#branched()
    else this.#stop()
  }

  /** What follows is not reached until the block closes. */
  #stop(): void {
    this.#branched()
    this.#kept.stop()
    this.#operands.height = this.#frame.height
    const code = this.#code
    const { start, at } = code
    const hasChange = code.code === OP.return || code.code === OP.unreachable
    code.skipUnreachable()
    if (hasChange || code.at > at) this.#sites.push(start)
  }

  #target(label: number): Frame {
    return this.#frames[this.#depth - label] as Frame
  }

  #branched(): void {
    this.#endRun()
    this.#charges.close()
  }

  /** Pays for the run that ends at the instruction at hand. */
  #endRun(): void {
    const run = this.#run
    const { cost } = run
    if (cost === 0) return
    this.#cost += cost
    this.#frame.armCost += cost
    this.#charges.pay(run.firstAt, cost)
    run.cost = 0
  }

  #typeOf(index: number) {
    const { types, functionTypes } = this.#parsed
    return types[functionTypes[index] as number] as FunctionType
  }
}

const hasVector = (types: readonly number[]) => types.includes(VALUE.v128)

/** The frame of `depth`, as that of a function begins. */
function openFrame(frames: Frame[], depth: number): Frame {
  const known = frames[depth]
  const frame = known ?? { ...FUNCTION_FRAME }
  if (known === undefined) frames.push(frame)
  frame.height = 0
  frame.armCost = 0
  frame.thenCost = 0
  return frame
}

const FUNCTION_FRAME: Frame = {
  kind: OP.block,
  at: 0,
  height: 0,
  params: 0,
  results: 0,
  armCost: 0,
  thenCost: 0,
  foldable: false,
  length: 0,
  cost: 0,
  isOpen: false,
  isLoop: false,
}
