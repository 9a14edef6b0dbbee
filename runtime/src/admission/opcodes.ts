/**
 * Every instruction that a guest may use: what follows its opcode and how many operands it takes
 * and gives. An instruction is a number: its byte, or 0x100 + n after the prefix 0xfc, or 0x200 + n
 * after the prefix 0xfd.
 * Source: WebAssembly Core Specification 2.0, "Binary Format", instructions (SIMD included).
 */

export const PREFIX_MISC = 0xfc
export const PREFIX_SIMD = 0xfd
export const MISC = 0x100
export const SIMD = 0x200
const CODES = 0x300

/** The instructions that the rewriter reads or writes by name. */
export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i64Ne: 0x52,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivS: 0x7f,
  i64And: 0x83,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i32TruncF32S: 0xa8,
  i64ExtendI32U: 0xad,
  i64TruncF32S: 0xae,
  refNull: 0xd0,
  refFunc: 0xd2,
  memoryInit: MISC + 8,
  dataDrop: MISC + 9,
  memoryCopy: MISC + 10,
  memoryFill: MISC + 11,
  tableInit: MISC + 12,
  elemDrop: MISC + 13,
  tableCopy: MISC + 14,
  tableGrow: MISC + 15,
  tableSize: MISC + 16,
  tableFill: MISC + 17,
  v128Const: SIMD + 12,
  f32x4Eq: SIMD + 65,
  f64x2Eq: SIMD + 71,
  bitselect: SIMD + 82,
} as const

/** What follows an opcode. */
export const IMMEDIATE = {
  none: 0,
  /** A block type. */
  block: 1,
  /** One unsigned number: a label, local, global, function, table or segment. */
  index: 2,
  /** Two unsigned numbers. */
  indices: 3,
  /** Alignment and offset. */
  memory: 4,
  memoryLane: 5,
  lane: 6,
  signed: 7,
  bytes4: 8,
  bytes8: 9,
  bytes16: 10,
  labels: 11,
  selectTypes: 12,
  /** The type of a null reference. */
  heapType: 13,
  /** Not an instruction that a guest may use. */
  refused: 255,
} as const

type Row = readonly [first: number, last: number, immediate: number, pops: number, pushes: number]
const I = IMMEDIATE

/** Blocks, branches, calls and local.tee take and give what their types say: see `scan.ts`. */
const PLAIN: readonly Row[] = [
  [0x00, 0x01, I.none, 0, 0],
  [0x02, 0x04, I.block, 0, 0],
  [0x05, 0x05, I.none, 0, 0],
  [0x0b, 0x0b, I.none, 0, 0],
  [0x0c, 0x0d, I.index, 0, 0],
  [0x0e, 0x0e, I.labels, 0, 0],
  [0x0f, 0x0f, I.none, 0, 0],
  [0x10, 0x10, I.index, 0, 0],
  [0x11, 0x11, I.indices, 0, 0],
  [0x1a, 0x1a, I.none, 1, 0],
  [0x1b, 0x1b, I.none, 3, 1],
  [0x1c, 0x1c, I.selectTypes, 3, 1],
  [0x20, 0x20, I.index, 0, 1],
  [0x21, 0x21, I.index, 1, 0],
  [0x22, 0x22, I.index, 1, 1],
  [0x23, 0x23, I.index, 0, 1], // global.get
  [0x24, 0x24, I.index, 1, 0], // global.set
  [0x25, 0x25, I.index, 1, 1], // table.get
  [0x26, 0x26, I.index, 2, 0], // table.set
  [0x28, 0x35, I.memory, 1, 1], // loads
  [0x36, 0x3e, I.memory, 2, 0], // stores
  [0x3f, 0x3f, I.index, 0, 1], // memory.size
  [0x40, 0x40, I.index, 1, 1], // memory.grow
  [0x41, 0x42, I.signed, 0, 1],
  [0x43, 0x43, I.bytes4, 0, 1],
  [0x44, 0x44, I.bytes8, 0, 1],
  [0x45, 0x45, I.none, 1, 1], // i32.eqz
  [0x46, 0x4f, I.none, 2, 1],
  [0x50, 0x50, I.none, 1, 1], // i64.eqz
  [0x51, 0x66, I.none, 2, 1],
  [0x67, 0x69, I.none, 1, 1], // i32 bit counts
  [0x6a, 0x78, I.none, 2, 1],
  [0x79, 0x7b, I.none, 1, 1], // i64 bit counts
  [0x7c, 0x8a, I.none, 2, 1],
  [0x8b, 0x91, I.none, 1, 1], // f32 of one operand
  [0x92, 0x98, I.none, 2, 1],
  [0x99, 0x9f, I.none, 1, 1], // f64 of one operand
  [0xa0, 0xa6, I.none, 2, 1],
  [0xa7, 0xc4, I.none, 1, 1], // conversions and sign extensions
  [0xd0, 0xd0, I.heapType, 0, 1],
  [0xd1, 0xd1, I.none, 1, 1], // ref.is_null
  [0xd2, 0xd2, I.index, 0, 1],
]

const AFTER_MISC: readonly Row[] = [
  [0, 7, I.none, 1, 1], // saturating conversions
  [8, 8, I.indices, 3, 0], // memory.init
  [9, 9, I.index, 0, 0], // data.drop
  [10, 10, I.indices, 3, 0], // memory.copy
  [11, 11, I.index, 3, 0], // memory.fill
  [12, 12, I.indices, 3, 0], // table.init
  [13, 13, I.index, 0, 0], // elem.drop
  [14, 14, I.indices, 3, 0], // table.copy
  [15, 15, I.index, 2, 1], // table.grow
  [16, 16, I.index, 0, 1], // table.size
  [17, 17, I.index, 3, 0], // table.fill
]

const AFTER_SIMD: readonly Row[] = [
  [0, 10, I.memory, 1, 1], // loads
  [11, 11, I.memory, 2, 0], // v128.store
  [12, 12, I.bytes16, 0, 1], // v128.const
  [13, 13, I.bytes16, 2, 1], // i8x16.shuffle
  [14, 14, I.none, 2, 1], // i8x16.swizzle
  [15, 20, I.none, 1, 1], // splats
  [21, 22, I.lane, 1, 1],
  [23, 23, I.lane, 2, 1],
  [24, 25, I.lane, 1, 1],
  [26, 26, I.lane, 2, 1],
  [27, 27, I.lane, 1, 1],
  [28, 28, I.lane, 2, 1],
  [29, 29, I.lane, 1, 1],
  [30, 30, I.lane, 2, 1],
  [31, 31, I.lane, 1, 1],
  [32, 32, I.lane, 2, 1],
  [33, 33, I.lane, 1, 1],
  [34, 34, I.lane, 2, 1],
  [35, 76, I.none, 2, 1], // comparisons
  [77, 77, I.none, 1, 1], // v128.not
  [78, 81, I.none, 2, 1],
  [82, 82, I.none, 3, 1], // v128.bitselect
  [83, 83, I.none, 1, 1], // v128.any_true
  [84, 87, I.memoryLane, 2, 1], // lane loads
  [88, 91, I.memoryLane, 2, 0], // lane stores
  [92, 93, I.memory, 1, 1], // zero-extending loads
  [94, 95, I.none, 1, 1], // demote, promote
  [96, 100, I.none, 1, 1], // i8x16
  [101, 102, I.none, 2, 1],
  [103, 106, I.none, 1, 1], // f32x4 rounding
  [107, 115, I.none, 2, 1],
  [116, 117, I.none, 1, 1], // f64x2 rounding
  [118, 121, I.none, 2, 1],
  [122, 122, I.none, 1, 1], // f64x2.trunc
  [123, 123, I.none, 2, 1],
  [124, 129, I.none, 1, 1], // pairwise sums, i16x8
  [130, 130, I.none, 2, 1],
  [131, 132, I.none, 1, 1],
  [133, 134, I.none, 2, 1],
  [135, 138, I.none, 1, 1],
  [139, 147, I.none, 2, 1],
  [148, 148, I.none, 1, 1], // f64x2.nearest
  [149, 153, I.none, 2, 1],
  [155, 159, I.none, 2, 1],
  [160, 161, I.none, 1, 1], // i32x4
  [163, 164, I.none, 1, 1],
  [167, 170, I.none, 1, 1],
  [171, 174, I.none, 2, 1],
  [177, 177, I.none, 2, 1],
  [181, 186, I.none, 2, 1],
  [188, 191, I.none, 2, 1],
  [192, 193, I.none, 1, 1], // i64x2
  [195, 196, I.none, 1, 1],
  [199, 202, I.none, 1, 1],
  [203, 206, I.none, 2, 1],
  [209, 209, I.none, 2, 1],
  [213, 223, I.none, 2, 1],
  [224, 225, I.none, 1, 1], // f32x4
  [227, 227, I.none, 1, 1],
  [228, 235, I.none, 2, 1],
  [236, 237, I.none, 1, 1], // f64x2
  [239, 239, I.none, 1, 1],
  [240, 247, I.none, 2, 1],
  [248, 255, I.none, 1, 1], // conversions
]

/** Per instruction: its kind of immediate, and the operands it takes and gives. */
export const IMMEDIATE_OF = new Uint8Array(CODES).fill(IMMEDIATE.refused)
export const POPS = new Uint8Array(CODES)
export const PUSHES = new Uint8Array(CODES)

for (const [base, rows] of [
  [0, PLAIN],
  [MISC, AFTER_MISC],
  [SIMD, AFTER_SIMD],
] as const) {
  for (const [first, last, immediate, pops, pushes] of rows) {
    IMMEDIATE_OF.fill(immediate, base + first, base + last + 1)
    POPS.fill(pops, base + first, base + last + 1)
    PUSHES.fill(pushes, base + first, base + last + 1)
  }
}
