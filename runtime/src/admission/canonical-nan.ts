/**
 * Writes the instructions that replace any NaN on top of the stack, in any lane, by the canonical
 * one: a value that differs from itself is a NaN.
 */
import { SHAPE } from './not-a-number.ts'
import { OP, PREFIX_SIMD, SIMD } from './opcodes.ts'
import { VALUE } from './types.ts'
import type { ByteWriter } from './writer.ts'

const F32_NAN = [0x00, 0x00, 0xc0, 0x7f]
const F64_NAN = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f]

type Canonical = {
  readonly type: number
  readonly nan: readonly number[]
  readonly equal: readonly number[]
  readonly choose: readonly number[]
}

const simd = (code: number): number[] => {
  const sub = code - SIMD
  return sub < 0x80 ? [PREFIX_SIMD, sub] : [PREFIX_SIMD, (sub & 0x7f) | 0x80, sub >> 7]
}
const V128_CONST = simd(OP.v128Const)
const BITSELECT = simd(OP.bitselect)

const BY_SHAPE: ReadonlyMap<number, Canonical> = new Map([
  [
    SHAPE.f32,
    { type: VALUE.f32, nan: [OP.f32Const, ...F32_NAN], equal: [OP.f32Eq], choose: [OP.select] },
  ],
  [
    SHAPE.f64,
    { type: VALUE.f64, nan: [OP.f64Const, ...F64_NAN], equal: [OP.f64Eq], choose: [OP.select] },
  ],
  [
    SHAPE.f32x4,
    {
      type: VALUE.v128,
      nan: [...V128_CONST, ...F32_NAN, ...F32_NAN, ...F32_NAN, ...F32_NAN],
      equal: simd(OP.f32x4Eq),
      choose: BITSELECT,
    },
  ],
  [
    SHAPE.f64x2,
    {
      type: VALUE.v128,
      nan: [...V128_CONST, ...F64_NAN, ...F64_NAN],
      equal: simd(OP.f64x2Eq),
      choose: BITSELECT,
    },
  ],
])

/** The type of the scratch local that canonicalising a number of `shape` needs. */
export function scratchType(shape: number): number {
  return (BY_SHAPE.get(shape) as Canonical).type
}

/** Canonicalises the number of `shape` on top of the stack, by way of the local `scratch`. */
export function writeCanonical(out: ByteWriter, shape: number, scratch: number): void {
  const { nan, equal, choose } = BY_SHAPE.get(shape) as Canonical
  out.op(OP.localTee, scratch)
  out.list(nan)
  out.op(OP.localGet, scratch)
  out.op(OP.localGet, scratch)
  out.list(equal)
  out.list(choose)
}
