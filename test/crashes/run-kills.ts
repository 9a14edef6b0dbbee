/**
 * A mesh under load whose machines kill themselves, one point after another, and are started again.
 * Then quiet: what was acknowledged must be there, over, settled once, and told the same by all.
 */
import { setTimeout as wait } from 'node:timers/promises'
import {
  balances,
  type CID,
  conservationProblems,
  jobStatus,
  type Replica,
  recordsOf,
  textOf,
} from '@planetary-mesh/spec'
import { NAMES, type Name } from '../daemons/daemons.ts'
import { endOf, helloJob, submitUntilHeard } from './jobs.ts'
import { type CrashMesh, HOMES, openCrashMesh } from './mesh.ts'
import type { KillPoint } from './points.ts'
import { type Reading, readStore } from './read-store.ts'

export type Death = KillPoint & { died: 'while starting' | 'at work' | 'not reached' }

export type Outcome = {
  deaths: readonly Death[]
  /** The state each acknowledged job was last told to be in, by job. */
  ends: ReadonlyMap<string, string>
  /** Submits that had to be asked again. */
  askedAgain: number
  /** What must not be: empty for an honest mesh. */
  violations: readonly string[]
  /** What the machines warned of, by what they said and how often. */
  complaints: ReadonlyMap<string, number>
  balances: ReturnType<typeof balances>
  /** Of jobs that were not verified: how each went, in a line. */
  stories: readonly string[]
  entries: number
}

export type KillPlan = {
  points: readonly KillPoint[]
  /** How long a point may not be reached before its machine is killed where it stands. */
  patienceMs: number
  /** Jobs that each home has under way at a time. */
  width: number
  onDeath?: (death: Death, left: number) => void
}

/** After the last death everything must be over within this time. */
const QUIET_MS = 120_000
/** Jobs that every machine is asked about: the log has one order, older ones are before them. */
const NEWEST = 8

/** An acknowledged job, and the state that its home told at its end. */
type Told = { job: CID; end: string }

export async function runKills({ points, patienceMs, width, onDeath }: KillPlan): Promise<Outcome> {
  const queues = new Map(NAMES.map((name) => [name, points.filter((one) => one.name === name)]))
  const deaths: Death[] = []
  const killAt = Object.fromEntries(NAMES.map((name) => [name, queues.get(name)?.[0]?.at]))
  const mesh = await openCrashMesh({ killAt: withoutUndefined(killAt) })
  const quiet = new AbortController()
  const load = startLoad(mesh, width, quiet.signal)
  const note = (death: Death) => {
    deaths.push(death)
    onDeath?.(death, points.length - deaths.length)
  }
  await Promise.all(
    [...queues].map(([name, queue]) => dieThrough(mesh, name, queue, patienceMs, note)),
  )
  const timer = setTimeout(() => quiet.abort(), QUIET_MS)
  const ends = await endsEverywhere(mesh, await load.finish(), quiet.signal)
  clearTimeout(timer)
  const codes = await mesh.stop()
  const readings = new Map<Name, Reading>()
  for (const name of NAMES) readings.set(name, await readStore(name))
  const writer = readings.get('federation-1')?.replica
  return {
    deaths,
    ends: new Map([...ends].map(([job, states]) => [job, states[0] ?? 'unknown'])),
    askedAgain: load.askedAgain(),
    violations: [
      ...[...codes].flatMap(([name, code]) => (code === 0 ? [] : [`${name} exited with ${code}`])),
      ...[...ends].flatMap(([job, states]) =>
        new Set(states).size === 1 ? [] : [`${job} is told to be ${states.join(', ')}`],
      ),
      ...[...readings].flatMap(([name, reading]) => wrongIn(name, reading, ends)),
      ...disagreements(readings),
    ],
    complaints: tally(NAMES.flatMap((name) => mesh.complaints(name))),
    balances: writer === undefined ? [] : balances(writer.ledger),
    stories: writer === undefined ? [] : storiesIn(writer),
    entries: writer?.ledger.size ?? 0,
  }
}

/** One machine through its points: killed, started to die at the next, and at last to live. */
async function dieThrough(
  mesh: CrashMesh,
  name: Name,
  queue: readonly KillPoint[],
  patienceMs: number,
  note: (death: Death) => void,
): Promise<void> {
  let served = true
  for (const [index, point] of queue.entries()) {
    const late = new AbortController()
    const patience = wait(patienceMs, 'late', { signal: late.signal }).catch(() => 'over')
    const first = await Promise.race([mesh.ended(name), patience])
    late.abort()
    if (first === 'late') {
      await mesh.kill(name)
      note({ ...point, died: 'not reached' })
    } else note({ ...point, died: served ? 'at work' : 'while starting' })
    served = await mesh.start(name, queue[index + 1]?.at)
  }
}

/** Jobs without end: every home has `width` of them under way until told to finish. */
function startLoad(mesh: CrashMesh, width: number, signal: AbortSignal) {
  const acknowledged = new Map<string, Told>()
  let isOpen = true
  let askedAgain = 0
  let count = 0
  const carry = async (home: Name) => {
    while (isOpen) {
      count += 1
      // one in three brings a file that only its home has at first
      const stdin = new TextEncoder().encode(`ballot ${count}\n`)
      const job = helloJob(count % 3 === 0 ? { stdin } : {})
      const asked = await submitUntilHeard(mesh, home, job, signal)
      if (asked === undefined) return
      askedAgain += asked - 1
      const told = { job: job.manifest.cid, end: 'not over' }
      acknowledged.set(textOf(told.job), told)
      told.end = await endOf(mesh, home, told.job, signal)
    }
  }
  const going = HOMES.flatMap((home) => Array.from({ length: width }, () => carry(home)))
  const all = Promise.all(going)
  all.catch(() => {})
  return {
    askedAgain: () => askedAgain,
    async finish(): Promise<ReadonlyMap<string, Told>> {
      isOpen = false
      await all
      return acknowledged
    },
  }
}

/** What each machine, asked for itself, says that the newest jobs came to; by job. */
async function endsEverywhere(
  mesh: CrashMesh,
  told: ReadonlyMap<string, Told>,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const ends = new Map([...told].map(([key, { end }]) => [key, [end]]))
  const newest = [...told].slice(-NEWEST)
  const askAll = async (name: Name) => {
    for (const [key, { job }] of newest) ends.get(key)?.push(await endOf(mesh, name, job, signal))
  }
  await Promise.all(NAMES.map(askAll))
  return ends
}

/** What a reader of one store finds wrong, in sentences. */
function wrongIn(
  name: Name,
  { replica, violations }: Reading,
  ends: ReadonlyMap<string, readonly string[]>,
): string[] {
  const { ledger } = replica
  const lost = [...ends].filter(([job]) => !ledger.jobs.has(job))
  const open = [...ledger.jobs].filter(([, job]) => job.settle === undefined)
  const other = [...ends].filter(([job, [told]]) => stateIn(replica, job) !== told)
  return [
    ...violations.map(({ invariant, detail }) => `${invariant}: ${detail}`),
    ...conservationProblems(ledger),
    ...lost.map(([job]) => `acknowledged and lost: ${job}`),
    ...open.map(([job]) => `never settled: ${job}`),
    ...other.map(([job, [told]]) => `${job} was told ${told} and is ${stateIn(replica, job)}`),
  ].map((sentence) => `${name}: ${sentence}`)
}

function storiesIn(replica: Replica): string[] {
  return [...replica.ledger.jobs].flatMap(([key, job]) => {
    const state = stateIn(replica, key)
    if (state === 'verified') return []
    const leases = job.leases.map(({ decline, receipts }) => {
      const verdicts = receipts.flatMap((receipt) => receipt.verdicts.map((one) => one.record.body))
      const said = verdicts.map(({ result, findings }) => [result, ...findings.map(findingText)])
      return decline?.record.body.reason ?? (said.join(', ') || 'no word')
    })
    return [`${key}: ${leases.join(' | ') || 'no lease'} → ${state}`]
  })
}

const findingText = ({ code, detail }: { code: string; detail: string }) => `${code} ${detail}`

function stateIn(replica: Replica, key: string): string {
  const job = replica.ledger.jobs.get(key)
  if (job === undefined) return 'unknown'
  const anchored = () => true
  const records = [job.manifest, ...recordsOf(job)]
  return jobStatus(job.manifest.cid, records, replica.ledger.lastAtMs, anchored).state
}

/** The roots of one size differ, or the balances at the same size. */
function disagreements(readings: ReadonlyMap<Name, Reading>): string[] {
  const rootOf = new Map<number, string>()
  const balancesOf = new Map<number, string>()
  return [...readings].flatMap(([name, { replica }]) => {
    const roots = replica.anchors.map(({ size, root }) => {
      return same(rootOf, size, Buffer.from(root).toString('hex'), `${name}: root at ${size}`)
    })
    const { size } = replica.ledger
    const sums = JSON.stringify(balances(replica.ledger))
    return [...roots, same(balancesOf, size, sums, `${name}: balances at ${size}`)].flat()
  })
}

function same(seen: Map<number, string>, size: number, value: string, about: string): string[] {
  const before = seen.get(size) ?? value
  seen.set(size, before)
  return before === value ? [] : [`${about} is ${value}, elsewhere ${before}`]
}

function tally(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const { message, code } = JSON.parse(line)
    const key = code === undefined ? message : `${message}: ${code}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

function withoutUndefined<T>(given: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, T] => entry[1] !== undefined),
  )
}
