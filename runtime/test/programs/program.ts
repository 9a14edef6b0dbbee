/**
 * What a program of somebody else's needs to be built and tried here: where its sources are, how
 * they are compiled, and what it is asked to do. It is built twice, for this machine and for WASI.
 */
import type { VirtualFile } from '@planetary-mesh/spec'

export type Program = {
  readonly name: string
  /** The Debian source package. */
  readonly package: string
  /** Its C files, below the unpacked sources; called after `prepare`. */
  sources(directory: string): readonly string[]
  /** For both builds. */
  readonly flags?: readonly string[]
  readonly wasm?: WasmBuild
  /** Makes what the package's own build would generate, by its own means. */
  prepare?(directory: string): void
  cases(directory: string): Iterable<Case>
}

export type WasmBuild = {
  readonly flags?: readonly string[]
  /** C files of ours, beside these modules. */
  readonly sources?: readonly string[]
  readonly linkFlags?: readonly string[]
  /** Passes of Binaryen's `wasm-opt` on the linked module. */
  readonly optimizer?: readonly string[]
}

/** One run of each build: they must end with the same code, streams and files. */
export type Case = {
  readonly says: string
  readonly args: readonly string[]
  readonly env?: readonly (readonly [name: string, value: string])[]
  readonly stdin?: Uint8Array
  /** Paths below the working directory. */
  readonly inputs?: readonly VirtualFile[]
  /** Arguments that only the WASI build gets, in front. */
  readonly wasmArgs?: readonly string[]
  /** Cuts out of a stream what may differ: addresses, times. Null when all of it may. */
  readonly comparable?: ((text: string) => string) | null
  /** What the outcome must be besides the same: throws when it is not. */
  check?(ended: Ended): void
}

/** How either build ended: what it said and the files it left below `out/`. */
export type Ended = {
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly outputs: ReadonlyMap<string, Uint8Array>
}
