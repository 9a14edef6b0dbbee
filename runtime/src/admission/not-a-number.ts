/**
 * Which instructions make a NaN whose bits the WebAssembly specification leaves open, and which
 * take a number without letting those bits show. Results are canonicalised, so that a run gives the
 * same bits on every machine, but only where something could see them.
 *
 * A shape is how an instruction sees its operands. Bits made in one shape are safe only with a
 * taker of the same shape: the lower half of an f64 NaN is an ordinary f32.
 * Source: WebAssembly Core Specification 2.0, "NaN Propagation".
 */
import { MISC, SIMD } from './opcodes.ts'

export const SHAPE = { none: 0, f32: 1, f64: 2, f32x4: 3, f64x2: 4 } as const

type Row = readonly [first: number, last: number, shape: number]
const S = SHAPE

/** Arithmetic: the shape of a result that may be a NaN with open bits. */
const MAKES: readonly Row[] = [
  [0x8d, 0x97, S.f32], // ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max
  [0x9b, 0xa5, S.f64],
  [0xb6, 0xb6, S.f32], // f32.demote_f64
  [0xbb, 0xbb, S.f64], // f64.promote_f32
  [SIMD + 94, SIMD + 94, S.f32x4], // f32x4.demote_f64x2_zero
  [SIMD + 95, SIMD + 95, S.f64x2], // f64x2.promote_low_f32x4
  [SIMD + 103, SIMD + 106, S.f32x4],
  [SIMD + 116, SIMD + 117, S.f64x2],
  [SIMD + 122, SIMD + 122, S.f64x2],
  [SIMD + 148, SIMD + 148, S.f64x2],
  [SIMD + 227, SIMD + 233, S.f32x4],
  [SIMD + 239, SIMD + 245, S.f64x2],
]

/** Arithmetic, comparison and conversion to integers: only that it is a NaN matters. */
const TAKES: readonly Row[] = [
  [0x5b, 0x60, S.f32], // comparisons
  [0x61, 0x66, S.f64],
  [0x8d, 0x97, S.f32],
  [0x9b, 0xa5, S.f64],
  [0xa8, 0xa9, S.f32], // i32.trunc_f32
  [0xaa, 0xab, S.f64],
  [0xae, 0xaf, S.f32], // i64.trunc_f32
  [0xb0, 0xb1, S.f64],
  [0xb6, 0xb6, S.f64],
  [0xbb, 0xbb, S.f32],
  [MISC + 0, MISC + 1, S.f32], // i32.trunc_sat_f32
  [MISC + 2, MISC + 3, S.f64],
  [MISC + 4, MISC + 5, S.f32],
  [MISC + 6, MISC + 7, S.f64],
  [SIMD + 65, SIMD + 70, S.f32x4],
  [SIMD + 71, SIMD + 76, S.f64x2],
  [SIMD + 94, SIMD + 94, S.f64x2],
  [SIMD + 95, SIMD + 95, S.f32x4],
  [SIMD + 103, SIMD + 106, S.f32x4],
  [SIMD + 116, SIMD + 117, S.f64x2],
  [SIMD + 122, SIMD + 122, S.f64x2],
  [SIMD + 148, SIMD + 148, S.f64x2],
  [SIMD + 227, SIMD + 233, S.f32x4],
  [SIMD + 239, SIMD + 245, S.f64x2],
  [SIMD + 248, SIMD + 249, S.f32x4], // i32x4.trunc_sat_f32x4
  [SIMD + 252, SIMD + 253, S.f64x2],
]

function table(rows: readonly Row[]): Uint8Array {
  const shapes = new Uint8Array(SIMD + 0x100)
  for (const [first, last, shape] of rows) shapes.fill(shape, first, last + 1)
  return shapes
}

/** Per instruction, the shape of NaN it may make, and the shape it takes without looking closer. */
export const NAN_MADE = table(MAKES)
export const NAN_TAKEN = table(TAKES)
