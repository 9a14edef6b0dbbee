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

/** Instructions that leave compiled code for the engine's runtime. */
const DEAR: readonly (readonly [code: number, cost: number])[] = [
  [OP.memoryGrow, 2048],
  [OP.tableGrow, 512],
  [OP.memoryInit, 16],
  [OP.dataDrop, 16],
  [OP.memoryCopy, 16],
  [OP.memoryFill, 16],
  [OP.tableInit, 128],
  [OP.elemDrop, 16],
  [OP.tableCopy, 128],
  [OP.tableFill, 128],
  [OP.tableSet, 32],
  [OP.refFunc, 32],
]

export const COST = new Uint16Array(SIMD + 0x100).fill(1)
for (const code of FREE) COST[code] = 0
for (const [code, cost] of DEAR) COST[code] = cost

/**
 * How an instruction's last operand, an amount, turns into fuel: shifted left for dear things,
 * right for bytes, of which one unit of fuel buys several.
 */
export type AmountCost = { readonly left: number } | { readonly right: number }

// At most 12 to the left: an amount of 32 bits and the 18 below the fuel must fit into W's 63.
const PAGE: AmountCost = { left: 12 }
const BYTES: AmountCost = { right: 3 }
const ELEMENTS: AmountCost = { left: 6 }

const BY_AMOUNT: ReadonlyMap<number, AmountCost> = new Map<number, AmountCost>([
  [OP.memoryGrow, PAGE],
  [OP.memoryInit, BYTES],
  [OP.memoryCopy, BYTES],
  [OP.memoryFill, BYTES],
  [OP.tableInit, ELEMENTS],
  [OP.tableCopy, ELEMENTS],
  [OP.tableGrow, ELEMENTS],
  [OP.tableFill, ELEMENTS],
])

/** 1 for each instruction that costs by its amount on top of its plain cost. */
export const COSTS_BY_AMOUNT = new Uint8Array(SIMD + 0x100)
for (const code of BY_AMOUNT.keys()) COSTS_BY_AMOUNT[code] = 1

/** How instruction `code`, one of those, turns its amount into fuel. */
export function amountCost(code: number): AmountCost {
  const cost = BY_AMOUNT.get(code)
  assert(cost, 'only instructions that cost by amount are asked for')
  return cost
}

/** A block, or an `if`, that costs at most this much is charged whole with what surrounds it. */
export const FOLD_COST_MAX = 16

/** A function that costs at most this much, its callees included, need not check the fuel. */
export const UNCHECKED_COST_MAX = 4096
