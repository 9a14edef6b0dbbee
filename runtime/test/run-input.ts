/** Builds the input of a run for tests: what a test does not say is plain and small. */
import { readFileSync } from 'node:fs'
import type { RunInput } from '@planetary-mesh/spec'

const guests = new URL('./guests/', import.meta.url)

/** The module of a C guest by its name. */
export const guest = (name: string): Uint8Array => readFileSync(new URL(`${name}.wasm`, guests))

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

export function runInput(
  given: Partial<Omit<RunInput, 'limits'>> & { limits?: Partial<RunInput['limits']> },
): RunInput {
  return {
    module: guest('echo'),
    args: [],
    env: [],
    stdin: new Uint8Array(0),
    files: [],
    clockMs: 1_700_000_000_000,
    seed: new Uint8Array(32),
    ...given,
    limits: {
      fuelMax: 1_000_000_000,
      memoryPagesMax: 256,
      outputBytesMax: 1_000_000,
      wallMs: 60_000,
      ...given.limits,
    },
  }
}
