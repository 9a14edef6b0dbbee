/** CCL text in, WebAssembly or diagnostics out. Pure. */
export {
  type Checked,
  type CompileOptions,
  check,
  type Descriptive,
  type Parameter,
  type Refused,
} from './check.ts'
export { type Compiled, compile } from './compile.ts'
export type { Imports } from './core/imports.ts'
export { type BadInput, inputsFromJson } from './core/json-inputs.ts'
export { describeOutcome, runTests, type TestReport } from './core/run-tests.ts'
export type { Diagnostic, Span } from './diagnostic.ts'
export { format } from './format/format.ts'
export { repair } from './format/repair.ts'
export { formatDiagnostics } from './format-diagnostics.ts'
export { type Bounds, boundsOf } from './ir/cost.ts'
export { decide, type Outcome, type Status } from './ir/interpret.ts'
export type { Program, Type, Value } from './ir/ir.ts'
export type { Header } from './job-module.ts'
export type { DiagnosticCode } from './messages.ts'
export type { AskedEffect } from './requests.ts'
export { readValues, type Values } from './values.ts'
export { ABI, COMPILER_VERSION } from './versions.ts'
export type { Unit } from './wasm/encode-program.ts'
export type { PolicyHeader } from './wasm/header.ts'
export { requestBytes } from './wasm/layout.ts'
export { type GrowingMemory, RequestWriter } from './wasm/request-writer.ts'
