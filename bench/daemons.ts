/**
 * How fast six real processes carry jobs, each from submit until the log holds its settle, and how
 * the processors' time divides among them.
 */
import { openSandbox } from '@planetary-mesh/runtime'
import { encodeFile, LIMITS, type RunInput, type Sandbox } from '@planetary-mesh/spec'
import { inFlight } from './in-flight.ts'
import { kernelInput, kernelModule } from './kernels.ts'
import { type Effort, quantile, type Row, rowOf, takeTurns } from './measure.ts'
import { cpuMsOf, memoryOf } from './process-times.ts'
import {
  FEDERATION,
  type JobBody,
  NODES,
  newNonce,
  openRunningMesh,
  type RunningMesh,
} from './running-mesh.ts'

const JOBS = 1000
const WARM_UP_JOBS = 100
const RUNS_PER_JOB = 4
const SLOTS = 2
const MIB = 1024 * 1024
const PROFILED: readonly string[] = ['mesh-node-1', 'federation-2']
const ALL = [...FEDERATION, ...NODES]
/** A job alone tells the time of its way; several at once what the processors bear. */
const AT_ONCE = [1, 8, 32]

/** With `profileFolder`, one node and one verifier leave a profile of their time there. */
export async function benchDaemons(effort: Effort, profileFolder?: string): Promise<Row[]> {
  await using mesh = await openRunningMesh()
  const [writer, ...others] = ALL
  const flags = (name: string) => {
    if (profileFolder === undefined || !PROFILED.includes(name)) return []
    return ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`]
  }
  await mesh.start(writer as string, flags(writer as string))
  await Promise.all(others.map((name) => mesh.start(name, flags(name))))
  await mesh.together(ALL)
  const sandbox = await openSandbox({ slots: SLOTS })
  try {
    const rows = await carryJobs(effort, mesh, sandbox)
    for (const name of ALL) await mesh.end(name, 'SIGTERM')
    return rows
  } finally {
    await sandbox.close()
  }
}

async function carryJobs(effort: Effort, mesh: RunningMesh, sandbox: Sandbox): Promise<Row[]> {
  const module = encodeFile(kernelModule('fib'))
  const input = kernelInput(kernelModule('fib'), '10')
  for (const node of NODES) await mesh.client(node).putBlocks(module.blocks)
  let jobs = 0
  const carry = async () => {
    jobs += 1
    return carryOne(mesh, NODES[jobs % NODES.length] as string, {
      token: mesh.token.cid,
      module: { cid: module.cid, bytes: module.bytes },
      args: ['10', `${jobs}`],
      fuelMax: LIMITS.fuelPerUnit,
      memoryPagesMax: input.limits.memoryPagesMax,
      amount: 1,
      priceMax: 1,
      scope: mesh.token.body.scope,
      chooser: 'home',
      profile: sandbox.profile,
      createdAtMs: Date.now(),
      nonce: newNonce(),
    })
  }
  await inFlight(Math.ceil(WARM_UP_JOBS * effort.share), 8, carry)
  const rows: Row[] = []
  for (const atOnce of AT_ONCE)
    rows.push(await measure(effort, { atOnce, mesh, carry, sandbox, input }))
  return rows
}

async function measure(
  effort: Effort,
  given: {
    atOnce: number
    mesh: RunningMesh
    carry: () => Promise<number>
    sandbox: Sandbox
    input: RunInput
  },
): Promise<Row> {
  const { atOnce, mesh, carry, sandbox, input } = given
  // those that run alone take long and say the same sooner
  const all = Math.ceil((atOnce === 1 ? JOBS / 10 : JOBS) * effort.share)
  const jobs = Math.ceil(all / effort.pairs)
  const times: number[] = []
  const used = new Map(ALL.map((name) => [name, 0]))
  let carriedMs = 0
  const ours = async () => {
    const before = ALL.map((name) => cpuMsOf(mesh.run(name).pid))
    const startedAtMs = performance.now()
    times.push(...(await inFlight(jobs, atOnce, carry)))
    const tookMs = performance.now() - startedAtMs
    ALL.forEach((name, at) => {
      const more = cpuMsOf(mesh.run(name).pid) - (before[at] as number)
      used.set(name, (used.get(name) as number) + more)
    })
    carriedMs += tookMs
    return tookMs / jobs
  }
  const reference = async () => {
    const startedAtMs = performance.now()
    await inFlight(jobs * RUNS_PER_JOB, SLOTS, () => sandbox.run(input))
    return (performance.now() - startedAtMs) / jobs
  }
  const pairs = await takeTurns(effort.pairs, ours, reference)
  const shares = ALL.map((name) => {
    return [`${name} CPU %`, Math.round((100 * (used.get(name) as number)) / carriedMs)] as const
  })
  const usedMs = [...used.values()].reduce((sum, ms) => sum + ms, 0)
  const peaks = ALL.map((name) => memoryOf(mesh.run(name).pid, 'VmHWM'))
  const facts = {
    jobs: times.length,
    'at once': atOnce,
    'p50 ms': Math.round(quantile(times, 0.5)),
    'p99 ms': Math.round(quantile(times, 0.99)),
    'CPU ms a job': Math.round(usedMs / times.length),
    ...Object.fromEntries(shares),
    'peak RSS MiB': Math.round(Math.max(...peaks) / MIB),
  }
  const what = atOnce === 1 ? 'a job alone' : `${atOnce} jobs in flight`
  return rowOf({ bench: 'daemons', what, against: 'its runs in the sandbox' }, pairs, facts)
}

/** From before the submit is sent until the submitter hears `verified`, in ms. */
async function carryOne(mesh: RunningMesh, home: string, body: JobBody): Promise<number> {
  const client = mesh.client(home)
  const { manifest, hold } = mesh.seal(body)
  const startedAtMs = performance.now()
  const job = await client.submit([mesh.token], manifest, hold)
  for await (const event of client.events(job)) {
    const state = event.type === 'status' ? event.job.status.state : 'over'
    if (state === 'verified') return performance.now() - startedAtMs
    if (['over', 'failed', 'expired', 'disputed', 'cancelled'].includes(state)) {
      throw new Error(`job ${job} ended as ${state}`)
    }
  }
  throw new Error(`job ${job}: the node said no more`)
}
