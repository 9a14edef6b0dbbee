/**
 * Admitted and compiled modules, kept by what they depend on: the module's hash, its memory limit
 * and the variant (the profile is that of this process). Bounded by bytes; the one unused for
 * longest goes first.
 */
import { hash } from 'node:crypto'
import { LIMITS, Refusal } from '@planetary-mesh/spec/bare'
import { type Admitted, admit } from '../admission/admit.ts'
import { type WasmModule, WebAssembly } from '../admission/engine.ts'
import { isBundle } from '../component/bundle.ts'
import { type PreparedComponent, prepareComponent } from '../component/prepare-component.ts'
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

/** A module by its hash: its bytes are asked for only where nothing compiled is at hand. */
export type ModuleSource = {
  /** The sha-256 of the module, in hex. */
  readonly hash: string
  /** The module as it was given. */
  bytes(): Uint8Array
  /** Its fast variant for this very memory limit, where that was rewritten before. */
  readonly admitted?: Admitted
}

export const hashOf = (module: Uint8Array): string => hash('sha256', module, 'hex')

export class ModuleCache {
  readonly #held = new Map<string, { prepared: Prepared | PreparedComponent; size: number }>()
  #size = 0

  /** Refuses with MODULE_REFUSED or IMPORT_REFUSED what may not run. */
  prepare(
    module: ModuleSource,
    memoryPagesMax: number,
    variant: Variant,
  ): Prepared | PreparedComponent {
    const key = `${module.hash} ${memoryPagesMax} ${variant}`
    const found = this.#held.get(key)
    if (found !== undefined) {
      this.#held.delete(key) // to the end: it is the one used last
      this.#held.set(key, found)
      return found.prepared
    }
    const known = variant === 'fast' ? module.admitted : undefined
    const bytes = known?.bytes ?? module.bytes()
    const prepared = isBundle(bytes)
      ? prepareComponent(bytes, memoryPagesMax, variant)
      : compile(known ?? admitJob(bytes, memoryPagesMax, variant))
    this.#keep(key, prepared, bytes.length * CODE_FACTOR)
    return prepared
  }

  #keep(key: string, prepared: Prepared | PreparedComponent, size: number): void {
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

/** Refuses with MODULE_REFUSED or IMPORT_REFUSED what may not run as a job. */
export function admitJob(module: Uint8Array, memoryPagesMax: number, variant: Variant): Admitted {
  return admit(module, { memoryPagesMax, variant, imports: refuseJobImport })
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
