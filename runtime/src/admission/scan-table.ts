/**
 * What the scan must know of each instruction, packed into one number: one look into one table for
 * each of millions of instructions.
 */
import { COST, COSTS_BY_AMOUNT } from './costs.ts'
import { COMPUTES } from './kept-values.ts'
import { NAN_MADE, NAN_TAKEN } from './not-a-number.ts'
import { OP, POPS, PUSHES, SIMD } from './opcodes.ts'

export const TRAIT = {
  /** The tables say all about its operands. */
  plain: 1,
  /** It gives one operand. */
  pushes: 2,
  /** See `kept-values.ts`. */
  computes: 4,
  /** It is plain, and the scan notes something beside its operands. */
  special: 8,
} as const

/** The operands that a plain instruction takes, and as what shape of number; see `NAN_TAKEN`. */
export const popsOf = (traits: number): number => (traits >> 4) & 7
export const takenOf = (traits: number): number => (traits >> 7) & 7
/** The shape of number that it makes, see `NAN_MADE`. */
export const madeOf = (traits: number): number => (traits >> 10) & 7
export const costOf = (traits: number): number => traits >> 13

const NOT_PLAIN: readonly number[] = [
  ...[OP.localGet, OP.localSet, OP.localTee, OP.block, OP.loop, OP.if, OP.else, OP.end],
  ...[OP.br, OP.brIf, OP.brTable, OP.return, OP.unreachable, OP.call, OP.callIndirect],
]
const SPECIAL: readonly number[] = [OP.refFunc, OP.globalGet, OP.globalSet]

export const TRAITS: Int32Array = Int32Array.from(COST, (cost, code) => {
  const isSpecial = code >= SIMD || COSTS_BY_AMOUNT[code] === 1 || SPECIAL.includes(code)
  return (
    (NOT_PLAIN.includes(code) ? 0 : TRAIT.plain) |
    (PUSHES[code] === 1 ? TRAIT.pushes : 0) |
    (COMPUTES[code] === 1 ? TRAIT.computes : 0) |
    (isSpecial ? TRAIT.special : 0) |
    ((POPS[code] as number) << 4) |
    ((NAN_TAKEN[code] as number) << 7) |
    ((NAN_MADE[code] as number) << 10) |
    (cost << 13)
  )
})
