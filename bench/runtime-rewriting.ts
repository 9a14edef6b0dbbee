/** How fast modules are rewritten to be metered, and admitted as a whole, once the code is warm. */
import { admit } from '../runtime/src/admission/admit.ts'
// not of the runtime's public surface, which only ever admits, compiles and runs in one go
import { assemble } from '../runtime/src/admission/assemble.ts'
import { WebAssembly } from '../runtime/src/admission/engine.ts'
import { parseModule } from '../runtime/src/admission/parse.ts'
import { planFunctions } from '../runtime/src/admission/plan.ts'
import { scanFunctions } from '../runtime/src/admission/scan.ts'
import { refuseJobImport } from '../runtime/src/wasi/allowed-imports.ts'
import { KERNELS, kernelModule } from './kernels.ts'
import { type Effort, quantile, type Row, repeated, rowOf, takeTurns } from './measure.ts'

const MEMORY_PAGES_MAX = 65_536
const NAMES = { bench: 'runtime', against: 'V8 validates the same bytes' }

/** Our passes alone: the engine validates neither what goes in nor what comes out. */
export function rewrite(bytes: Uint8Array): Uint8Array {
  const parsed = parseModule(bytes, MEMORY_PAGES_MAX)
  const scanned = scanFunctions(parsed)
  return assemble(parsed, scanned, planFunctions(parsed, scanned, 'fast'))
}

/** All kernels one after the other, against their validation. */
export async function benchRewriting(effort: Effort): Promise<Row[]> {
  const modules = KERNELS.map(kernelModule)
  const bytes = modules.reduce((sum, { length }) => sum + length, 0)
  const options = { memoryPagesMax: MEMORY_PAGES_MAX, imports: refuseJobImport }
  const row = async (what: string, work: (module: Uint8Array) => unknown): Promise<Row> => {
    const pairs = await takeTurns(
      effort.pairs,
      repeated(() => modules.forEach(work), effort),
      repeated(() => modules.forEach(validate), effort),
    )
    const megabytes = bytes / 1000 / quantile(pairs.ours, 0.5)
    return rowOf({ ...NAMES, what }, pairs, { bytes, 'KB a second': Math.round(1000 * megabytes) })
  }
  return [
    await row('rewriting twelve kernels', rewrite),
    await row('admitting twelve kernels', (module) => admit(module, options)),
  ]
}

function validate(module: Uint8Array): void {
  if (!WebAssembly.validate(module)) throw new Error('a kernel is not valid')
}
