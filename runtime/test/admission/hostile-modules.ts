/**
 * Feeds hostile modules to admission: `hostile-modules.ts [--count 1000000] [--seed 1] [--mb 2]`.
 * Mutants of generated modules, in this process; then each bomb, of so many MB, in a fresh one,
 * with its CPU time and memory. Ends with 1 when anything but a refusal is thrown, or a bomb takes
 * more than a second or 20 bytes of memory for each of its bytes, and a little to begin with.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Refusal } from '@planetary-mesh/spec'
import { admit } from '../../src/admission/admit.ts'
import { admitMutants, corpusOf } from './admit-mutants.ts'
import { BOMBS, bomb } from './bombs.ts'
import { generate } from './generate.ts'
import { OPTIONS } from './run.ts'

const STEP = 20_000
const SECONDS_PER_MB = 1
const MEMORY_FACTOR = 20
const FIRST_SECONDS = 0.3
const FIRST_BYTES = 128 * 2 ** 20

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    mb: { type: 'string', default: '2' },
    file: { type: 'string' },
  },
})
if (values.file !== undefined) process.stdout.write(JSON.stringify(measure(values.file)))
else {
  feedMutants(Number(values.count), Number(values.seed))
  feedBombs(Number(values.mb))
}

function feedMutants(count: number, seed: number): void {
  const corpus = corpusOf(60)
  const fates = { admitted: 0, refused: 0 }
  for (let done = 0; done < count; done += STEP) {
    const found = admitMutants(corpus, Math.min(STEP, count - done), seed + done)
    fates.admitted += found.admitted
    fates.refused += found.refused
  }
  process.stdout.write(`${count} mutants: ${JSON.stringify(fates)}\n`)
}

function feedBombs(mb: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'bombs-'))
  const file = join(folder, 'bomb.wasm')
  try {
    for (const name of BOMBS) {
      writeFileSync(file, bomb(name, mb))
      const args = ['--conditions=source', fileURLToPath(import.meta.url), '--file', file]
      const found: Measured = JSON.parse(execFileSync(process.execPath, args).toString())
      const { bytes, seconds, memory, fate } = found
      const isSlow = seconds > FIRST_SECONDS + (SECONDS_PER_MB * bytes) / 1e6
      const isLarge = memory > FIRST_BYTES + MEMORY_FACTOR * bytes
      if (isSlow || isLarge) process.exitCode = 1
      const words = [
        `${(bytes / 1e6).toFixed(2)} MB`,
        `${seconds.toFixed(2)} s${isSlow ? ' TOO SLOW' : ''}`,
        `${(memory / 2 ** 20).toFixed(0)} MiB${isLarge ? ' TOO MUCH' : ''}`,
        fate,
      ]
      process.stdout.write(`${name}: ${words.join(', ')}\n`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Measured = { bytes: number; seconds: number; memory: number; fate: string }

/** Admits the module of `file`, and says what that took beyond what a small module does. */
function measure(file: string): Measured {
  admit(generate(1), OPTIONS)
  const bytes = readFileSync(file)
  const { maxRSS } = process.resourceUsage()
  const start = process.cpuUsage()
  const fate = fateOf(bytes)
  const { user, system } = process.cpuUsage(start)
  const memory = (process.resourceUsage().maxRSS - maxRSS) * 1024
  return { bytes: bytes.length, seconds: (user + system) / 1e6, memory, fate }
}

function fateOf(bytes: Uint8Array): string {
  try {
    return `admitted, ${admit(bytes, OPTIONS).bytes.length} bytes once rewritten`
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.message
  }
}
