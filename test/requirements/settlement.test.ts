// S1-15: what a job costs, to the unit, and that nothing is made or lost on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  balances,
  Cancel,
  conservationProblems,
  HostFault,
  type Result,
  seal,
} from '@planetary-mesh/spec'
import { type FakeOptions, fakeExec } from '../mesh/fake-exec.ts'
import { type Ended, type MeshOptions, openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { Job } from '../mesh/jobs.ts'
import { without } from '../mesh/lying.ts'
import { alice, FEDERATION, hans, issueToken, NODES, TOKEN_AMOUNT } from '../mesh/people.ts'
import { refusedWith } from '../mesh/refused.ts'

const MIB = 1_048_576
const withExec = (options: FakeOptions): MeshOptions => ({
  exec: (_, { blocks }) => fakeExec(blocks, options),
})
const withResult = (changed: Partial<Result>): MeshOptions =>
  withExec({ change: (result) => ({ ...result, ...changed }) })

function assertSettled(ended: Ended, reason: string, post: number): void {
  const { settle, logged } = ended
  const held = logged.hold.record.body.amount
  assert.deepEqual(
    { reason: settle.body.reason, post: settle.body.post, release: settle.body.release },
    { reason, post, release: held - post },
  )
}

/** Every machine counts the same, and what was issued is somewhere. */
function assertConserved(mesh: TestMesh): void {
  const all = [...mesh.machines.values()].map(({ process }) => process.replica.ledger)
  for (const ledger of all) {
    assert.deepEqual(conservationProblems(ledger), [])
    assert.deepEqual(balances(ledger), balances(all[0] as typeof ledger))
    let issued = 0
    let accounted = 0
    for (const { token, free, held, spent } of ledger.tokens.values()) {
      issued += token.body.amount
      accounted += free + held + spent
    }
    assert.equal(accounted, issued)
    const earned = [...ledger.earned.values()].reduce((sum, amount) => sum + amount, 0)
    const posted = [...ledger.jobs.values()].reduce(
      (sum, { settle }) => sum + (settle?.record.body.post ?? 0),
      0,
    )
    assert.equal(earned, posted)
  }
}

const accountOf = (mesh: TestMesh, { token }: Job) => {
  const account = mesh.machine('fatou').process.replica.ledger.tokens.get(`${token.cid}`)
  return { free: account?.free, held: account?.held, spent: account?.spent }
}

test('S1-15 a verified job is charged, its executor has it, and the rest is released', async () => {
  await using mesh = await openTestMesh(withExec({}))
  const job = await mesh.submit()
  const ended = await mesh.settled(job)
  assertSettled(ended, 'verified', 40)
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT - 40, held: 0, spent: 40 })
  const { earned } = mesh.machine('fatou').process.replica.ledger
  assert.deepEqual([...earned], [[`default|compute|${ended.receipt?.author}`, 40]])
  assertConserved(mesh)
})

for (const { what, changed, post } of [
  { what: 'no fuel costs nothing', changed: { fuel: 0 }, post: 0 },
  { what: 'a single unit of fuel costs one', changed: { fuel: 1 }, post: 1 },
  {
    what: 'half of the fuel and one more is rounded up',
    changed: { fuel: 50_000_000_001 },
    post: 41,
  },
  {
    what: 'out of fuel pays all',
    changed: { outcome: { type: 'out-of-fuel' as const }, fuel: 100_000_000_000 },
    post: 80,
  },
  {
    what: 'a trap pays up to the trap',
    changed: {
      outcome: { type: 'trapped' as const, trap: 'unreachable' as const },
      fuel: 25_000_000_000,
    },
    post: 20,
  },
]) {
  test(`S1-15 at a price of 80, ${what}`, async () => {
    await using mesh = await openTestMesh(withResult(changed))
    assertSettled(await mesh.settled(await mesh.submit()), 'verified', post)
    assertConserved(mesh)
  })
}

test('S1-15 a storage job is charged by the MiB of its output, at most what it held', async () => {
  const stdout = (result: Result) => ({ ...result.stdout, bytes: 2 * MIB + 1 })
  await using mesh = await openTestMesh(
    withExec({ change: (result) => ({ ...result, stdout: stdout(result) }) }),
  )
  const nowMs = mesh.clock.nowMs()
  const token = issueToken(mesh.charter, nowMs, { resourceType: 'storage' })
  const manifest = { outputBytesMax: 64 * MIB, fuelMax: 1_000_000 }
  const whole = await mesh.submit({ token, amount: 10, manifest })
  assertSettled(await mesh.settled(whole), 'verified', 3)
  const little = await mesh.submit({ token, amount: 2, manifest })
  assertSettled(await mesh.settled(little), 'verified', 2)
  assertConserved(mesh)
})

test('S1-15 a bandwidth job is charged by the MiB of its module and inputs', async () => {
  await using mesh = await openTestMesh(withExec({}))
  const nowMs = mesh.clock.nowMs()
  const token = issueToken(mesh.charter, nowMs, { resourceType: 'bandwidth' })
  const inputs = { a: new Uint8Array(MIB), b: new Uint8Array(MIB - 8).fill(1) }
  // with the eight bytes of the module it is two MiB to the byte; one more would be a third
  const exact = await mesh.submit({ token, inputs, amount: 10 })
  assertSettled(await mesh.settled(exact), 'verified', 2)
  const more = await mesh.submit({ token, inputs: { ...inputs, c: new Uint8Array(1) }, amount: 10 })
  assertSettled(await mesh.settled(more), 'verified', 3)
  assertConserved(mesh)
})

test('S1-15 when every node fails, the hold is released and nobody is paid', async () => {
  await using mesh = await openTestMesh(
    withExec({
      fail() {
        throw new HostFault('crash', 'the machine failed')
      },
    }),
  )
  const job = await mesh.submit()
  const ended = await mesh.settled(job)
  assertSettled(ended, 'failed', 0)
  const executors = ended.logged.leases.map(({ record }) => record.body.executor)
  assert.equal(new Set(executors).size, NODES.length, 'each attempt at another node')
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT, held: 0, spent: 0 })
  assertConserved(mesh)
})

test('S1-15 a cancel before a lease releases the hold', async () => {
  await using mesh = await openTestMesh(withExec({}))
  const job = await mesh.submit({ chooser: 'submitter' })
  await mesh.bids(job)
  assert.deepEqual((await mesh.logged(job, 'the hold', ({ hold }) => hold)).record, job.hold)
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT - 100, held: 100, spent: 0 })
  const cancel = seal(Cancel, { manifest: job.manifest.cid }, alice)
  await mesh.ask({ type: 'cancel', cancel }, 'cancelled')
  assertSettled(await mesh.settled(job), 'cancelled', 0)
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT, held: 0, spent: 0 })
  assert.equal((await mesh.status(job)).status.state, 'cancelled')
  assertConserved(mesh)
})

test('S1-15 nobody but the submitter can cancel, and a hold is not released for it', async () => {
  await using mesh = await openTestMesh(withExec({}))
  const job = await mesh.submit({ chooser: 'submitter' })
  const cancel = seal(Cancel, { manifest: job.manifest.cid }, hans)
  const asked = mesh.ask({ type: 'cancel', cancel }, 'cancelled')
  await assert.rejects(asked, refusedWith('AUTHOR_MISMATCH'))
  await mesh.award(job)
  assertSettled(await mesh.settled(job), 'verified', 40)
})

test('S1-15 a hold that expires is released', async () => {
  await using mesh = await openTestMesh(withExec({}))
  const job = await mesh.submit({ chooser: 'submitter', deadlineMs: 60_000 })
  await mesh.bids(job)
  mesh.clock.advance(60_000)
  assertSettled(await mesh.settled(job), 'expired', 0)
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT, held: 0, spent: 0 })
  assert.equal((await mesh.status(job)).status.state, 'expired')
  assertConserved(mesh)
  const late = mesh.seal({ manifest: { createdAtMs: mesh.clock.nowMs() - 600_000 } })
  await assert.rejects(mesh.submitSealed(late), refusedWith('JOB_ENDED'))
})

test('S1-15 a hold does not expire while a receipt of its live lease waits for verdicts', async () => {
  await using mesh = await openTestMesh({
    ...withExec({}),
    replaceRoles: without(FEDERATION, 'verifier'),
  })
  const job = await mesh.submit({ deadlineMs: 200_000 })
  await mesh.logged(job, 'the receipt', ({ leases }) => leases[0]?.receipts[0])
  mesh.clock.advance(300_000)
  // whatever was due by that time is in the log before this
  const next = await mesh.submit({ chooser: 'submitter' })
  const { hold } = await mesh.logged(next, 'the hold', (logged) => logged)
  const logged = await mesh.logged(job, 'the first job', (logged) => logged)
  assert.ok(hold.atMs > job.hold.body.untilMs)
  assert.equal(logged.settle, undefined)
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT - 200, held: 200, spent: 0 })
  assertConserved(mesh)
})

test('S1-15 a receipt that is refuted is not paid, and the hold is released', async () => {
  await using mesh = await openTestMesh({
    exec: (name, { blocks }) =>
      fakeExec(blocks, {
        change: (result) => (name === 'chiara' ? { ...result, fuel: result.fuel + 1 } : result),
      }),
  })
  const job = await mesh.submit()
  assertSettled(await mesh.settled(job), 'refuted', 0)
  assert.deepEqual(accountOf(mesh, job), { free: TOKEN_AMOUNT, held: 0, spent: 0 })
  assertConserved(mesh)
})

test('S1-15 after jobs of every ending, the sum over all accounts is what it was', async () => {
  await using mesh = await openTestMesh(
    withExec({
      fail({ body }) {
        if (body.description === 'fails') throw new HostFault('memory', 'no memory')
      },
    }),
  )
  const theirs = issueToken(mesh.charter, mesh.clock.nowMs(), { holder: hans.did, amount: 500 })
  const jobs = await Promise.all([
    mesh.submit(),
    mesh.submit({ amount: 77 }),
    mesh.submit({ token: theirs, signer: hans, amount: 500 }),
    mesh.submit({ manifest: { description: 'fails' } }),
    mesh.submit({ chooser: 'submitter' }),
    mesh.submit({ chooser: 'submitter', deadlineMs: 30_000 }),
  ])
  const [, , , , cancelled, expiring] = jobs as [Job, Job, Job, Job, Job, Job]
  const cancel = seal(Cancel, { manifest: cancelled.manifest.cid }, alice)
  await mesh.ask({ type: 'cancel', cancel }, 'cancelled')
  const first = await Promise.all(jobs.slice(0, 5).map((job) => mesh.settled(job)))
  mesh.clock.advance(30_000)
  const ended = [...first, await mesh.settled(expiring)]
  assert.deepEqual(
    ended.map(({ settle }) => settle.body.reason),
    ['verified', 'verified', 'verified', 'failed', 'cancelled', 'expired'],
  )
  assert.deepEqual(
    ended.map(({ settle }) => settle.body.post),
    // half of the fuel at 80 % of the amount: 40, ⌈62 / 2⌉, 200
    [40, 31, 200, 0, 0, 0],
  )
  assertConserved(mesh)
  const [balance] = balances(mesh.machine('emil').process.replica.ledger)
  const { issued, free, held, spent, earned } = balance as NonNullable<typeof balance>
  assert.deepEqual(
    { issued, free, held, spent, earned },
    { issued: 10_500, free: 10_500 - 271, held: 0, spent: 271, earned: 271 },
  )
})
