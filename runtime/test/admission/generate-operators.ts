/**
 * The operators that generated modules are made of, by the types they take and give.
 *
 * A vector is of one of two kinds: of integers, whose bits may be looked at, or of f32 lanes, in
 * which a NaN may have any bits. They are one type to WebAssembly, and apart here so that a module
 * can keep a NaN's bits hidden; a module that shows them mixes both.
 */
import { F32, F64, I32, I64, op, sleb, uleb, V128 } from './build.ts'
import type { Random } from './chance.ts'

/** A vector of integers; its type in the module is `typeByte(VI)`. */
export const VI = V128 + 0x100
export const typeByte = (type: number) => type & 0xff

export const SCALARS = [I32, I64, F32, F64]
export const TYPES = [...SCALARS, V128, VI]

const plain = (...codes: number[]) => codes.map((code) => [code])
const simd = (...subs: number[]) => subs.map((sub) => [0xfd, ...uleb(sub)])
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** What makes the divisor of a division odd. */
export const DIVIDE: Readonly<Record<number, readonly number[]>> = {
  109: [op.i32, 1, 0x72],
  110: [op.i32, 1, 0x72],
  112: [op.i32, 1, 0x72],
  128: [op.i64, 1, 0x84],
  131: [op.i64, 1, 0x84],
}

/** Operators of two operands of one type, which is the result's as well. */
export const BINARY: Readonly<Record<number, readonly number[][]>> = {
  [I32]: plain(0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x70, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77),
  [I64]: plain(0x7c, 0x7d, 0x7e, 0x80, 0x83, 0x85, 0x86, 0x88, 0x8a),
  [F32]: plain(0x92, 0x93, 0x94, 0x95, 0x96, 0x97),
  [F64]: plain(0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5),
  [V128]: simd(...range(228, 235)),
  [VI]: [
    ...simd(14, ...range(35, 64), ...range(78, 81), 101, 102, ...range(110, 115)),
    ...simd(...range(118, 121), 123, 130, 133, 134, ...range(142, 147), ...range(149, 153)),
    ...simd(...range(155, 159), 174, 177, ...range(181, 186), ...range(188, 191)),
    ...simd(206, 209, 213, ...range(214, 223)),
  ],
}

export const UNARY: Readonly<Record<number, readonly number[][]>> = {
  [I32]: plain(0x45, 0x67, 0x69, 0xc0),
  [I64]: plain(0x79, 0x7b, 0xc4),
  [F32]: plain(0x8d, 0x90, 0x91),
  [F64]: plain(0x9b, 0x9d, 0x9f),
  [V128]: simd(...range(103, 106), 224, 225, 227),
  [VI]: [
    ...simd(77, 96, 97, 98, ...range(124, 129), ...range(135, 138), 160, 161),
    ...simd(...range(167, 170), 192, 193, ...range(199, 202)),
  ],
}

/** From operands of some types, in their order, to a result; a NaN's bits stay hidden. */
export type Way = readonly [from: readonly number[], to: number, code: readonly number[]]

/** Codes with a lane after them, as ways for lane 0 … `lanes` - 1. */
const lanes = (from: readonly number[], to: number, sub: number, count: number): Way[] =>
  range(0, count - 1).map((lane) => [from, to, [0xfd, ...uleb(sub), lane]])
const ways = (from: readonly number[], to: number, codes: readonly number[][]): Way[] =>
  codes.map((code) => [from, to, code])

const SHIFTS = [...range(107, 109), ...range(139, 141), ...range(171, 173), ...range(203, 205)]
const TESTS = [83, 99, 100, 131, 132, 163, 164, 195, 196]

const HIDING: readonly Way[] = [
  [[I32], I64, [0xac]],
  [[I64], I32, [0xa7]],
  [[I32], F64, [0xb7]],
  [[I64], F32, [0xb4]],
  [[F64], F32, [0xb6]],
  [[F32], F64, [0xbb]],
  [[F64], I64, [0xfc, 6]],
  [[F32], I32, [0xfc, 0]],
  ...ways([VI, I32], VI, simd(...SHIFTS)),
  ...ways([VI], I32, simd(...TESTS)),
  ...ways([I32], VI, simd(15, 16, 17)),
  ...ways([I64], VI, simd(18)),
  ...ways([F32], V128, simd(19)),
  ...ways([VI, VI, VI], VI, simd(82)),
  ...ways([VI], V128, simd(250, 251)),
  ...ways([V128], VI, simd(248, 249)),
  ...ways([V128, V128], VI, simd(...range(65, 70))),
  ...lanes([VI], I32, 22, 16),
  ...lanes([VI], I32, 24, 8),
  ...lanes([VI], I64, 29, 2),
  ...lanes([VI, I32], VI, 23, 16),
  ...lanes([VI, I32], VI, 28, 4),
  ...lanes([VI, I64], VI, 30, 2),
  ...lanes([V128], F32, 31, 4),
  ...lanes([V128, F32], V128, 32, 4),
]

/** Those that show the bits of a NaN, or see them in another shape. */
const SHOWING: readonly Way[] = [
  [[F64], I64, [0xbd]],
  [[F32], I32, [0xbc]],
  [[I64], F64, [0xbf]],
  [[V128], VI, []],
  [[VI], V128, []],
  ...ways([V128, V128], V128, simd(...range(240, 247))),
  ...ways([V128], V128, simd(94, 95, 116, 117, 122, 148, 236, 237, 239)),
  ...ways([V128, V128], VI, simd(...range(71, 76))),
  ...ways([V128], VI, simd(252, 253)),
]

const byResult = (all: readonly Way[]) =>
  new Map(TYPES.map((type) => [type, all.filter(([, to]) => to === type)]))
/** Ways to a type: those that keep a NaN's bits hidden, and all. */
export const WAYS = byResult(HIDING)
export const ALL_WAYS = byResult([...HIDING, ...SHOWING])

/** Loads of a vector from an address: the code, without alignment and offset. */
export const VECTOR_LOADS = simd(...range(0, 10), 92, 93)
/** Loads and stores of one lane, with the number of lanes. */
export const LANE_LOADS = range(84, 87).map((sub) => ({ sub, count: 16 >> (sub - 84) }))
export const LANE_STORES = range(88, 91).map((sub) => ({ sub, count: 16 >> (sub - 88) }))

export function zero(type: number): number[] {
  if (typeByte(type) === V128) return [0xfd, 12, ...new Array<number>(16).fill(0)]
  if (type === F32) return [0x43, 0, 0, 0, 0]
  if (type === F64) return [0x44, 0, 0, 0, 0, 0, 0, 0, 0]
  return [type === I32 ? op.i32 : op.i64, 0]
}

/** Of floats, ordinary numbers by their exponents: a NaN constant has bits that show. */
export function constant(type: number, random: Random): number[] {
  const bytes = (length: number) => Array.from({ length }, () => random(256))
  if (type === I32) return [op.i32, ...sleb(random(2000) - 1000)]
  if (type === I64) return [op.i64, ...sleb(random(2 ** 31) - 2 ** 30)]
  if (type === F32) return [0x43, ...bytes(2), 0x80, 0x3f + random(2)]
  if (type === F64) return [0x44, ...bytes(6), 0xf0, 0x3f]
  if (type === VI) return [0xfd, 12, ...bytes(16)]
  return [0xfd, 12, ...bytes(3), 0x3f, ...bytes(3), 0x40, ...bytes(3), 0xc0, ...bytes(3), 0x3f]
}
