// Six daemons as operating system processes, each with its own store and port, do a job that one of
// them was asked for; what they acknowledged survives a kill -9; a seventh joins by a line of text.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type ControlClient,
  type JobEvent,
  openControlClient,
  parseJoinLine,
} from '@planetary-mesh/peer'
import { joinFederation } from '@planetary-mesh/peer/network'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import { type CID, type Code, parseCid, Refusal, seal, Token } from '@planetary-mesh/spec'
import { type JobPlan, sealJob } from '../mesh/jobs.ts'
import {
  charter,
  folderOf,
  found,
  NAMES,
  ROLES,
  runOf,
  SCOPE,
  type Started,
  serveFrom,
  signerOf,
} from './daemons.ts'

const TIMEOUT = { timeout: 120_000 }
const HOUR_MS = 3_600_000
const SUM = new Uint8Array(
  readFileSync(join(import.meta.dirname, '../../runtime/test/guests/sum.wasm')),
)

const BALLOTS = new TextEncoder().encode('yes\nno\nyes\n')

const alice = signerOf('alice')
const token = seal(
  Token,
  {
    charter: charter.cid,
    parent: null,
    issuer: null,
    holder: alice.did,
    resourceType: 'compute',
    amount: 1_000_000,
    scope: SCOPE,
    expiresAtMs: Date.now() + HOUR_MS,
  },
  alice,
)
const running = new Map<string, Started>()
const clients: ControlClient[] = []

function clientOf(name: string): ControlClient {
  const client = openControlClient(runOf(name).control)
  clients.push(client)
  return client
}

/** Starts it and waits until it has read the charter; the six are told where the log writer is. */
async function startIn(name: string, more: readonly string[] = []): Promise<void> {
  const isTold = running.has('federation-1') && NAMES.some((one) => one === name)
  const bootstrap = isTold ? ['--bootstrap', runOf('federation-1').addresses[0] ?? ''] : []
  const daemon = await serveFrom(name, [...bootstrap, ...more])
  running.set(name, daemon)
  await daemon.says('charter in force')
}

async function killNow(name: string): Promise<void> {
  const daemon = running.get(name)
  daemon?.child.kill('SIGKILL')
  assert.deepEqual(await daemon?.ended, [null, 'SIGKILL'])
}

/** Gives a job to a home; it is acknowledged when this resolves. */
async function submit(home: ControlClient, plan: JobPlan = {}): Promise<CID> {
  const given = { token, profile: RUNTIME_PROFILE, nowMs: Date.now() }
  const job = sealJob(
    { signer: alice, module: SUM, args: ['/in/ballots'], inputs: { ballots: BALLOTS }, ...plan },
    given,
  )
  await home.putBlocks(job.blocks)
  return home.submit([job.token], job.manifest, job.hold)
}

/** The events of a job until it is over. */
async function follow(home: ControlClient, job: CID): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of home.events(job)) events.push(event)
  return events
}

const statesOf = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === 'status' ? [event.job.status.state] : []))

async function refuses(work: Promise<unknown>, code: Code): Promise<void> {
  await assert.rejects(work, (error) => error instanceof Refusal && error.code === code)
}

before(async () => {
  for (const name of NAMES) await found(name, ROLES[name])
  await startIn('federation-1')
  await Promise.all(NAMES.slice(1).map((name) => startIn(name)))
}, TIMEOUT)

after(() => {
  for (const client of clients) client.close()
})

let first: CID

test('a job asked of one process is verified by the others', TIMEOUT, async () => {
  const home = clientOf('mesh-node-1')
  first = await submit(home)
  const events = await follow(home, first)
  const end = events.at(-1)
  assert.equal(statesOf(events).at(-1), 'verified')
  assert.ok(end?.type === 'end' && end.stdout !== null)
  assert.equal(end.outcome, 'exited(0)')
  // the home has it although another process ran the job
  const stdout = new TextDecoder().decode(await home.block(parseCid(end.stdout)))
  const sum = BALLOTS.reduce((total, byte) => total + byte, 0)
  assert.equal(stdout, `${BALLOTS.length} bytes, sum ${sum}\n`)
})

test(
  'another home knows the same job, and one that nobody submitted is unknown',
  TIMEOUT,
  async () => {
    const other = clientOf('mesh-node-3')
    const seen = await follow(other, first)
    assert.equal(statesOf(seen).at(-1), 'verified')
    await refuses(other.job(charter.cid), 'JOB_UNKNOWN')
  },
)

test('a home and the log writer killed at once keep what was acknowledged', TIMEOUT, async () => {
  const job = await submit(clientOf('mesh-node-2'))
  await Promise.all([killNow('mesh-node-2'), killNow('federation-1')])
  await startIn('federation-1')
  await startIn('mesh-node-2')
  const events = await follow(clientOf('mesh-node-2'), job)
  assert.equal(statesOf(events).at(-1), 'verified')
  assert.equal(statesOf(await follow(clientOf('federation-2'), first)).at(-1), 'verified')
})

test('a line of text lets a seventh machine in once, and it bids', TIMEOUT, async () => {
  const admin = clientOf('federation-1')
  const { line, expiresAtMs } = await admin.invite({ role: 'executor', expiresInMs: HOUR_MS })
  assert.equal(parseJoinLine(line).expiresAtMs, expiresAtMs)
  const folder = folderOf('mesh-node-7')
  const config = { limits: { slots: 1, memory_mib: 1024, cores: 2 } }
  const taken = { line, folder: folderOf('taken'), name: 'mesh-node-1', config }
  await refuses(joinFederation(taken), 'NAME_TAKEN')
  const joined = await joinFederation({ line, folder, name: 'mesh-node-7', config })
  assert.equal(joined.genesis, charter.cid.toString())
  const again = { line, folder: folderOf('mesh-node-8'), name: 'mesh-node-8', config }
  await refuses(joinFederation(again), 'INVITE_UNKNOWN')
  await startIn('mesh-node-7', ['--price-ppm', '1', '--kill-at', 'after-append/executor:2'])
  const home = clientOf('mesh-node-7')
  const job = await submit(home, { chooser: 'submitter' })
  for await (const event of home.events(job)) {
    if (event.type !== 'status' || event.job.status.state !== 'bidding') continue
    if (event.job.status.bids === 4) break
  }
  const { bids } = await home.bids(job)
  assert.ok(bids.some(({ bid }) => bid.author === joined.did))
  const members = (await clientOf('mesh-node-1').nodes()).map(({ name }) => name)
  assert.deepEqual(
    [members.includes('mesh-node-7'), members.includes('mesh-node-8')],
    [true, false],
  )
})

test(
  'killed with a sealed receipt, the cheapest executor brings it after its restart',
  TIMEOUT,
  async () => {
    const name = 'mesh-node-7'
    const job = await submit(clientOf(name))
    assert.deepEqual(await running.get(name)?.ended, [null, 'SIGKILL'])
    await startIn(name)
    const events = await follow(clientOf(name), job)
    assert.equal(statesOf(events).at(-1), 'verified')
    // no second attempt: the receipt of the first one counts
    assert.equal(statesOf(events).includes('bidding'), false)
  },
)

test('each of them stops when it is told to', TIMEOUT, async () => {
  for (const { child } of running.values()) child.kill('SIGTERM')
  for (const [name, { ended }] of running) assert.deepEqual([name, await ended], [name, [0, null]])
})
