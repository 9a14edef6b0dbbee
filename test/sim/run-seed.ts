/** One seeded run from the founding to the end of the last job, with every invariant on the way. */
import { hash } from 'node:crypto'
import { type CID, textOf, verifyChain } from '@planetary-mesh/spec'
import type { Violation } from './auditor.ts'
import { openChance } from './chance.ts'
import { DEADLINE_MS } from './submitter.ts'
import { openWorld, START_MS, type World } from './world.ts'

export type Report = {
  seed: number
  events: number
  crashes: number
  submitted: number
  settled: number
  checks: ReadonlyMap<string, number>
  violations: readonly Violation[]
  hash: string
}

const JOBS = 50
const CRASHES = 24
/** Jobs are submitted, and things go wrong, for this long; then the world heals. */
const FAULTS_MS = 8_000
/** After the last deadline everything must be over within this time. */
const BOUND_MS = 30_000
const EVENTS_MAX = 400_000

export async function runSeed(seed: number): Promise<Report> {
  const world = await openWorld(seed)
  const chance = openChance(seed ^ 0x5eed)
  for (const node of world.nodes) await world.start(node)
  planJobs(world, chance)
  planCrashes(world, chance)
  world.clock.at(START_MS + FAULTS_MS, world.heal)
  const { auditor } = world.invariants
  const endMs = START_MS + FAULTS_MS + DEADLINE_MS + BOUND_MS
  let events = 0
  while (events < EVENTS_MAX && world.clock.nowMs() < endMs && auditor.violations.length === 0) {
    if (!world.clock.next()) break
    events += 1
    await quiet()
    checkAll(world)
    if (events % 64 === 0 && isOver(world)) break
  }
  if (auditor.violations.length === 0) checkEnd(world)
  for (const node of world.nodes) node.process?.kill()
  const settled = world.invariants.auditor.settled()
  return {
    seed,
    events,
    crashes: world.crashes,
    submitted: world.submitters.reduce((sum, { jobs }) => sum + jobs.length, 0),
    settled: [...settled.values()].filter((count) => count > 0).length,
    checks: auditor.checks,
    violations: auditor.violations,
    hash: hash('sha256', `${world.invariants.head} ${world.invariants.size} ${events}`),
  }
}

/** Every promise that can go on has gone on: ticks come when no promise is left to go on. */
const quiet = () => new Promise<void>((resolve) => process.nextTick(resolve))

function planJobs(world: World, chance: ReturnType<typeof openChance>): void {
  const homes = world.nodes.filter(({ plan }) => plan.roles.includes('home'))
  for (let job = 0; job < JOBS; job++) {
    const submitter = chance.pick(world.submitters)
    submitter.open(
      START_MS + chance.between(100, FAULTS_MS - 1000),
      () => chance.pick(homes).process,
    )
  }
}

/** The writer crashes most; whoever is down already cannot, so another one does. */
function planCrashes(world: World, chance: ReturnType<typeof openChance>): void {
  for (let crash = 0; crash < CRASHES; crash++) {
    const wanted = crash < CRASHES / 4 ? world.nodes[0] : chance.pick(world.nodes)
    const atMs = START_MS + chance.between(200, FAULTS_MS - 1)
    const downMs = chance.oneIn(6) ? chance.between(5500, 9000) : chance.between(20, 900)
    world.clock.at(atMs, () => {
      const up = world.nodes.filter(({ process }) => process !== undefined)
      const node = wanted?.process === undefined ? up[crash % up.length] : wanted
      if (node === undefined) return
      world.crash(node)
      world.clock.at(atMs + downMs, () => void world.start(node))
    })
  }
}

function checkAll(world: World): void {
  const { invariants, nodes } = world
  const { auditor } = invariants
  const book = world.book()
  invariants.book(book)
  for (const { process, plan } of nodes) {
    if (process === undefined) continue
    invariants.replica(process.replica)
    const { fault } = process
    auditor.check('no process stops by itself', fault === undefined, () => {
      return `${plan.name}: ${fault instanceof Error ? fault.stack : fault}`
    })
  }
  if (book === undefined || book.ledger.charters.length === 0) return
  for (const { jobs } of world.submitters) {
    for (const { acknowledged, id } of jobs) {
      if (!acknowledged) continue
      const known = book.ledger.jobs.has(id)
      auditor.check('an acknowledged submit is never lost (7)', known, () => id)
    }
  }
}

function isOver(world: World): boolean {
  const book = world.book()
  const jobs = world.submitters.flatMap((submitter) => submitter.jobs)
  if (book === undefined || jobs.length < JOBS || book.open.length > 0) return false
  return jobs.every((job) => {
    const held = book.ledger.jobs.get(job.id)
    return job.refused !== null || held?.settle !== undefined
  })
}

/** True at the end: every job is over, and somebody who was not there can read the log. */
function checkEnd(world: World): void {
  const { invariants, submitters } = world
  const { auditor, blocks } = invariants
  const book = world.book()
  for (const job of submitters.flatMap(({ jobs }) => jobs)) {
    const held = book?.ledger.jobs.get(job.id)
    const over = job.refused !== null || held?.settle !== undefined
    auditor.check('every job ends within its deadline plus a bound (11)', over, () => {
      return `${job.id}: ${held === undefined ? 'not held' : 'not settled'}`
    })
  }
  const get = (cid: CID) => blocks.get(textOf(cid))
  const { charter } = world.federation
  const replicas = world.nodes.slice(1).flatMap(({ process }) => (process ? [process.replica] : []))
  const reader = replicas.toSorted((a, b) => b.ledger.size - a.ledger.size)[0]
  const settled = [...(reader?.ledger.jobs.values() ?? [])].filter(
    (job) => job.settle?.record.body.reason === 'verified',
  )
  const receipt = settled.at(-1)?.settle?.record.body.receipt
  // what a reader has: the newest anchor that anybody but the writer has folded
  const head = reader?.head
  if (head === undefined || head === null || receipt === undefined || receipt === null) return
  const { reader: proven } = world
  const { findings, anchored } = verifyChain({
    receipt,
    head,
    genesis: charter.cid,
    get,
    reader: proven,
  })
  // the simulated files have no blocks; all else must hold for a reader who was not there
  const wrong = findings.filter(({ code }) => code !== 'BLOCK_MISSING')
  const fine = wrong.length === 0 && anchored.mark === '✓'
  auditor.check('a reader of the log verifies the last receipt (6)', fine, () => {
    return JSON.stringify(wrong)
  })
}
