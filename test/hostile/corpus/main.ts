/**
 * The long run of the corpus: `main.ts [--runs 20] [--rounds 100]`. Every guest so often in one
 * slot after its neighbour, with the same ending each time; then so many rounds of the whole corpus
 * beside twenty honest jobs; last, what breaks out of its module into a slot's process, with the
 * flags of that process and without. Prints the latency of the honest jobs alone, beside each other
 * and beside the corpus. Exit code 1 when a guest ended otherwise, leaked, touched a canary, or
 * does no harm with its defence left out, or when an honest job had another result.
 */
import { parseArgs } from 'node:util'
import { openSandbox } from '@planetary-mesh/runtime'
import { openCanaries } from './canaries.ts'
import { endingOf, runGuest } from './contained.ts'
import { CORPUS } from './corpus.ts'
import { throughDoors } from './doors.ts'
import type { Guest } from './guest.ts'
import { guestsBeside, type HonestRound, runHonest } from './honest.ts'
import { tryWalls } from './walls.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '100' },
  },
})
const problems: string[] = []
const canaries = await openCanaries()
const untouched = JSON.stringify(canaries.nest.look())
try {
  const admitted = await runEach(Number(values.runs))
  console.log(`${CORPUS.length} guests, ${admitted} admitted and run, ${values.runs} times each`)
  await runBeside(Number(values.rounds))
  if (JSON.stringify(canaries.nest.look()) !== untouched) problems.push('a file was touched')
  if (canaries.connections() > 0) problems.push('somebody connected to the port')
  const owed = CORPUS.filter(({ door }) => door !== 'none' && door !== 'raw')
  const hits = await throughDoors(owed, canaries, { endlessMs: 1000, waitMs: 2000 })
  console.log(`${hits.size} of ${owed.length} guests hit their canary with the defence left out`)
  for (const { name } of owed) if (!hits.has(name)) problems.push(`${name}: no hit`)
  await breakOut()
} finally {
  await canaries.close()
}
for (const problem of problems) console.log('PROBLEM', problem)
console.log(problems.length === 0 ? 'contained' : `${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** Every guest `runs` times after its neighbour; how many were admitted. */
async function runEach(runs: number): Promise<number> {
  const sandbox = await openSandbox({ slots: 1, spares: 1 })
  let admitted = 0
  try {
    for (const guest of CORPUS) {
      const wholes = new Set<string>()
      for (let run = 0; run < runs; run++) {
        const { ending, whole, leaks, result } = await runGuest(sandbox, guest, canaries)
        wholes.add(whole)
        if (run === 0 && result !== undefined) admitted++
        if (ending !== endingOf(guest.expected)) problems.push(`${guest.name}: ${ending}`)
        if (leaks.length > 0) problems.push(`${guest.name} says ${leaks}`)
      }
      if (wholes.size !== 1) problems.push(`${guest.name}: ${wholes.size} different results`)
    }
  } finally {
    await sandbox.close()
  }
  return admitted
}

/** What breaks out of its module, in a process with the flags of a slot and in one without. */
async function breakOut(): Promise<void> {
  const closed = await tryWalls(canaries, 'closed')
  const open = await tryWalls(canaries, 'open')
  for (const [name, { hit }] of closed) {
    if (hit) problems.push(`${name}: through the walls`)
    if (!open.get(name)?.hit) problems.push(`${name}: no hit without walls`)
  }
  console.log(`${closed.size} ways out of a module meet the flags of the process`)
}

/** Rounds alone, beside other honest jobs, and beside the corpus in turn: on the same machine. */
async function runBeside(rounds: number): Promise<void> {
  const sandbox = await openSandbox({ slots: 2 })
  const alone: HonestRound[] = []
  const busy: HonestRound[] = []
  const beside: HonestRound[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      alone.push(await runHonest(sandbox))
      busy.push(await runHonest(sandbox, () => runHonest(sandbox)))
      beside.push(await runHonest(sandbox, (job) => attack(guestsBeside(job, round))))
    }
  } finally {
    await sandbox.close()
  }
  const [expected] = alone.map(({ results }) => JSON.stringify(results))
  const others = [...alone, ...busy, ...beside].filter(
    ({ results }) => JSON.stringify(results) !== expected,
  )
  if (others.length > 0) problems.push(`${others.length} rounds of honest jobs differ`)
  console.log(`${rounds} rounds of honest jobs, each of which took`)
  console.log(`  alone:                    ${latency(alone)}`)
  console.log(`  beside other honest jobs: ${latency(busy)}`)
  console.log(`  beside the corpus:        ${latency(beside)}`)

  async function attack(guests: readonly Guest[]): Promise<void> {
    for (const guest of guests) {
      const { ending } = await runGuest(sandbox, guest, canaries, 'none')
      if (ending !== endingOf(guest.expected)) problems.push(`${guest.name}, beside: ${ending}`)
    }
  }
}

function latency(rounds: readonly HonestRound[]): string {
  const all = rounds.flatMap(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const at = (share: number) => (all[Math.floor(share * (all.length - 1))] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms (${all.length} jobs)`
}
