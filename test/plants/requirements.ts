/**
 * `npm run plant -- --requirements`: for each sentence of the requirements, its tests pass as the
 * code stands, and fail with the bug of `requirement-patches.ts` planted: in each of its files,
 * those on a mesh in one process and those over daemons.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Patch } from './patches.ts'

const ROOT = join(import.meta.dirname, '../..')
const TESTS = ['test/requirements/*.test.ts', 'test/daemons/requirements.test.ts']
const LOADER = fileURLToPath(new URL('./loader.ts', import.meta.url))
const FILE_TIMEOUT_MS = 5 * 60_000

/** The names of those tests of a sentence that passed, and of those that failed. */
type Outcome = { passed: string[]; failed: string[] }

/** The test files that have tests of a sentence, in themselves or in a file they are made of. */
export function filesOf(id: string): string[] {
  const test = new RegExp(`test\\(\\s*['\`]${id} `)
  return globSync(TESTS, { cwd: ROOT })
    .map((file) => join(ROOT, file))
    .filter((file) =>
      [file, ...partsOf(file)].some((part) => test.test(readFileSync(part, 'utf8'))),
    )
    .sort()
}

/** Files that a test file imports for nothing but the tests in them. */
function partsOf(file: string): string[] {
  const imports = readFileSync(file, 'utf8').matchAll(/^import '(\..+)'$/gm)
  return [...imports].map(([, path = '']) => join(dirname(file), path))
}

async function runTests(file: string, id: string, plant: string): Promise<Outcome> {
  const outcome: Outcome = { passed: [], failed: [] }
  const events = run({
    cwd: ROOT,
    files: [file],
    concurrency: 1,
    timeout: FILE_TIMEOUT_MS,
    testNamePatterns: [`^${id} `],
    execArgv: ['--conditions=source', '--import', LOADER],
    env: { ...process.env, MESH_PLANT: plant },
  })
  // a file that does not load is no test of the sentence
  const isOurs = (name: string) => name.startsWith(`${id} `)
  events.on('test:pass', ({ name, skip }) => {
    if (isOurs(name) && (skip === undefined || skip === false)) outcome.passed.push(name)
  })
  events.on('test:fail', ({ name }) => {
    if (isOurs(name)) outcome.failed.push(name)
  })
  events.resume()
  await new Promise((resolve, reject) => events.once('end', resolve).once('error', reject))
  return outcome
}

/** What is wrong with a sentence and its tests in a file, or which test found its bug. */
async function judge(file: string, id: string): Promise<{ good: boolean; said: string }> {
  const honest = await runTests(file, id, '')
  if (honest.failed.length > 0)
    return { good: false, said: `✗ fails as it is: ${honest.failed[0]}` }
  if (honest.passed.length === 0) return { good: false, said: '✗ no test ran' }
  const { failed } = await runTests(file, id, id)
  if (failed.length === 0) return { good: false, said: '✗ not found' }
  return { good: true, said: `✓ ${failed[0]}` }
}

/** Prints a line for each sentence and file; false if any bug was not found. */
export async function runRequirementPlants(wanted: readonly Patch[]): Promise<boolean> {
  let good = true
  for (const { id, sentence } of wanted) {
    const files = filesOf(id)
    if (files.length === 0) process.stdout.write(`${id.padEnd(6)} ✗ no test file has its id\n`)
    good &&= files.length > 0
    for (const file of files) {
      const found = await judge(file, id)
      good &&= found.good
      const where = basename(dirname(file)).padEnd(12)
      process.stdout.write(`${id.padEnd(6)} ${sentence.padEnd(72)} ${where} ${found.said}\n`)
    }
  }
  return good
}
