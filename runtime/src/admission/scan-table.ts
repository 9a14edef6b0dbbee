/**
 * What the scan must know of each instruction, packed into one number: one look into one table for
 * each of millions of instructions.
 */
import { COST, COSTS_BY_AMOUNT } from './costs.ts'
import { COMPUTES } from './kept-values.ts'
import { NAN_MADE, NAN_TAKEN } from './not-a-number.ts'
import { IMMEDIATE, IMMEDIATE_OF, OP, POPS, PUSHES, SIMD } from './opcodes.ts'

/** What an instruction of straight code looks like and does with operands; see `straight.ts`. */
export const FORM = {
  /** It is not passed over there. */
  apart: 0,
  /** One operand for one, two for one: nothing follows the opcode. */
  unary: 1,
  binary: 2,
  load: 3,
  store: 4,
  /** An integer constant. */
  integer: 5,
  localGet: 6,
  localSet: 7,
  localTee: 8,
  /** Arithmetic that may make a NaN. */
  number: 9,
  /** Any other, followed by so many bytes as `lengthOf` says. */
  other: 10,
} as const

export const TRAIT = {
  /** The tables say all about its operands. */
  plain: 1 << 4,
  /** It gives one operand. */
  pushes: 1 << 5,
  /** It is plain, and the scan notes something beside its operands. */
  special: 1 << 6,
} as const

export const formOf = (traits: number): number => traits & 15
/** 1 for each value that it computes; see `kept-values.ts`. */
export const computesOf = (traits: number): number => (traits >> 7) & 1
/** The operands that a plain instruction takes, and as what shape of number; see `NAN_TAKEN`. */
export const popsOf = (traits: number): number => (traits >> 8) & 3
export const takenOf = (traits: number): number => (traits >> 10) & 7
/** The shape of number that it makes, see `NAN_MADE`. */
export const madeOf = (traits: number): number => (traits >> 13) & 7
/** How many bytes follow the opcode: none or a power of two. */
export const lengthOf = (traits: number): number => (1 << ((traits >> 16) & 7)) >> 1
export const costOf = (traits: number): number => traits >> 19

const LOCALS: ReadonlyMap<number, number> = new Map<number, number>([
  [OP.localGet, FORM.localGet],
  [OP.localSet, FORM.localSet],
  [OP.localTee, FORM.localTee],
])
const NOT_PLAIN: readonly number[] = [
  ...[...LOCALS.keys(), OP.block, OP.loop, OP.if, OP.else, OP.end],
  ...[OP.br, OP.brIf, OP.brTable, OP.return, OP.unreachable, OP.call, OP.callIndirect],
]
const SPECIAL: readonly number[] = [OP.refFunc, OP.globalGet, OP.globalSet]

/** Logarithm of the number of bytes that follow, and 1. */
const LENGTHS: ReadonlyMap<number, number> = new Map<number, number>([
  [IMMEDIATE.none, 0],
  [IMMEDIATE.lane, 1],
  [IMMEDIATE.bytes4, 3],
  [IMMEDIATE.bytes8, 4],
  [IMMEDIATE.bytes16, 5],
])

function straightForm(code: number): number {
  const local = LOCALS.get(code)
  if (local !== undefined) return local
  if (NOT_PLAIN.includes(code)) return FORM.apart
  if ((NAN_MADE[code] as number) > 0) return FORM.number
  const immediate = IMMEDIATE_OF[code] as number
  const pops = PUSHES[code] === 1 ? POPS[code] : undefined
  if (immediate === IMMEDIATE.none && pops === 1) return FORM.unary
  if (immediate === IMMEDIATE.none && pops === 2) return FORM.binary
  if (immediate === IMMEDIATE.memory) return pops === undefined ? FORM.store : FORM.load
  if (immediate === IMMEDIATE.signed) return FORM.integer
  return LENGTHS.has(immediate) ? FORM.other : FORM.apart
}

export const TRAITS: readonly number[] = Array.from(COST, (cost, code) => {
  const isSpecial = code >= SIMD || COSTS_BY_AMOUNT[code] === 1 || SPECIAL.includes(code)
  return (
    straightForm(code) |
    (NOT_PLAIN.includes(code) ? 0 : TRAIT.plain) |
    (PUSHES[code] === 1 ? TRAIT.pushes : 0) |
    (isSpecial ? TRAIT.special : 0) |
    ((COMPUTES[code] as number) << 7) |
    ((POPS[code] as number) << 8) |
    ((NAN_TAKEN[code] as number) << 10) |
    ((NAN_MADE[code] as number) << 13) |
    ((LENGTHS.get(IMMEDIATE_OF[code] as number) ?? 0) << 16) |
    (cost << 19)
  )
})
