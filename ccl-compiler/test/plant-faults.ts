/**
 * Plants each fault of `planted-faults.ts` and runs the tests, which must fail. Run by hand:
 * `node tools/node.js --conditions=source ccl-compiler/test/plant-faults.ts`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { FAULTS } from './planted-faults.ts'

const ROOT = join(import.meta.dirname, '../..')
const TESTS = ['mistakes', 'meaning', 'differential'].map(
  (name) => `ccl-compiler/test/${name}.test.ts`,
)

function survives(id: string): boolean {
  const loader = join(import.meta.dirname, 'plant-loader.ts')
  const args = ['--conditions=source', '--import', loader, '--test', ...TESTS]
  const env = { ...process.env, CCL_PLANT: id }
  return spawnSync(process.execPath, args, { cwd: ROOT, env, timeout: 120_000 }).status === 0
}

let left = 0
for (const { id, breaks } of process.argv[2] === undefined
  ? FAULTS
  : FAULTS.filter(({ id }) => id === process.argv[2])) {
  const found = !survives(id)
  if (!found) left++
  console.log(`${found ? 'found' : 'NOT FOUND'}  ${id}: ${breaks}`)
}
console.log(left === 0 ? 'every fault is found' : `${left} faults are not found`)
process.exitCode = left === 0 ? 0 : 1
