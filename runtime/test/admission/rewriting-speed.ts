/**
 * How fast modules are rewritten once the code is warm: `rewriting-speed.ts [FILE…]`, without files
 * the C kernels of the benches. For each, megabytes a second of processor time: our passes alone,
 * and with the engine's validation before and after; the best of some rounds.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { KERNELS, kernelFile } from '../../../bench/kernels.ts'
import { rewrite } from '../../../bench/runtime-rewriting.ts'
import { admit } from '../../src/admission/admit.ts'
import { ALLOW_ALL } from './run.ts'

const MEMORY_PAGES_MAX = 65_536
/** So much is rewritten for one sample, because the clock of a process is coarse. */
const SAMPLE_BYTES = 8_000_000
const ROUNDS = 5

const given = process.argv.slice(2)
for (const file of given.length > 0 ? given : KERNELS.map(kernelFile)) {
  const bytes = readFileSync(file)
  const rewriting = megabytesASecond(bytes, () => rewrite(bytes))
  const options = { memoryPagesMax: MEMORY_PAGES_MAX, imports: ALLOW_ALL }
  const admission = megabytesASecond(bytes, () => admit(bytes, options))
  process.stdout.write(
    `${basename(file)}: ${bytes.length} bytes, rewritten at ${rewriting.toFixed(1)} MB/s, ` +
      `admitted at ${admission.toFixed(1)} MB/s\n`,
  )
}

function megabytesASecond(bytes: Uint8Array, work: () => unknown): number {
  const repetitions = Math.ceil(SAMPLE_BYTES / bytes.length)
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    for (let index = 0; index < repetitions; index++) work()
    const { user, system } = process.cpuUsage(start)
    best = Math.max(best, (repetitions * bytes.length) / (user + system))
  }
  return best
}
