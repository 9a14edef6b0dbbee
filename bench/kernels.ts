/** The C programs that benches run, and the input that a sandbox runs them with. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LIMITS, type RunInput } from '@planetary-mesh/spec'

/** Far more than any of them takes on a slow machine. */
export const RUN_MS_MAX = 120_000

/**
 * The programs, each with an argument that makes it take a few hundred ms at a share of 1. Those
 * whose work grows by a factor with each step of their argument take its logarithm.
 */
const ARGUMENTS = {
  sha256: (share: number) => Math.ceil(5000 * share),
  qsort: (share: number) => Math.ceil(60 * share),
  fib: (share: number) => Math.round(41 + Math.log(share) / Math.log(1.618)),
  matmul: (share: number) => Math.ceil(150 * share),
  sieve: (share: number) => Math.ceil(150 * share),
  queens: (share: number) => Math.round(14 + Math.log(share) / Math.log(5.5)),
  nbody: (share: number) => Math.ceil(6_000_000 * share),
  search: (share: number) => Math.ceil(25 * share),
  chase: (share: number) => Math.ceil(4 * share),
  stackvm: (share: number) => Math.ceil(200_000 * share),
  tape: (share: number) => Math.ceil(150 * share),
  alloc: (share: number) => Math.ceil(60 * share),
} as const

export type KernelName = keyof typeof ARGUMENTS

export const KERNELS = Object.keys(ARGUMENTS) as KernelName[]

export const kernelArgument = (name: KernelName, share: number): number => ARGUMENTS[name](share)

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
