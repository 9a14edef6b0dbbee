/**
 * `node tools/node.js --conditions=source test/soak/main.ts [--minutes 30] [--seed N]`: a mesh of
 * six processes gets a job every second (five in each of the first 120), and every twenty seconds
 * one of them is killed. Exit code 1 when a job that was acknowledged is not verified in the end,
 * or when the memory of a process that was spared grows by 5 % an hour or more; a shorter run than
 * 30 minutes only tells the slope.
 */
import { parseArgs } from 'node:util'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import { encodeFile } from '@planetary-mesh/spec'
import { kernelModule } from '../../bench/kernels.ts'
import { FEDERATION, NODES, openRunningMesh } from '../../bench/running-mesh.ts'
import { killInTurns } from './killing.ts'
import { openMemorySamples } from './memory.ts'
import { openSubmitter } from './submitting.ts'

const MINUTE_MS = 60_000
const FULL_MINUTES = 30
const SLOPE_MAX = 5
const SPARED = ['mesh-node-1', 'federation-2']
const ALL = [...FEDERATION, ...NODES]

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: `${FULL_MINUTES}` },
    seed: { type: 'string', default: '1' },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('expected --minutes above 0 and --seed as a whole number\n')
  process.exit(2)
}
const say = (text: string) => process.stdout.write(`${text}\n`)

const stop = new AbortController()
// a group of processes hears a signal twice: from the terminal, and from whoever passes it on
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
await using mesh = await openRunningMesh()
const [writer, ...others] = ALL
await mesh.start(writer as string)
await Promise.all(others.map((name) => mesh.start(name)))
await mesh.together(ALL)
const module = encodeFile(kernelModule('fib'))
for (const node of NODES) await mesh.client(node).putBlocks(module.blocks)
say(`six processes in ${mesh.folder}; spared are ${SPARED.join(' and ')}`)

const over = AbortSignal.any([stop.signal, AbortSignal.timeout(minutes * MINUTE_MS)])
const samples = openMemorySamples(mesh, SPARED, say)
const reader = SPARED[0] as string
const submitter = openSubmitter(mesh, { module, profile: RUNTIME_PROFILE, homes: NODES, reader })
const [kills] = await Promise.all([
  killInTurns(mesh, { among: ALL.filter((name) => !SPARED.includes(name)), seed, over, say }),
  samples.run(over),
  submitter.run(over),
])
const counts = await submitter.ends()
say(`\n${kills} kills, ${submitter.submitted} jobs acknowledged:`)
for (const [state, count] of counts) say(`  ${state.padEnd(12)}${count}`)
const lost = submitter.submitted - (counts.get('verified') ?? 0)
say(`lost: ${lost}`)

const afterMinutes = Math.min(5, minutes / 2)
let isGrowing = false
for (const { what, first, last, percentAnHour } of samples.slopes(afterMinutes)) {
  say(
    `${what.padEnd(24)}${first} MiB to ${last} MiB; after ${afterMinutes} minutes ` +
      `${percentAnHour.toFixed(1)} % an hour`,
  )
  isGrowing ||= percentAnHour >= SLOPE_MAX
}
process.exitCode = lost > 0 || (isGrowing && minutes >= FULL_MINUTES) ? 1 : 0
