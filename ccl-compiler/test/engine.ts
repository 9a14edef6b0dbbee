/**
 * The part of the WebAssembly JavaScript interface that these tests use, typed here: TypeScript
 * declares it only together with the whole of the browser's DOM.
 */
export type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number }
export type Entry = { module?: string; name: string; kind: string }
type Imports = Record<string, Record<string, unknown>>

type Module = object
type Engine = {
  validate(bytes: Uint8Array): boolean
  Module: {
    new (bytes: Uint8Array): Module
    imports(module: Module): Entry[]
    exports(module: Module): Entry[]
    customSections(module: Module, name: string): ArrayBuffer[]
  }
  Instance: new (module: Module, imports: Imports) => { readonly exports: Record<string, unknown> }
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: Engine }
