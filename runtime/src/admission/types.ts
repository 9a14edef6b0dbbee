/**
 * The shapes of a WebAssembly module as the parser finds them and the rewriter uses them.
 * Source: WebAssembly Core Specification 2.0, "Structure" and "Binary Format".
 */

/** Value types by their byte in the binary format. */
export const VALUE = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const

/** A value type, as its byte in the binary format. */
export type ValueType = number

export type FunctionType = {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

export const EXPORT_KINDS = ['function', 'table', 'memory', 'global'] as const
export type ExportKind = (typeof EXPORT_KINDS)[number]
