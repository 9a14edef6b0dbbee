/**
 * `meshctl demo`: the whole way of the main job, through six processes on this machine. The program
 * is compiled and evaluated, the job submitted, followed, and checked from the blocks it left.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ControlClient } from '@planetary-mesh/peer'
import { type CID, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { type CleanUp, interruptible } from '../cli/interrupt.ts'
import { note, print as toStdout } from '../cli/terminal.ts'
import { openSandboxIn } from '../cli/with-sandbox.ts'
import { ensureWritable } from '../files/host-errors.ts'
import { type Draft, draftJobs } from '../jobs/draft.ts'
import { type Plans, readPlans } from '../jobs/read-plans.ts'
import { upload } from '../jobs/upload.ts'
import { nameOf } from '../proof/check-proof.ts'
import { openLogCopy } from '../proof/log-copy.ts'
import { isVerified } from '../proof/proof-json.ts'
import { pinFile } from '../state/places.ts'
import { type DemoMesh, openDemoMesh, stopSome } from './demo-mesh.ts'
import { type Example, filesByCid, findExample } from './find-example.ts'
import { type Followed, follow, readOn } from './follow.ts'
import { proveDemo, type Tamper } from './prove-demo.ts'
import { openTale } from './tale.ts'

export type DemoOptions = {
  /** Where the CAR file goes; by default into a new temporary folder. */
  out?: string | undefined
  json?: boolean | undefined
  /** A folder with a `job.ccl`. */
  example?: string | undefined
  print?: (text: string) => void
  /** For tests: processes that are stopped before the job is submitted. */
  stop?: readonly string[] | undefined
  /** For tests: words for the programs of single processes, by name. */
  extra?: ReadonlyMap<string, readonly string[]> | undefined
  /** For tests: what the reader must not let pass. */
  tamper?: Tamper
}

const HOME_NODE = 'mesh-node-1'
const WRITER = 'federation-1'
const SLOTS = 1

/** Runs the demo; 0 only if the receipt is anchored and verified. Refusals are thrown. */
export function runDemo(options: DemoOptions = {}): Promise<Exit> {
  return interruptible(async (cleanUps, signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'planetary-mesh-demo-'))
    const remove = (path: string) => () => rm(path, { recursive: true, force: true, maxRetries: 3 })
    const removeFolder = remove(folder)
    cleanUps.push(removeFolder)
    // keys and stores go in any case
    const home = join(folder, 'home')
    cleanUps.push(remove(home))
    const exit = await demo({ folder, home }, options, cleanUps, signal)
    // the file in it is what the demo leaves behind
    if (options.out === undefined) cleanUps.splice(cleanUps.indexOf(removeFolder), 1)
    return exit
  })
}

async function demo(
  { folder, home }: { folder: string; home: string },
  options: DemoOptions,
  cleanUps: CleanUp[],
  signal: AbortSignal,
): Promise<Exit> {
  const { out, json = false, stop, extra = new Map(), print = toStdout } = options
  if (out !== undefined) await ensureWritable(out)
  const example = await findExample(options.example)
  const plans = await plansOf(example, folder, signal)
  const mesh = await openDemoMesh(cleanUps, home, { extra, signal })
  if (stop !== undefined) await stopSome(mesh, stop)
  const tale = openTale(json, print)
  const { genesis } = mesh.home
  const client = await mesh.home.control(HOME_NODE)
  cleanUps.push(async () => client.close())
  const { draft, blocks } = await draftOne(plans, mesh, client, signal)
  tale.began({ file: example.file, cid: programOf(plans) }, mesh.home.charter(), draft.manifest)
  await upload(client, blocks, signal)
  const followed = await follow(client, genesis, draft, tale, signal)
  tale.ended(followed.last.status)
  const receipt = receiptOf(followed)
  const head = await headOf(mesh, stop, signal)
  // what a process has on its disk can be read once it has stopped
  await stopSome(mesh)
  const car = resolve(out ?? join(folder, 'demo.car'))
  const sandbox = await openSandboxIn(cleanUps, SLOTS)
  const names = mesh.processes.map(({ name }) => name)
  const proof = await proveDemo(
    { home, names, genesis, receipt, head, sandbox, car },
    options.tamper ?? ((block) => block),
  )
  if (out === undefined) await writeFile(pinFile(folder), `${genesis}\n`)
  tale.proved(proof, car)
  if (isVerified(proof.checked)) return EXIT.done
  tellStop(followed.stoppedAt?.why ?? proof.checked.verified.detail ?? followed.last.status.state)
  return EXIT.refused
}

const tellStop = (why: string) => note(`meshctl: the demo stopped at "verified": ${why}\n`)

/** The request comes out of the compiled module as it runs, not out of the compiler. */
async function plansOf(example: Example, folder: string, signal: AbortSignal): Promise<Plans> {
  // nobody sits there to choose: without a rule of its own, the home does by the default one
  const plans = await readPlans({ ccl: example.file, auto: true })
  const [plan, another] = plans.plans
  if (plan === undefined || another !== undefined) {
    throw new UsageError(`${example.file} must submit one job for the demo`)
  }
  const sources = [plan.module, ...plan.inputs.map(({ source }) => source)]
  const wanted = sources.flatMap((source) => ('cid' in source ? [source.cid] : []))
  const missing = wanted.filter((cid) => !plans.beside.has(`${cid}`))
  const scratch = join(folder, 'scratch')
  await mkdir(scratch)
  const found = await filesByCid(example, missing, { scratch, signal })
  await rm(scratch, { recursive: true })
  const lost = missing.find((cid) => !found.has(`${cid}`))
  if (lost !== undefined) {
    throw new Refusal('BLOCK_MISSING', `the program names ${lost}, which is not in its folder`)
  }
  return { ...plans, beside: new Map([...plans.beside, ...found]) }
}

function programOf({ program }: Plans): CID {
  if (program === null) throw new TypeError('a job of a program has a program')
  return program.cid
}

async function draftOne(
  plans: Plans,
  { home }: DemoMesh,
  client: ControlClient,
  signal: AbortSignal,
) {
  const charter = home.charter()
  const { drafts, blocks } = await draftJobs(
    plans,
    {
      home,
      client,
      charter,
      nameOf: (did) => nameOf(charter, did),
      reconnect: async () => {},
      signal,
      onInterrupt() {},
    },
    null,
  )
  const [draft] = drafts as [Draft]
  return { draft, blocks }
}

/** The receipt in the log; a job that came to none has nothing to prove. */
function receiptOf({ last, log, stoppedAt }: Followed): CID {
  const leases = log.replica.ledger.jobs.get(last.job)?.leases ?? []
  const receipt = leases.flatMap(({ receipts }) => receipts).at(0)
  if (receipt !== undefined) return receipt.record.cid
  const why = stoppedAt?.why ?? `the job ended as '${last.status.state}'`
  throw new Refusal('RECEIPT_UNKNOWN', `the demo stopped at the receipt: ${why}`)
}

/** The newest anchor that the log writer has, from itself: it is a member of the federation. */
async function headOf(
  { home, processes }: DemoMesh,
  stopped: readonly string[] = [],
  signal: AbortSignal,
): Promise<CID> {
  const names = processes.map(({ name }) => name).filter((name) => !stopped.includes(name))
  const source = names.includes(WRITER) ? WRITER : HOME_NODE
  const client = await home.control(source)
  try {
    const log = openLogCopy(client, home.genesis)
    await readOn(log, signal)
    const { head } = log.replica
    if (head === null) throw new Refusal('ANCHOR_MISSING', `${source} has read no log`)
    return head
  } finally {
    client.close()
  }
}
