/**
 * Plants each fault of `planted-faults.ts` and runs the tests: those of its feature must find it,
 * and those of everything else stay green. Run by hand, for one or for all:
 * `node tools/node.js --conditions=source ccl-compiler/test/plant-faults.ts [ID]`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { FAULTS, type Part } from './planted-faults.ts'

const ROOT = join(import.meta.dirname, '../..')
const TIMEOUT_MS = 300_000

/** Reading, laying out, values, job documents: no planted fault has to do with them. */
const ELSEWHERE = ['tree', 'fmt', 'diagnostics', 'values', 'compile']
/** By the part that the fault is in: the tests that must find it, and those that must not. */
const TESTS: Record<Part, { finds: string[]; green: string[] }> = {
  checker: { finds: ['mistakes', 'meaning'], green: ELSEWHERE },
  interpreter: { finds: ['meaning', 'differential'], green: ['mistakes', ...ELSEWHERE] },
  encoder: { finds: ['meaning', 'differential', 'modules'], green: ['mistakes', ...ELSEWHERE] },
}
/** Of the goldens that find a fault of the checker: how many may, at most. */
const FOUND_MAX = 8

type Ran = { tests: number; failed: number }

function run(id: string, names: readonly string[]): Ran {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      ...['--conditions=source', '--import', join(import.meta.dirname, 'plant-loader.ts')],
      ...['--test', '--test-reporter=tap'],
      ...names.map((name) => `ccl-compiler/test/${name}.test.ts`),
    ],
    { cwd: ROOT, env: { ...process.env, CCL_PLANT: id }, encoding: 'utf8', timeout: TIMEOUT_MS },
  )
  const said = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1])
  const [tests, failed] = [said('tests'), said('fail')]
  const isWhole = Number.isInteger(tests) && (status === 0) === (failed === 0)
  if (!isWhole) throw new Error(`${id}: the tests did not run to their end\n${stdout.slice(-2000)}`)
  return { tests, failed }
}

/** What is wrong, or undefined when the fault was found where it should be and only there. */
function judged(part: Part, found: Ran, elsewhere: Ran): string | undefined {
  if (found.failed === 0) return 'NOT FOUND'
  if (elsewhere.failed > 0) return `BREAKS ${elsewhere.failed} OTHERS`
  if (part === 'checker' && found.failed > FOUND_MAX) return `BREAKS ${found.failed} GOLDENS`
  return undefined
}

const sound = run('none', [...new Set(Object.values(TESTS).flatMap(({ finds }) => finds))])
if (sound.failed + run('none', ELSEWHERE).failed > 0) throw new Error('without a fault tests fail')

const wanted = process.argv[2]
let wrong = 0
for (const { id, part, breaks } of FAULTS.filter(
  ({ id }) => wanted === undefined || id === wanted,
)) {
  const { finds, green } = TESTS[part]
  const found = run(id, finds)
  const elsewhere = run(id, green)
  const problem = judged(part, found, elsewhere)
  if (problem !== undefined) wrong++
  const how = `${found.failed} of ${found.tests} find it, ${elsewhere.tests} others are green`
  console.log(`${problem ?? 'found'}  ${part} ${id}: ${breaks}${problem ? '' : ` (${how})`}`)
}
console.log(wrong === 0 ? 'every fault is found, and only where it is' : `${wrong} are not`)
process.exitCode = wrong === 0 ? 0 : 1
