/**
 * A mesh in one process for tests: three nodes, a federation of three, alice and her token, over
 * the real codec, signatures, rules, roles and shell. Tests await what happens, never a time:
 *
 *     await using mesh = await openTestMesh({ sandbox })
 *     const job = await mesh.submit({ module, args: ['3'] })
 *     const { settle, receipt } = await mesh.settled(job)
 *     assert.equal((await mesh.check(receipt)).verified.mark, '✓')
 */
import assert from 'node:assert/strict'
import type { ExecutorConfig } from '@planetary-mesh/mesh-node'
import { type Delivery, openExec, openMemoryHub } from '@planetary-mesh/peer'
import {
  type Answer,
  Award,
  type Bid,
  type Call,
  type Charter,
  type CID,
  DEFAULT_RULE,
  type Did,
  fromWireError,
  type Job as LoggedJob,
  type Message,
  openMessage,
  type Receipt,
  Refusal,
  type Result,
  type Sandbox,
  type Settle,
  type Signer,
  seal,
  select,
  standingOf,
  type Token,
  verifyChain,
} from '@planetary-mesh/spec'
import { openBell } from './bell.ts'
import { type Job, type JobPlan, sealJob } from './jobs.ts'
import {
  type Machine,
  type MakeExec,
  policies,
  type ReplaceRoles,
  startMachine,
} from './machines.ts'
import { alice, type BodyOf, foundCharter, issueToken, MACHINES, nameOf } from './people.ts'
import { openShiftedClock } from './shifted-clock.ts'
import { verifyOnce } from './verify-once.ts'

export type MeshOptions = {
  /** Runs the jobs of all machines; or `exec` makes one for each. */
  sandbox?: Sandbox
  exec?: MakeExec
  charter?: Partial<BodyOf<typeof Charter>>
  token?: Partial<BodyOf<typeof Token>>
  /** Changes to a node's configuration, by name. */
  nodes?: Partial<Record<string, Partial<ExecutorConfig>>>
  replaceRoles?: ReplaceRoles
  /** Keys that processes run with in place of those that the charter names. */
  signers?: Partial<Record<string, Signer>>
  /** What becomes of a message; by default it is delivered at once. */
  carry?: (delivery: Delivery, deliver: () => void) => void
  /** Blocks that machine `name` gets from others in place of the true ones. */
  falseBlock?: (name: string, cid: CID) => Uint8Array | undefined
}

/** How a job ended, as fatou's own fold of the log says. */
export type Ended = { logged: LoggedJob; settle: Settle; receipt: Receipt | undefined }

export type TestMesh = Awaited<ReturnType<typeof openTestMesh>>

const PROFILE = 'test/0'
/** Whose fold and store a reader reads: neither the writer's nor an executor's. */
const READER = 'fatou'
const HOME = 'bruno'

export async function openTestMesh(options: MeshOptions = {}) {
  const { sandbox } = options
  const bell = openBell()
  const clock = openShiftedClock()
  const charter = foundCharter(options.charter)
  const token = issueToken(charter, clock.nowMs(), options.token)
  const profile = sandbox?.profile ?? PROFILE
  const machines = new Map<string, Machine>()
  /** Every message that reached somebody, in order. */
  const deliveries: { from: string; to: string; bytes: Uint8Array }[] = []

  const hub = openMemoryHub({
    carry(delivery, deliver) {
      const carry = options.carry ?? ((_delivery, deliver) => setImmediate(deliver))
      carry(delivery, () => {
        const { from, to, message } = delivery
        deliveries.push({ from: nameOf(from), to: nameOf(to), bytes: message })
        deliver()
        bell.ring()
      })
    },
  })
  const makeExec: MakeExec = (name, given) => {
    if (options.exec !== undefined) return options.exec(name, given)
    if (sandbox === undefined) throw new TypeError('a mesh runs jobs by `sandbox` or by `exec`')
    return openExec({ ...given, sandbox })
  }
  const fetch = async (name: string, cid: CID) => {
    const lie = options.falseBlock?.(name, cid)
    if (lie !== undefined) return lie
    for (const { name: other, blocks } of machines.values()) {
      if (other !== name && (await blocks.has(cid))) return blocks.get(cid)
    }
    return undefined
  }
  for (const person of MACHINES) {
    const given = {
      charter,
      hub,
      clock,
      bell,
      profile,
      fetch,
      makeExec,
      nodes: options.nodes ?? {},
      signers: options.signers ?? {},
      replaceRoles: options.replaceRoles ?? ((_, roles) => roles),
    }
    machines.set(person.name, await startMachine(person, given))
  }

  const machine = (name: string): Machine => {
    const found = machines.get(name)
    assert.ok(found, `nobody is called ${name}`)
    return found
  }

  const close = async () => {
    await Promise.all([...machines.values()].map(({ process }) => process.close()))
    await Promise.all([...machines.values()].map(({ blocks }) => blocks.close()))
  }

  /** The first value of `probe` that is not undefined; a process that has stopped ends the wait. */
  const until: typeof bell.until = (what, probe) =>
    bell.until(what, () => {
      for (const { process } of machines.values()) {
        if (process.fault !== undefined) throw process.fault
      }
      return probe()
    })

  /** Asks a home as a person's tools do. Throws the refusal it answers with. */
  const ask = async <T extends Answer['type']>(
    call: Call,
    expected: T,
    home = HOME,
  ): Promise<Extract<Answer, { type: T }>> => {
    const answer = await machine(home).process.call(call)
    if (answer.type === 'refused') throw fromWireError(answer.error)
    assert.equal(answer.type, expected)
    return answer as Extract<Answer, { type: T }>
  }

  const sealOne = (plan: JobPlan = {}): Job =>
    sealJob(plan, { token, profile, nowMs: clock.nowMs() })

  /** Puts the files where the home has them and submits. Throws the refusal. */
  const submitJob = async (job: Job, home = HOME): Promise<Job> => {
    await machine(home).blocks.put(job.blocks)
    const { manifest, hold } = job
    await ask({ type: 'submit', tokens: [job.token], manifest, hold }, 'submitted', home)
    return job
  }

  const jobAt = (name: string, { manifest }: Job): LoggedJob | undefined =>
    machine(name).process.replica.ledger.jobs.get(`${manifest.cid}`)

  const bids = (job: Job, home = HOME) =>
    until(`the bids on ${job.manifest.cid}`, async () => {
      const answer = await ask({ type: 'bids', job: job.manifest.cid }, 'bids', home)
      return answer.closed ? answer : undefined
    })

  const blocksOf = async (names: readonly string[] = [...machines.keys()]) => {
    const found = new Map<string, Uint8Array>()
    for (const name of names) {
      for await (const { cid, bytes } of machine(name).blocks.all()) found.set(`${cid}`, bytes)
    }
    return found
  }

  const replicaOf = (name: string) => machine(name).process.replica

  await until('the charter at every machine', () =>
    [...machines.keys()].every((name) => replicaOf(name).ledger.charters.length > 0)
      ? true
      : undefined,
  )

  return {
    bell,
    charter,
    clock,
    hub,
    machine,
    machines,
    profile,
    token,
    until,
    ask,
    bids,
    close,
    [Symbol.asyncDispose]: close,
    /** Seals a job without submitting it. */
    seal: sealOne,
    /** Seals a job and submits it. Throws the refusal. */
    submit: (plan: JobPlan = {}, home = HOME) => submitJob(sealOne(plan), home),
    submitSealed: submitJob,
    /** What every machine heard so far, opened; what does not open is left out. */
    heard(): { from: string; to: string; message: Message }[] {
      return deliveries.flatMap(({ from, to, bytes }) => {
        try {
          return [{ from, to, message: openMessage(bytes) }]
        } catch (error) {
          if (error instanceof Refusal) return []
          throw error
        }
      })
    },
    /** Who heard a message in which these bytes stand, such as those of a CID. */
    whoHeard(bytes: Uint8Array): string[] {
      const found = deliveries.filter((one) => Buffer.from(one.bytes).includes(bytes))
      return [...new Set(found.map(({ to }) => to))].sort()
    },
    /** alice's own award over the bids that her home collected; by default of the best bid. */
    async award(
      job: Job,
      winner?: Did,
      over: Partial<BodyOf<typeof Award>> = {},
      signer = alice,
    ): Promise<Award> {
      const collected = (await bids(job)).bids
      const award = makeAward(job, collected, machine(HOME), winner, over, signer)
      await ask({ type: 'award', award }, 'awarded')
      return award
    },
    status: (job: Job, home = HOME) =>
      ask({ type: 'status', job: job.manifest.cid }, 'status', home),
    /** The job in the fold of `name`, when `probe` finds there what it waits for. */
    logged: <T>(
      job: Job,
      what: string,
      probe: (logged: LoggedJob) => T | undefined,
      name = READER,
    ): Promise<T> =>
      until(`${what} of ${job.manifest.cid}`, () => {
        const logged = jobAt(name, job)
        return logged === undefined ? undefined : probe(logged)
      }),
    /** When every machine has folded the settle. */
    settled: (job: Job): Promise<Ended> =>
      until(`the settle of ${job.manifest.cid}`, () => {
        const all = [...machines.keys()].map((name) => jobAt(name, job))
        if (!all.every((logged) => logged?.settle !== undefined)) return undefined
        const logged = jobAt(READER, job) as LoggedJob
        const settle = (logged.settle as { record: Settle }).record
        const receipts = logged.leases.flatMap(({ receipts }) => receipts)
        const paid = receipts.find(({ record }) => settle.body.receipt?.equals(record.cid))
        return { logged, settle, receipt: paid?.record }
      }),
    blocks: blocksOf,
    /** The newest anchor that `name` has folded. */
    head(name = READER): CID {
      const { head } = replicaOf(name)
      assert.ok(head, `${name} has folded no anchor`)
      return head
    },
    /** Verifies a receipt as a stranger would, over the blocks of all machines, or over `given`. */
    async check(
      receipt: { cid: CID },
      given: { blocks?: ReadonlyMap<string, Uint8Array>; head?: CID; again?: Result } = {},
    ): Promise<ReturnType<typeof verifyChain>> {
      const blocks = given.blocks ?? (await blocksOf())
      return verifyChain({
        receipt: receipt.cid,
        head: given.head ?? (replicaOf(READER).head as CID),
        genesis: charter.cid,
        policies,
        verify: verifyOnce,
        get: (cid) => blocks.get(`${cid}`),
        ...(given.again === undefined ? {} : { again: given.again }),
      })
    },
  }
}

/** An award as the manifest's submitter seals it, ranked by what her home has folded. */
function makeAward(
  { manifest }: Job,
  bids: readonly Bid[],
  { process }: Machine,
  winner: Did | undefined,
  over: Partial<BodyOf<typeof Award>>,
  signer: Signer,
): Award {
  const { past, size, policies } = process.replica.ledger
  const { scope, rule } = manifest.body
  const standing = (executor: string) => standingOf(past, { scope, executor })
  const ranking = select(manifest, bids, rule ?? DEFAULT_RULE, standing, policies)
  const chosen = ranking.find(({ bid }) => bid.author === winner) ?? ranking[0]
  assert.ok(chosen, 'somebody has bid')
  return seal(
    Award,
    {
      manifest: manifest.cid,
      bids: bids.map(({ cid }) => cid),
      ranking: ranking.map(({ bid }) => bid.cid),
      winner: chosen.bid.cid,
      reason: 'she likes it',
      logSize: size,
      ...over,
    },
    signer,
  )
}
