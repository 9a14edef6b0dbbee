/** Small jobs for daemons that die: given to one home until it is acknowledged, followed at any. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ControlClient, JobEvent } from '@planetary-mesh/peer'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import { type CID, Refusal, seal, Token } from '@planetary-mesh/spec'
import { charter, type Name, SCOPE, signerOf } from '../daemons/daemons.ts'
import { type Job, type JobPlan, sealJob } from '../mesh/jobs.ts'
import type { CrashMesh } from './mesh.ts'

const HOUR_MS = 3_600_000
/** Nothing here ends because its time is over: what stands still is seen to stand still. */
const DEADLINE_MS = HOUR_MS
const AMOUNT = 10
/** A person who is told that a node is away asks again so soon. */
const ASK_AGAIN_MS = 200
const ATTEMPTS_MAX = 16
const HELLO = readFileSync(join(import.meta.dirname, '../hostile/guests/hello.wasm'))

const alice = signerOf('alice')
export const token = seal(
  Token,
  {
    charter: charter.cid,
    parent: null,
    issuer: null,
    holder: alice.did,
    resourceType: 'compute',
    amount: 1_000_000,
    scope: SCOPE,
    expiresAtMs: Date.now() + 4 * HOUR_MS,
  },
  alice,
)

/** A job that says hello: a few thousand instructions, whatever it may use. */
export function helloJob(plan: JobPlan = {}): Job {
  const { manifest, ...rest } = plan
  return sealJob(
    {
      signer: alice,
      module: new Uint8Array(HELLO),
      amount: AMOUNT,
      deadlineMs: DEADLINE_MS,
      manifest: { attemptsMax: ATTEMPTS_MAX, ...manifest },
      ...rest,
    },
    { token, profile: RUNTIME_PROFILE, nowMs: Date.now() },
  )
}

const FRESH_BYTES = 200_000

/** The same program as bytes that nobody has seen, and an input that nobody has. */
export function freshFiles(): Required<Pick<JobPlan, 'module' | 'inputs'>> {
  // a custom section: its id, its size and the size of its name in LEB128, the name, what it holds
  const noise = randomBytes(100)
  const section = Buffer.concat([Uint8Array.of(0, noise.length + 2, 1, 0x78), noise])
  return {
    module: new Uint8Array(Buffer.concat([HELLO, section])),
    inputs: { 'input.bin': new Uint8Array(randomBytes(FRESH_BYTES)) },
  }
}

/** Puts what the job needs and submits it; acknowledged when it resolves. */
export async function submit(home: ControlClient, job: Job): Promise<CID> {
  await home.putBlocks(job.blocks)
  return home.submit([job.token], job.manifest, job.hold)
}

/**
 * The same, for as long as the home dies before its answer, or cannot reach the log writer: as a
 * person would ask again. Gives how often it was asked; undefined if `signal` ended it.
 */
export async function submitUntilHeard(
  mesh: CrashMesh,
  name: Name,
  job: Job,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (let asked = 1; !signal.aborted; asked += 1) {
    const home = await mesh.up(name)
    try {
      await submit(home, job)
      return asked
    } catch (error) {
      if (!isAway(error)) throw error
      await wait(ASK_AGAIN_MS)
    }
  }
  return undefined
}

/** The state a job ends in, as `name` tells it, asked again whenever it dies; or 'not over'. */
export async function endOf(
  mesh: CrashMesh,
  name: Name,
  job: CID,
  signal: AbortSignal,
): Promise<string> {
  while (!signal.aborted) {
    const client = await mesh.up(name)
    try {
      const events = await follow(client, job, signal)
      if (events.at(-1)?.type === 'end') return statesOf(events).at(-1) ?? 'unknown'
    } catch (error) {
      if (!isAway(error) && !isUnknown(error)) throw error
      await wait(ASK_AGAIN_MS)
    }
  }
  return 'not over'
}

/** The events of a job until it is over. */
export async function follow(
  client: ControlClient,
  job: CID,
  signal?: AbortSignal,
): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of client.events(job, signal)) events.push(event)
  return events
}

export const statesOf = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === 'status' ? [event.job.status.state] : []))

const isAway = (error: unknown) =>
  error instanceof Refusal && ['NODE_AWAY', 'LEDGER_AWAY', 'STORE_CLOSED'].includes(error.code)

export const isUnknown = (error: unknown) =>
  error instanceof Refusal && error.code === 'JOB_UNKNOWN'
