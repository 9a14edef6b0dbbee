// Each machine of a mesh dies by SIGKILL at the worst moment of its part in a job, and comes back:
// the job ends all the same, once, and every store tells the same at the end.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type BidsView,
  type ControlClient,
  type JobView,
  openControlClient,
} from '@planetary-mesh/peer'
import { Award, type CID, conservationProblems, seal, textOf } from '@planetary-mesh/spec'
import { NAMES, type Name, runOf, signerOf } from '../daemons/daemons.ts'
import type { JobPlan } from '../mesh/jobs.ts'
import { endOf, freshFiles, helloJob, isUnknown, submit } from './jobs.ts'
import { type CrashMesh, HOMES, openCrashMesh } from './mesh.ts'
import { readStore } from './read-store.ts'

const TIMEOUT = { timeout: 180_000 }
const POLL_MS = 100
const NEVER = new AbortController().signal

let mesh: CrashMesh
const jobs: CID[] = []
/** The home that dies for good at the end, and the job that it had acknowledged. */
const LOST: Name = 'mesh-node-1'
let orphan: CID
/** Its executor died with the result, and stayed away. */
let unlucky: CID

// node 3 is the cheapest, wins, and dies where it would write down what came out; then node 2 is
before(async () => {
  mesh = await openCrashMesh({
    timing: { bid_window_ms: 2000 },
    prices: { 'mesh-node-3': 100_000, 'mesh-node-2': 500_000 },
    killAt: {
      'mesh-node-3': 'before-append/executor:2',
      'federation-3': 'after-append/verifier:1',
    },
  })
  await heard('mesh-node-1', HOMES)
  await heard('mesh-node-3', HOMES)
}, TIMEOUT)

/**
 * Waits until `home` has heard from these since now: whoever is connected late hears no
 * announcement, and does not bid.
 */
async function heard(home: Name, names: readonly Name[]): Promise<void> {
  const sinceMs = Date.now()
  for (;;) {
    const nodes = await (await mesh.up(home)).nodes()
    const fresh = nodes.filter(({ heardAtMs }) => (heardAtMs ?? 0) >= sinceMs)
    if (names.every((name) => fresh.some((node) => node.name === name))) return
    await wait(POLL_MS)
  }
}

async function give(home: ControlClient, plan: JobPlan = {}): Promise<CID> {
  const job = await submit(home, helloJob(plan))
  jobs.push(job)
  return job
}

const endAt = (name: Name, job: CID) => endOf(mesh, name, job, NEVER)

/** Whether the process of that name, as it runs now, is alive. */
function watch(name: Name): { isAlive: boolean } {
  const life = { isAlive: true }
  void mesh.ended(name).then(() => {
    life.isAlive = false
  })
  return life
}

/** Waits until `client` tells so of the job, which it may not have heard of yet. */
async function tells(
  client: ControlClient,
  job: CID,
  is: (view: JobView) => boolean,
): Promise<void> {
  for (;;) {
    try {
      for await (const event of client.events(job)) {
        if (event.type === 'status' && is(event.job)) return
      }
      assert.fail(`${job} was over before that`)
    } catch (error) {
      if (!isUnknown(error)) throw error
      await wait(POLL_MS)
    }
  }
}

/** The submitter's choice: the bid of the node of that name, or any. */
async function awardAt(home: ControlClient, job: CID, name?: Name): Promise<void> {
  const { bids } = await home.bids(job)
  const chosen = bids.find(({ bid }) => name === undefined || bid.author === signerOf(name).did)
  assert.ok(chosen, 'there is a bid to choose')
  const { cid } = chosen.bid
  const body = { manifest: job, bids: [cid], ranking: [cid], winner: cid, reason: 'hers' }
  const { log } = await home.node()
  await home.award(seal(Award, { ...body, logSize: log.size }, signerOf('alice')))
}

/** A job with a bid of that node; where it did not hear of one in time, another is taken. */
async function giveWithBidOf(home: ControlClient, name: Name): Promise<CID> {
  for (;;) {
    const job = await give(home, { chooser: 'submitter' })
    let round = await home.bids(job)
    while (!round.closed || round.bids.length === 0) {
      await wait(POLL_MS)
      round = await home.bids(job)
    }
    if (round.bids.some(({ bid }) => bid.author === signerOf(name).did)) return job
    await awardAt(home, job)
  }
}

test(
  'a rule chooses: nobody waits, the executor dies, the verified receipt is there all the same',
  TIMEOUT,
  async () => {
    const giveOne = async () => {
      const person = openControlClient(runOf('mesh-node-1').control)
      const job = await give(person)
      person.close()
      assert.equal(await endAt('mesh-node-2', job), 'verified')
      return job
    }
    const executor = watch('mesh-node-3')
    while (executor.isAlive) unlucky = await giveOne()
    // a verifier dies with the verdict that it has written down: two are enough. One that comes
    // late to a job that is over writes none, and lives on to the next
    const verifier = watch('federation-3')
    while (verifier.isAlive) await giveOne()
    assert.deepEqual(await mesh.ended('federation-3'), [null, 'SIGKILL'])
  },
)

test(
  'an executor that comes back gives up what it was running; it ends once',
  TIMEOUT,
  async () => {
    await mesh.kill('mesh-node-2')
    await mesh.start('mesh-node-2', 'after-append/executor:1')
    const executor = watch('mesh-node-2')
    const back = mesh.ended('mesh-node-2').then(() => mesh.start('mesh-node-2'))
    while (executor.isAlive) {
      const job = await give(await mesh.up('mesh-node-1'))
      assert.equal(await endAt('mesh-node-1', job), 'verified')
    }
    await Promise.all([back, mesh.start('federation-3'), mesh.start('mesh-node-3')])
  },
)

test(
  'the home dies after its word: another node shows the job and its bids, and goes on',
  TIMEOUT,
  async () => {
    await heard('mesh-node-2', HOMES)
    const job = await give(await mesh.up('mesh-node-1'), { chooser: 'submitter' })
    await mesh.kill('mesh-node-1')
    const other = await mesh.up('mesh-node-2')
    await tells(other, job, ({ status }) => status.state === 'bidding')
    // asking for bids makes it the job's home: it announces the job again
    await other.bids(job)
    await tells(other, job, ({ status }) => status.state === 'bidding' && status.bids >= 1)
    await awardAt(other, job)
    assert.equal(await endAt('mesh-node-2', job), 'verified')
    await mesh.start('mesh-node-1')
    assert.equal(await endAt('mesh-node-1', job), 'verified')
  },
)

test('a choice that the home acknowledged is not lost with the home', TIMEOUT, async () => {
  await heard('mesh-node-1', HOMES)
  const home = await mesh.up('mesh-node-1')
  const job = await giveWithBidOf(home, 'mesh-node-1')
  // the log writer is away, so that nothing can come of the choice before the home dies
  await mesh.kill('federation-1')
  await awardAt(home, job, 'mesh-node-1')
  await tells(home, job, ({ waitingFor }) => waitingFor === 'the ledger')
  await mesh.kill('mesh-node-1')
  await Promise.all([mesh.start('federation-1'), mesh.start('mesh-node-1')])
  assert.equal(await endAt('mesh-node-1', job), 'verified')
})

test(
  'the log writer dies: jobs wait for it, say so, and end after its restart',
  TIMEOUT,
  async () => {
    const home = await mesh.up('mesh-node-1')
    const job = await give(home)
    await mesh.kill('federation-1')
    await tells(home, job, ({ waitingFor }) => waitingFor === 'the ledger')
    const late = give(await mesh.up('mesh-node-2'))
    await mesh.start('federation-1')
    assert.equal(await endAt('mesh-node-1', job), 'verified')
    assert.equal(await endAt('mesh-node-3', await late), 'verified')
  },
)

test(
  'the home dies for good after its word: the job ends elsewhere, with files that only it had',
  TIMEOUT,
  async () => {
    // whatever came before is in the store of the one that is lost
    for (const job of jobs) assert.equal(await endAt(LOST, job), 'verified')
    // nobody runs it, and nobody fetches its files to run it, before its submitter has chosen
    orphan = await give(await mesh.up(LOST), { ...freshFiles(), chooser: 'submitter' })
    await mesh.kill(LOST)
    const other = await mesh.up('mesh-node-2')
    await tells(other, orphan, ({ status }) => status.state === 'bidding')
    const isNear = ({ bid }: BidsView['bids'][number]) => bid.author === signerOf('mesh-node-2').did
    while (!(await other.bids(orphan)).bids.some(isNear)) await wait(POLL_MS)
    await awardAt(other, orphan, 'mesh-node-2')
    // the writer's own copy of its log may be a moment behind that of a reader
    for (const name of NAMES.filter((name) => name !== LOST)) {
      assert.equal(await endAt(name, orphan), 'verified')
    }
  },
)

test(
  'every store, read by a stranger, has each job settled once and the same sums',
  TIMEOUT,
  async () => {
    assert.deepEqual(
      [...(await mesh.stop()).values()],
      NAMES.map((name) => (name === LOST ? null : 0)),
    )
    for (const name of NAMES) {
      const { replica, violations } = await readStore(name)
      assert.deepEqual([name, ...violations, ...conservationProblems(replica.ledger)], [name])
      const jobOf = (job: CID) => replica.ledger.jobs.get(textOf(job))
      for (const job of jobs) {
        if (name === LOST && job === orphan) continue
        assert.equal(jobOf(job)?.settle?.record.body.reason, 'verified', `${name}: ${job}`)
      }
      const executors = jobOf(unlucky)?.leases.map(({ record }) => record.body.executor) ?? []
      assert.equal(executors[0], signerOf('mesh-node-3').did)
      assert.notEqual(executors.at(-1), executors[0], 'it ended elsewhere')
    }
  },
)
