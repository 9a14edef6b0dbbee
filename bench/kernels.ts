/** The C programs that benches run, and the input that a sandbox runs them with. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LIMITS, type RunInput } from '@planetary-mesh/spec'

/** Far more than any of them takes on a slow machine. */
export const RUN_MS_MAX = 120_000

export type KernelName = 'sha256' | 'qsort' | 'fib'

export const kernelFile = (name: KernelName): string =>
  fileURLToPath(new URL(`./kernels/${name}.wasm`, import.meta.url))

export const kernelModule = (name: KernelName): Uint8Array => readFileSync(kernelFile(name))

export function kernelInput(module: Uint8Array, argument: string): RunInput {
  return {
    module,
    args: [argument],
    env: [],
    stdin: new Uint8Array(0),
    files: [],
    clockMs: 1_700_000_000_000,
    seed: new Uint8Array(32),
    limits: {
      fuelMax: LIMITS.fuelMax,
      memoryPagesMax: 256,
      outputBytesMax: 65_536,
      wallMs: RUN_MS_MAX,
    },
  }
}
