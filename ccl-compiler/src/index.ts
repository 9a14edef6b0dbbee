/** CCL text in, WebAssembly or diagnostics out. Pure. */
export {
  type Checked,
  type Compiled,
  type CompileOptions,
  check,
  compile,
  type Descriptive,
  type Refused,
} from './compile.ts'
export type { Diagnostic, Span } from './diagnostic.ts'
export { formatDiagnostics } from './format-diagnostics.ts'
export { ABI, COMPILER_VERSION, type Header } from './job-module.ts'
export type { DiagnosticCode } from './messages.ts'
