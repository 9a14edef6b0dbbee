/** The same run without walls, for tests, simulations and benches that need thousands of them. */
import type { RunInput, RunResult } from '@planetary-mesh/spec/bare'
import { ensureInput } from './input.ts'
import { hashOf, ModuleCache } from './module-cache.ts'
import { runJob } from './run-job.ts'

const modules = new ModuleCache()

/**
 * Runs a job in the calling process: same result to the bit, same refusals, but NOT isolated. It
 * blocks the caller, ignores `limits.wallMs`, and a fault of the engine takes the caller with it.
 * Never for a stranger's module in a process that holds keys.
 */
export function runInProcess(input: RunInput): RunResult {
  ensureInput(input)
  const module = { hash: hashOf(input.module), bytes: () => input.module }
  return runJob({ ...input, module }, modules)
}
