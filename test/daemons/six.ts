/**
 * Six daemons that the sentences of the requirements share, alice's home beside them, and what she
 * asks: by meshctl, or by the control client. A daemon is started when somebody first needs it.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  type ControlClient,
  type DaemonConfigInput,
  type JobEvent,
  openControlClient,
  writeKeyFile,
} from '@planetary-mesh/peer'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import {
  Award,
  type Bid,
  type Charter,
  type CID,
  cidOf,
  type Did,
  Refusal,
  seal,
  Token,
} from '@planetary-mesh/spec'
import { Level } from 'level'
import { runHere } from '../../meshctl/test/run-here.ts'
import { oneSandbox } from '../attacks/one-sandbox.ts'
import { type Job, type JobPlan, sealJob } from '../mesh/jobs.ts'
import {
  charter,
  folderOf,
  found,
  HOME,
  NAMES,
  type Name,
  ROLES,
  runOf,
  SCOPE,
  type Started,
  seedOf,
  serveFrom,
  signerOf,
} from './daemons.ts'
import { readLog } from './read-log.ts'

export const NODES: readonly Name[] = ['mesh-node-1', 'mesh-node-2', 'mesh-node-3']
export const TIMEOUT = { timeout: 90_000 }

const WRITER = 'federation-1'
const TOKEN_AMOUNT = 1_000_000
const HOUR_MS = 3_600_000
/** A window closes when all have answered: on a machine at work none closes before. */
const PATIENT = { timing: { bid_window_ms: 30_000 } }

export const alice = signerOf('alice')

/** alice's, unless `over` says otherwise; issued by her too, unless by `signer`. */
export function issue(over: Partial<Token['body']> = {}, signer = alice): Token {
  const body = {
    charter: charter.cid,
    parent: null,
    issuer: null,
    holder: alice.did,
    resourceType: 'compute' as const,
    amount: TOKEN_AMOUNT,
    scope: SCOPE,
    expiresAtMs: Date.now() + HOUR_MS,
  }
  return seal(Token, { ...body, ...over }, signer)
}

export const token = issue()

const serving = new Map<string, Promise<Started>>()
const clients = new Map<string, ControlClient>()
after(() => {
  for (const client of clients.values()) client.close()
})

/** Resolves when all of these serve and have read the charter; the writer is always one of them. */
export async function up(
  names: readonly Name[],
  over: Partial<Record<Name, Partial<DaemonConfigInput>>> = {},
): Promise<void> {
  await begin(WRITER, over[WRITER])
  await Promise.all(names.map((name) => begin(name, over[name])))
}

function begin(name: Name, over: Partial<DaemonConfigInput> = {}): Promise<Started> {
  const before = serving.get(name)
  if (before !== undefined) return before
  const starting = start(name, over)
  serving.set(name, starting)
  return starting
}

async function start(name: Name, over: Partial<DaemonConfigInput>): Promise<Started> {
  await found(name, ROLES[name], { ...PATIENT, ...over })
  const started = await serveFrom(name, name === WRITER ? [] : ['--bootstrap', addressOf(WRITER)])
  await started.says('charter in force')
  return started
}

export const addressOf = (name: Name): string => runOf(name).addresses[0] ?? ''

/** Starts one that has ended, or that was founded otherwise; the six know where the writer is. */
export async function startAgain(name: string, more: readonly string[] = []): Promise<void> {
  forget(name)
  const isTold = name !== WRITER && NAMES.some((one) => one === name)
  const bootstrap = isTold ? ['--bootstrap', addressOf(WRITER)] : []
  const started = await serveFrom(name, [...bootstrap, ...more])
  serving.set(name, Promise.resolve(started))
  await started.says('charter in force')
}

/** How one of those that were started ended: its exit code and its signal. */
export async function endedAs(name: string): Promise<Awaited<Started['ended']>> {
  return (await startedAs(name)).ended
}

export async function killNow(name: string): Promise<void> {
  const { child } = await startedAs(name)
  child.kill('SIGKILL')
  assert.deepEqual(await endedAs(name), [null, 'SIGKILL'])
}

/** Ends it as its owner would; true if it did as told. */
export async function down(name: string): Promise<boolean> {
  forget(name)
  const { child } = await startedAs(name)
  // one that has ended keeps its code
  child.kill('SIGTERM')
  const [code] = await endedAs(name)
  return code === 0
}

async function startedAs(name: string): Promise<Started> {
  const started = await serving.get(name)
  assert(started !== undefined, `${name} was never started`)
  return started
}

function forget(name: string): void {
  clients.get(name)?.close()
  clients.delete(name)
}

export function client(name: string): ControlClient {
  const opened = clients.get(name) ?? openControlClient(runOf(name).control)
  clients.set(name, opened)
  return opened
}

export const sealed = (plan: JobPlan = {}): Job =>
  sealJob({ signer: alice, ...plan }, { token, profile: RUNTIME_PROFILE, nowMs: Date.now() })

/** Its files are at that home, and its hold is in the log. */
export async function submit(job: Job, home = 'mesh-node-1'): Promise<Job> {
  await client(home).putBlocks(job.blocks)
  await client(home).submit([job.token], job.manifest, job.hold)
  return job
}

/** The events of a job until `isEnough`, or until it is over. */
export async function follow(
  { manifest }: Job,
  isEnough: (event: JobEvent) => boolean = () => false,
  home = 'mesh-node-1',
): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of client(home).events(manifest.cid)) {
    events.push(event)
    if (isEnough(event)) break
  }
  return events
}

/** How it ended, in the words of the status: verified, failed … */
export async function endOf(job: Job, home = 'mesh-node-1'): Promise<string> {
  const states = (await follow(job, undefined, home)).flatMap((event) =>
    event.type === 'status' ? [event.job.status.state] : [],
  )
  return states.at(-1) ?? ''
}

/** The bids on a job once those of all of these are there. */
export async function bidsOf(job: Job, bidders: readonly Did[]): Promise<Bid[]> {
  const home = client('mesh-node-1')
  for await (const event of home.events(job.manifest.cid)) {
    if (event.type !== 'status' || event.job.status.state !== 'bidding') continue
    const bids = (await home.bids(job.manifest.cid)).bids.map(({ bid }) => bid)
    if (bidders.every((did) => bids.some(({ author }) => author === did))) return bids
  }
  return assert.fail('the job was over before all had bid')
}

/** alice gives the job to one of those who bid, and looks at no other bid. */
export async function awardTo(job: Job, executor: Did): Promise<void> {
  const bid = (await bidsOf(job, [executor])).find(({ author }) => author === executor) as Bid
  const { cid } = bid
  const body = { manifest: job.manifest.cid, bids: [cid], ranking: [cid], winner: cid }
  const award = seal(Award, { ...body, reason: 'she knows it', logSize: 1 }, alice)
  await client('mesh-node-1').award(award)
}

export type Said = { exit: number; stdout: string; stderr: string }

/** alice's command line, in this process: the same code behind the same arguments. */
export async function meshctl(...args: string[]): Promise<Said> {
  await makeHome()
  const { status, ...said } = await runHere(args, { meshHome: HOME, openSandbox: oneSandbox })
  return { exit: status ?? 0, ...said }
}

let home: Promise<void> | undefined
const makeHome = () => (home ??= writeHome(charter, token))

/** alice's, as `meshctl init` leaves it, beside the machines' folders. */
export async function writeHome(under: Charter, token: Token): Promise<void> {
  await writeKeyFile(join(HOME, 'key'), seedOf('alice'))
  const write = (file: string, content: string | Uint8Array) =>
    writeFileSync(join(HOME, file), content)
  write('genesis.cid', `${under.cid}\n`)
  write('charter.dag-cbor', under.bytes)
  write('config.toml', `node = "mesh-node-1"\nfederation = "${under.body.name}"\n`)
  mkdirSync(join(HOME, 'tokens'))
  write(`tokens/${token.cid}.dag-cbor`, token.bytes)
}

/** A control API under a name that meshctl can ask, such as of a machine that lies. */
export function pretend(name: string, url: string, token: string, did: Did): void {
  const folder = join(HOME, 'nodes', name)
  mkdirSync(folder, { recursive: true })
  const run = {
    pid: process.pid,
    name,
    did,
    addresses: [],
    control: { url, token },
    startedAtMs: 1,
  }
  writeFileSync(join(folder, 'run.json'), JSON.stringify(run))
}

const guestFile = (name: string) =>
  join(import.meta.dirname, `../../runtime/test/guests/${name}.wasm`)
export const guest = (name: string) => new Uint8Array(readFileSync(guestFile(name)))
export const didOf = (name: Name): Did => signerOf(name).did

export const BALLOTS = new TextEncoder().encode('yes\nno\nyes\n')
/** A job that counts and adds the bytes of its input. */
export const sum = (over: JobPlan = {}): Job => {
  const plan = { module: guest('sum'), args: ['/in/ballots'], inputs: { ballots: BALLOTS } }
  return sealed({ ...plan, ...over })
}

/** The same program with a custom section of one byte: one length, each a CID of its own. */
const marked = (mark: number) => Uint8Array.of(...guest('sum'), 0, 3, 1, 0x6d, mark)

/** A module that on the disk of mesh-node-3 has the bytes of another, which would run as well. */
export const SPOILED = marked(1)

let spoiling: Promise<void> | undefined

/** All six; mesh-node-3 has little room, and a block on its disk is not what its name says. */
export async function six(): Promise<void> {
  await up(NAMES.filter((name) => name !== 'mesh-node-3'))
  spoiling ??= spoil(join(folderOf('mesh-node-3'), 'store'))
  await spoiling
  await up(['mesh-node-3'], { 'mesh-node-3': { limits: { slots: 1, memory_mib: 256, cores: 2 } } })
}

/** Past our own code, which would refuse to write it: 'b' and the CID is the key of a block. */
async function spoil(store: string): Promise<void> {
  const level = new Level<Uint8Array, Uint8Array>(store, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  await level.put(Uint8Array.of(0x62, ...cidOf('raw', SPOILED).bytes), marked(2))
  await level.close()
}

const PAUSE_MS = 50

/** Resolves when that member's fold has the job; nothing tells when it first hears of it. */
export async function knownAt(name: Name, job: CID): Promise<void> {
  for (;;) {
    try {
      await client(name).job(job)
      return
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'JOB_UNKNOWN')) throw error
      await setTimeout(PAUSE_MS)
    }
  }
}

/** How a job ended, once that member's own fold says so. */
export async function endAt(name: Name, job: Job): Promise<string> {
  await knownAt(name, job.manifest.cid)
  return endOf(job, name)
}

/** The job and the receipt that it was settled on, in the fold of a reader of alice's home. */
export async function settled({ manifest }: Job) {
  const log = await readLog(client('mesh-node-1'))
  const job = log.job(manifest.cid)
  const receipts = job.leases.flatMap(({ receipts }) => receipts)
  const settle = job.settle?.record.body
  const paid = receipts.find(({ record }) => settle?.receipt?.equals(record.cid))
  return { log, job, settle, receipt: paid?.record, receipts }
}

let finished: Promise<Job> | undefined

/** A verified job of 70 units whose home chose who runs it; the same each time. */
export function finishedJob(): Promise<Job> {
  finished ??= (async () => {
    await six()
    const job = await submit(sum({ amount: 70 }))
    assert.equal(await endOf(job), 'verified')
    return job
  })()
  return finished
}

let accepted: Promise<{ job: Job; said: Said }> | undefined

/** A verified job that alice gave to mesh-node-2 by accept-bid; the same each time. */
export function acceptedJob(): Promise<{ job: Job; said: Said }> {
  accepted ??= (async () => {
    await six()
    const job = await submit(sum({ chooser: 'submitter' }))
    await bidsOf(job, NODES.map(didOf))
    const asked = ['--job-id', `${job.manifest.cid}`, '--node-id', 'mesh-node-2']
    return { job, said: await meshctl('accept-bid', ...asked) }
  })()
  return accepted
}
