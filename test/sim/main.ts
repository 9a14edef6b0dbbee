/** `npm run sim -- --seed N --count K`: seeded runs of the whole federation, one line each. */
import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'
import { readWords, wholeNumber } from './words.ts'

process.stdout.on('error', () => process.exit())
// refusals are everyday news here: writing down where each was made would cost more than the step
Error.stackTraceLimit = 6

const USAGE = 'Usage: npm run sim -- [--seed N] [--count K] [--json] [--until-found]'
/** Chance has 32 bits. */
const SEEDS = 2 ** 32

const { values, first, count } = readWords(USAGE, () => {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      'until-found': { type: 'boolean', default: false },
    },
  })
  const first = wholeNumber('--seed', values.seed, 0, SEEDS - 1)
  return { values, first, count: wholeNumber('--count', values.count, 1, SEEDS - first) }
})
const checks = new Map<string, number>()
let failed = 0
for (let seed = first; seed < first + count; seed++) {
  const report = await runSeed(seed)
  for (const [name, times] of report.checks) checks.set(name, (checks.get(name) ?? 0) + times)
  if (report.violations.length > 0) failed += 1
  const { events, crashes, submitted, settled, hash, violations } = report
  const numbers = { seed, events, crashes, submitted, settled, hash: hash.slice(0, 16) }
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ ...numbers, violations })}\n`
      : `${Object.entries(numbers)
          .map(([name, value]) => `${name} ${value}`)
          .join(
            '  ',
          )}\n${violations.map((one) => `  ✗ ${one.invariant}: ${one.detail}\n`).join('')}`,
  )
  if (values['until-found'] && failed > 0) break
}
if (!values.json) {
  process.stdout.write('\ninvariant                                                     checked\n')
  for (const [name, times] of checks) {
    process.stdout.write(`${name.padEnd(60)} ${String(times).padStart(9)}\n`)
  }
}
process.exitCode = failed > 0 ? 1 : 0
