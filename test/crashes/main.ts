/**
 * `main.ts --points 100 --seed 7`: a hundred deaths at random points under load. `--every`: each
 * named point once. Prints what died where and what came of it; exits with 1 if anything was lost,
 * settled twice, left open or told differently.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endDaemons } from '../daemons/daemons.ts'
import { openChance } from '../sim/chance.ts'
import { everyPoint, randomPoints } from './points.ts'
import { type Death, type Outcome, runKills } from './run-kills.ts'

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/node-compile')
process.env.NODE_COMPILE_CACHE ??= CACHE

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    width: { type: 'string', default: '1' },
    every: { type: 'boolean', default: false },
  },
})
const PATIENCE_MS = 30_000

const startedAtMs = Date.now()
const points = values.every
  ? everyPoint()
  : randomPoints(openChance(Number(values.seed)), Number(values.points))
process.once('exit', endDaemons)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const outcome = await runKills({
  points,
  patienceMs: PATIENCE_MS,
  width: Number(values.width),
  onDeath: (death, left) =>
    process.stderr.write(`${secondsSince()} ${lineOf(death)}, ${left} left\n`),
})
process.stdout.write(`${textOf(outcome)}\n`)
process.exit(outcome.violations.length === 0 ? 0 : 1)

function secondsSince(): string {
  return `${((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(7)} s`
}

function lineOf({ name, at, died }: Death): string {
  return `${name.padEnd(14)}${at.padEnd(28)}${died}`
}

function textOf({ deaths, ends, askedAgain, violations, complaints, ...rest }: Outcome): string {
  const byPoint = Map.groupBy(deaths, ({ at }) => at.replace(/:\d+$/, ''))
  const rows = [...byPoint]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([point, died]) => {
      const count = (how: Death['died']) => String(died.filter((one) => one.died === how).length)
      const cells = [count('at work'), count('while starting'), count('not reached')]
      return `${point.padEnd(26)}${cells.map((cell) => cell.padStart(9)).join('')}`
    })
  const states = [...Map.groupBy(ends.values(), (state) => state)]
  return [
    `${'killed'.padEnd(26)}${['at work', 'starting', 'missed'].map((head) => head.padStart(9)).join('')}`,
    ...rows,
    '',
    `deaths           ${deaths.length} in ${secondsSince().trim()}`,
    `acknowledged     ${ends.size} jobs: ${states.map(([state, all]) => `${all.length} ${state}`).join(', ')}`,
    `asked again      ${askedAgain} submits`,
    `log              ${rest.entries} entries`,
    ...rest.balances.map((balance) => `balance          ${JSON.stringify(balance)}`),
    ...rest.stories.map((story) => `not verified     ${story}`),
    ...[...complaints].map(([said, count]) => `warned           ${count} × ${said}`),
    `violations       ${violations.length}`,
    ...violations.map((sentence) => `  ${sentence}`),
  ].join('\n')
}
