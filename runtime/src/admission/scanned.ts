/**
 * What the scan finds out about function bodies: lists of numbers and nothing else, because a
 * module may have tens of thousands of functions and millions of instructions.
 */
import { IntList } from './int-list.ts'
import { Charges } from './segments.ts'

/** As many as compilers leave. A module with more makes the lists grow. */
const BYTES_BETWEEN_CHARGES = 12
const BYTES_BETWEEN_SITES = 8

export class Scanned {
  /** How many functions there are. */
  readonly count: number
  /** Of each function, the most operands on its stack at once. */
  readonly operandsMax: Int32Array
  /** The most values that the engine may keep across a call beside locals and operands. */
  readonly kept: Int32Array
  /** All its instructions, each counted once. */
  readonly cost: Int32Array
  /** 1 for each that has values of 16 bytes. */
  readonly wide: Uint8Array
  /** 1 for each that a branch leaves, other than by `return`. */
  readonly branchesOut: Uint8Array
  /** Types of the locals that a metered body needs for values in passing, where there are any. */
  readonly scratchTypes = new Map<number, readonly number[]>()

  /** The function called at each call site, imported ones too. */
  readonly callees = new IntList()
  /** The type at each indirect call site. */
  readonly indirectTypes = new IntList()
  readonly charges: Charges
  /** For each arithmetic instruction that may make a NaN: 1 when it must canonicalise. */
  readonly canonical = new IntList()
  /** Where the instructions stand that the second pass may have to change, in ascending order. */
  readonly sites: IntList

  /** Where those of each function begin in these five, and where those of the last end. */
  readonly calleesFrom: Int32Array
  readonly indirectFrom: Int32Array
  readonly chargesFrom: Int32Array
  readonly canonicalFrom: Int32Array
  readonly sitesFrom: Int32Array

  /** For `count` functions, of `bytes` together. */
  constructor(count: number, bytes: number) {
    this.count = count
    this.operandsMax = new Int32Array(count)
    this.kept = new Int32Array(count)
    this.cost = new Int32Array(count)
    this.wide = new Uint8Array(count)
    this.branchesOut = new Uint8Array(count)
    this.charges = new Charges(count + Math.floor(bytes / BYTES_BETWEEN_CHARGES))
    this.sites = new IntList(count + Math.floor(bytes / BYTES_BETWEEN_SITES))
    this.calleesFrom = new Int32Array(count + 1)
    this.indirectFrom = new Int32Array(count + 1)
    this.chargesFrom = new Int32Array(count + 1)
    this.canonicalFrom = new Int32Array(count + 1)
    this.sitesFrom = new Int32Array(count + 1)
  }

  /** Begins function `index`, or ends the last. */
  begin(index: number): void {
    this.calleesFrom[index] = this.callees.length
    this.indirectFrom[index] = this.indirectTypes.length
    this.chargesFrom[index] = this.charges.length
    this.canonicalFrom[index] = this.canonical.length
    this.sitesFrom[index] = this.sites.length
  }
}
