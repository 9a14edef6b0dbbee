/**
 * The part of the WebAssembly JavaScript interface that this room uses, typed by us: TypeScript
 * declares it only together with the whole of the browser's DOM.
 * Source: WebAssembly JavaScript Interface, W3C.
 */

export type WasmGlobal = { value: bigint }
export type WasmImports = Record<string, Record<string, unknown>>
export type WasmModule = object
export type WasmInstance = { readonly exports: Readonly<Record<string, unknown>> }

type Engine = {
  validate(bytes: Uint8Array): boolean
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (module: WasmModule, imports?: WasmImports) => WasmInstance
  Global: new (type: { value: 'i64'; mutable: true }, value: bigint) => WasmGlobal
  CompileError: new (message?: string) => Error
  RuntimeError: new (message?: string) => Error
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: Engine }
