/**
 * Compares many generated modules with what they are once rewritten, and prints how they ended:
 * `many-seeds.ts [--count 100000] [--seed 1]`. A difference names its seed.
 */
import { parseArgs } from 'node:util'
import { compareSeeds } from './compare-seed.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const STEP = 5000
const [count, first] = [Number(values.count), Number(values.seed)]
for (let done = 0; done < count; done += STEP) {
  const ends = compareSeeds(first + done, Math.min(STEP, count - done))
  process.stdout.write(`seeds ${first + done} and on: ${JSON.stringify(ends)}\n`)
}
