/**
 * The cost table: what each instruction costs in fuel. Every number here is part of the runtime
 * profile; changing one changes the fuel of every job.
 *
 * An instruction costs 1. Those that only shape the code cost nothing. Those that call into the
 * engine cost what they take, measured against a loop of plain instructions, and those that work on
 * many bytes or elements cost by the amount as well.
 */
import assert from 'node:assert'
import { OP, SIMD } from './opcodes.ts'

const FREE = [OP.unreachable, OP.nop, OP.block, OP.loop, OP.else, OP.end, OP.return, OP.drop]

/** Slow in the machine, or calls into the engine. A range of opcodes and what each costs. */
const DEAR: readonly (readonly [first: number, last: number, cost: number])[] = [
  [OP.callIndirect, OP.callIndirect, 8],
  [OP.i32DivS, OP.i32DivS + 3, 4],
  [OP.i64DivS, OP.i64DivS + 3, 8],
  [OP.i32TruncF32S, OP.i32TruncF32S + 3, 4],
  [OP.i64TruncF32S, OP.i64TruncF32S + 3, 4],
  [OP.memoryGrow, OP.memoryGrow, 2048],
  [OP.memoryInit, OP.memoryInit, 64],
  [OP.dataDrop, OP.dataDrop, 16],
  [OP.memoryCopy, OP.memoryFill, 32],
  [OP.tableGrow, OP.tableGrow, 512],
  [OP.tableInit, OP.tableInit, 128],
  [OP.elemDrop, OP.elemDrop, 16],
  [OP.tableCopy, OP.tableCopy, 128],
  [OP.tableFill, OP.tableFill, 128],
  [OP.tableSet, OP.tableSet, 32],
  [OP.refFunc, OP.refFunc, 32],
]

export const COST = new Uint16Array(SIMD + 0x100).fill(1)
for (const code of FREE) COST[code] = 0
for (const [first, last, cost] of DEAR) COST.fill(cost, first, last + 1)

/**
 * How an amount turns into fuel: shifted left for dear things, right for bytes, of which one unit
 * of fuel buys several.
 */
export type AmountCost = { readonly left: number } | { readonly right: number }

/** One fuel a byte: a page is found and cleared when it is touched. */
const PAGE = { left: 16 }
const BYTES = { right: 3 }
const ELEMENTS = { left: 6 }

/** Instructions that cost by their last operand, before they do anything. */
const BY_OPERAND: ReadonlyMap<number, AmountCost> = new Map<number, AmountCost>([
  [OP.memoryInit, BYTES],
  [OP.memoryCopy, BYTES],
  [OP.memoryFill, BYTES],
  [OP.tableInit, ELEMENTS],
  [OP.tableCopy, ELEMENTS],
  [OP.tableFill, ELEMENTS],
])

/** Instructions that cost by what was gained, so nothing when the answer is -1. */
const BY_GAIN: ReadonlyMap<number, AmountCost> = new Map<number, AmountCost>([
  [OP.memoryGrow, PAGE],
  [OP.tableGrow, ELEMENTS],
])

/** 1 for each instruction that costs by an amount on top of its plain cost. */
export const COSTS_BY_AMOUNT = new Uint8Array(SIMD + 0x100)
for (const code of [...BY_OPERAND.keys(), ...BY_GAIN.keys()]) COSTS_BY_AMOUNT[code] = 1

/** Whether instruction `code`, one of those, costs by what was gained. */
export const costsByGain = (code: number): boolean => BY_GAIN.has(code)

/** How instruction `code`, one of those, turns its amount into fuel. */
export function amountCost(code: number): AmountCost {
  const cost = BY_OPERAND.get(code) ?? BY_GAIN.get(code)
  assert(cost, 'only instructions that cost by amount are asked for')
  return cost
}

/**
 * What the memory and the tables that a module starts with cost: as much as if it had grown them.
 * `pages` of 64 KiB, and `elements` of all tables together.
 */
export function startCost(pages: number, elements: number): number {
  return pages * 2 ** PAGE.left + elements * 2 ** ELEMENTS.left
}

/** A block, or an `if`, that costs at most this much is charged whole with what surrounds it. */
export const FOLD_COST_MAX = 16

/** A function that costs at most this much, its callees included, need not check the fuel. */
export const UNCHECKED_COST_MAX = 4096
