/**
 * Admitted and compiled modules, kept by what they depend on: the module's hash, its memory limit
 * and the variant. Bounded by bytes; the one unused for longest goes first.
 */
import { LIMITS, Refusal, sha256 } from '@planetary-mesh/spec'
import { type Admitted, admit } from '../admission/admit.ts'
import { type WasmModule, WebAssembly } from '../admission/engine.ts'
import { refuseJobImport } from '../wasi/allowed-imports.ts'

/** V8's machine code is a few times the size of the wasm bytes that we can count. */
const CODE_FACTOR = 4

/** `_start` is run as a program; `_initialize` is all that a library can be asked to do. */
const ENTRIES = ['_start', '_initialize'] as const

/** The name that preview1 demands of the memory that host calls read and write. */
export const MEMORY = 'memory'

export type Prepared = {
  readonly module: WasmModule
  readonly entry: (typeof ENTRIES)[number]
  readonly memoryPagesMin: number
  /** Under which name the memory is exported, `memory` if under several; undefined if it is not. */
  readonly memoryName: string | undefined
}

export type Variant = 'fast' | 'exact'

export class ModuleCache {
  readonly #held = new Map<string, { prepared: Prepared; size: number }>()
  #size = 0

  /** Refuses with MODULE_REFUSED or IMPORT_REFUSED what may not run. */
  prepare(module: Uint8Array, memoryPagesMax: number, variant: Variant): Prepared {
    const key = `${Buffer.from(sha256(module)).toString('hex')} ${memoryPagesMax} ${variant}`
    const found = this.#held.get(key)
    if (found !== undefined) {
      this.#held.delete(key) // to the end: it is the one used last
      this.#held.set(key, found)
      return found.prepared
    }
    const admitted = admit(module, { memoryPagesMax, variant, imports: refuseJobImport })
    const prepared = compile(admitted)
    this.#keep(key, prepared, admitted.bytes.length * CODE_FACTOR)
    return prepared
  }

  #keep(key: string, prepared: Prepared, size: number): void {
    if (size > LIMITS.moduleCacheBytesMax) return
    this.#held.set(key, { prepared, size })
    this.#size += size
    for (const [oldest, { size: freed }] of this.#held) {
      if (this.#size <= LIMITS.moduleCacheBytesMax) break
      this.#held.delete(oldest)
      this.#size -= freed
    }
  }
}

function compile(admitted: Admitted): Prepared {
  const functions = admitted.exports.filter(({ kind }) => kind === 'function')
  const entry = ENTRIES.find((name) => functions.some((found) => found.name === name))
  if (entry === undefined) {
    throw new Refusal(
      'MODULE_REFUSED',
      'the module exports neither `_start` (a program) nor `_initialize` (a library)',
    )
  }
  const module = new WebAssembly.Module(admitted.bytes)
  const memories = admitted.exports.filter(({ kind }) => kind === 'memory')
  const memory = memories.find(({ name }) => name === MEMORY) ?? memories[0]
  const { memoryPagesMin } = admitted
  return { module, entry, memoryPagesMin, memoryName: memory?.name }
}
