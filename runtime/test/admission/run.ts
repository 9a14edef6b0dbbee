/** Runs what was admitted, with a meter, as the sandbox does. */
import { type AdmitOptions, admit } from '../../src/admission/admit.ts'
import { type WasmImports, WebAssembly } from '../../src/admission/engine.ts'
import { METER_MODULE, openMeter } from '../../src/admission/meter.ts'

export const ALLOW_ALL = () => undefined
export const OPTIONS: AdmitOptions = { memoryPagesMax: 64, imports: ALLOW_ALL }

export type Export = (...args: unknown[]) => unknown

/** An instance of `bytes` once rewritten, and its meter. */
export function start(
  bytes: Uint8Array,
  options: {
    variant?: 'fast' | 'exact'
    fuelMax?: number
    memoryPagesMax?: number
    imports?: WasmImports
  } = {},
) {
  const { variant = 'fast', fuelMax = 1_000_000_000, imports = {}, memoryPagesMax = 64 } = options
  const admitted = admit(bytes, { memoryPagesMax, imports: ALLOW_ALL, variant })
  const meter = openMeter(fuelMax)
  const module = new WebAssembly.Module(admitted.bytes)
  const instance = new WebAssembly.Instance(module, { ...imports, [METER_MODULE]: meter.imports })
  const call = (name: string, ...args: unknown[]) => (instance.exports[name] as Export)(...args)
  return { meter, instance, call, exports: instance.exports }
}

/** What calling `name` came to: its result or the error it ended with. */
export function outcome(started: ReturnType<typeof start>, name: string, ...args: unknown[]) {
  try {
    return { result: started.call(name, ...args) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { error }
  }
}
