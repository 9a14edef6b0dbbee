/**
 * `npm run plant`: switches on the planted bugs one by one and runs seeds until the invariants find
 * each; then the same seeds with no bug. `--requirements` does the same for the requirement tests.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Patch, SIMULATION } from '../plants/patches.ts'
import { REQUIREMENTS } from '../plants/requirement-patches.ts'
import { chosen, readWords } from './words.ts'

const USAGE = 'Usage: npm run plant -- [--requirements] [--only ID]'
const SEEDS_MAX = 200
const loader = fileURLToPath(new URL('../plants/loader.ts', import.meta.url))
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Runs seeds 1 … count until one fails; what it said, or undefined if all were fine. */
function firstFailure(plant: string, count: number): Promise<string | undefined> {
  const args = ['--conditions=source', '--import', loader, main, '--seed', '1', '--json']
  const child = spawn(process.execPath, [...args, '--count', `${count}`, '--until-found'], {
    env: { ...process.env, MESH_PLANT: plant },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const found = output.split('\n').findLast((line) => line.includes('"invariant"'))
      if (code === 0) resolve(undefined)
      else if (found === undefined) reject(new Error(`'${plant}' ended with ${code}: ${output}`))
      else resolve(found)
    })
  })
}

async function simulation(wanted: readonly Patch[]): Promise<boolean> {
  let good = true
  for (const { id, sentence } of wanted) {
    const found = await firstFailure(id, SEEDS_MAX)
    good &&= found !== undefined
    const where =
      found === undefined
        ? `✗ not found in ${SEEDS_MAX} seeds`
        : `✓ seed ${JSON.parse(found).seed}: ${JSON.parse(found).violations[0].invariant}`
    process.stdout.write(`${id.padEnd(28)} ${sentence.padEnd(64)} ${where}\n`)
  }
  const clean = await firstFailure('', 20)
  good &&= clean === undefined
  const said = clean === undefined ? '✓ nothing reported in 20 seeds' : `✗ ${clean}`
  process.stdout.write(`${'(no plant)'.padEnd(28)} ${'nothing is wrong'.padEnd(64)} ${said}\n`)
  return good
}

const { requirements, wanted } = readWords(USAGE, () => {
  const { requirements, only } = parseArgs({
    options: { requirements: { type: 'boolean', default: false }, only: { type: 'string' } },
  }).values
  return { requirements, wanted: chosen(requirements ? REQUIREMENTS : SIMULATION, only) }
})
if (requirements) {
  const { runRequirementPlants } = await import('../plants/requirements.ts')
  process.exitCode = (await runRequirementPlants(wanted)) ? 0 : 1
} else {
  process.exitCode = (await simulation(wanted)) ? 0 : 1
}
