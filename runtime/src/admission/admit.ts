/**
 * Admission: the bytes of a stranger's module in, a module that meters itself out, or a refusal.
 */
import assert from 'node:assert'
import { Refusal } from '@planetary-mesh/spec/bare'
import { assemble } from './assemble.ts'
import { WebAssembly } from './engine.ts'
import { judgeBlocks } from './judge-blocks.ts'
import { parseModule } from './parse.ts'
import { judgeImports } from './parse-imports.ts'
import { planFunctions } from './plan.ts'
import { scanFunctions } from './scan.ts'
import type { ExportKind, FunctionType } from './types.ts'

export type Admitted = {
  /** The rewritten module. It imports W from METER_MODULE beside what the guest imports. */
  bytes: Uint8Array
  imports: readonly { module: string; name: string; kind: 'function' }[]
  exports: readonly { name: string; kind: ExportKind }[]
  /** The linear memory that the module starts with, in pages of 64 KiB; 0 when it has none. */
  memoryPagesMin: number
}

export type AdmitOptions = {
  /** No memory of the module may ever be larger, in pages of 64 KiB. */
  memoryPagesMax: number
  /** Undefined when the import may be had; else a sentence that says why not. */
  imports: (module: string, name: string, type: FunctionType) => string | undefined
  /** `exact` keeps W in the global at all times, so that it is exact after a trap as well. */
  variant?: 'fast' | 'exact'
  /**
   * `engine` leaves the bits of a NaN to the engine, so that what canonical ones cost can be
   * measured. Its runs are not reproducible.
   */
  nan?: 'canonical' | 'engine'
}

/**
 * Reads, judges and rewrites `module`. Pure: the same bytes and options give the same result.
 *
 * Refuses with MODULE_REFUSED (what it is, and at which byte) or IMPORT_REFUSED (which import, and
 * what that means). Any other error is ours.
 */
export function admit(module: Uint8Array, options: AdmitOptions): Admitted {
  const parsed = parseModule(module, options.memoryPagesMax)
  judgeImports(parsed.imports, parsed.types, options.imports)
  judgeBlocks(parsed)
  refuseInvalid(module)
  const scanned = scanFunctions(parsed)
  if (options.nan === 'engine') scanned.canonical.items.fill(0)
  const plan = planFunctions(parsed, scanned, options.variant ?? 'fast')
  const bytes = assemble(parsed, scanned, plan)
  assert(WebAssembly.validate(bytes), 'the rewritten module is valid')
  return {
    bytes,
    imports: parsed.imports.map(({ module, name }) => ({ module, name, kind: 'function' })),
    exports: parsed.exports,
    memoryPagesMin: parsed.memory?.min ?? 0,
  }
}

/** The engine has the last word on what is valid; its message says more than we could. */
function refuseInvalid(module: Uint8Array): void {
  if (WebAssembly.validate(module)) return
  try {
    new WebAssembly.Module(module)
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error
    const offset = Number(/@\+(\d+)$/.exec(error.message)?.[1] ?? 0)
    const values = { offset }
    throw new Refusal('MODULE_REFUSED', `not valid: ${error.message}`, { cause: error, values })
  }
  assert.fail('what does not validate does not compile')
}
