/**
 * Constant expressions: initial values of globals, offsets and elements of segments.
 * Source: WebAssembly Core Specification 2.0, "Validation", constant expressions; and the proposal
 * "Extended Constant Expressions".
 */
import { OP, PREFIX_SIMD, SIMD } from './opcodes.ts'
import { type ByteReader, refuse } from './reader.ts'
import { whyRefused } from './refused-opcodes.ts'
import { VALUE } from './types.ts'

const ARITHMETIC: readonly number[] = [
  OP.i32Add,
  OP.i32Add + 1,
  OP.i32Mul,
  OP.i64Add,
  OP.i64Sub,
  OP.i64Mul,
]

export type ConstVisitor = {
  /** A function whose reference the expression takes. */
  functionTaken(index: number): void
  /** A number at `at` … `end` that is the index of a global. */
  globalNamed(at: number, end: number, index: number): void
}

/** Passes over one constant expression and its `end`. */
export function readConstExpression(reader: ByteReader, visitor: ConstVisitor): void {
  for (;;) {
    const offset = reader.at
    const opcode = reader.byte()
    switch (opcode) {
      case OP.end:
        return
      case OP.i32Const:
      case OP.i64Const:
        reader.skipSigned()
        break
      case OP.f32Const:
        reader.skip(4)
        break
      case OP.f64Const:
        reader.skip(8)
        break
      case OP.globalGet: {
        const at = reader.at
        const index = reader.u32()
        visitor.globalNamed(at, reader.at, index)
        break
      }
      case OP.refFunc:
        visitor.functionTaken(reader.u32())
        break
      case OP.refNull: {
        const type = reader.byte()
        if (type !== VALUE.funcref && type !== VALUE.externref)
          refuse('typed references are not available', offset)
        break
      }
      case PREFIX_SIMD: {
        const sub = reader.u32()
        if (SIMD + sub !== OP.v128Const) refuse(whyRefused(opcode, sub), offset)
        reader.skip(16)
        break
      }
      default:
        if (!ARITHMETIC.includes(opcode))
          refuse(`no constant expression: opcode 0x${opcode.toString(16)}`, offset)
    }
  }
}
