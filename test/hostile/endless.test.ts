/**
 * Guests that would never end: each is stopped by its own limits, at the same point on every node,
 * leaves a receipt that verifies, is paid for, and is in nobody's way afterwards.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openExec, openMemoryDisk } from '@planetary-mesh/peer'
import { openSandbox } from '@planetary-mesh/runtime'
import type { Outcome, Sandbox } from '@planetary-mesh/spec'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { JobPlan } from '../mesh/jobs.ts'
import { TOKEN_AMOUNT } from '../mesh/people.ts'
import {
  assertNextJob,
  assertPaid,
  assertReleased,
  type Done,
  guest,
  runAt,
  stdoutOf,
  THREE_NODES,
} from './scene.ts'

const FUEL_MAX = 100_000_000
const PAGES_MAX = 40
const OUTPUT_BYTES_MAX = 100_000
const SMALL = {
  fuelMax: FUEL_MAX,
  memoryPagesMax: PAGES_MAX,
  outputBytesMax: OUTPUT_BYTES_MAX,
} satisfies JobPlan['manifest']

let sandbox: Sandbox
let mesh: TestMesh

before(async () => {
  sandbox = await openSandbox({ slots: 2, spares: 0 })
  mesh = await openTestMesh({ sandbox })
})
after(async () => {
  await mesh?.close()
  await sandbox?.close()
})

/** The same content in three jobs, one for each node. */
async function runEverywhere(name: string): Promise<Done[]> {
  // dear enough that what is paid tells how far a run came
  const plan = { module: guest(name), amount: 100, manifest: SMALL }
  const done: Done[] = []
  for (const node of THREE_NODES) done.push(await runAt(mesh, node, plan))
  const executors = done.map(({ receipt }) => receipt.author)
  assert.deepEqual(
    executors,
    THREE_NODES.map((node) => mesh.machine(node).signer.did),
  )
  return done
}

/** Ended so on all three, with the same fuel and the same memory, and paid for. */
async function assertEndsAlike(name: string, outcome: Outcome): Promise<Done> {
  const done = await runEverywhere(name)
  const [first] = done.map(({ receipt }) => receipt.body.result)
  for (const one of done) {
    const { result } = one.receipt.body
    assert.deepEqual(result, first)
    assert.deepEqual(result.outcome, outcome)
    assertPaid(mesh, one)
  }
  return done[0] as Done
}

for (const [name, what] of [
  ['spin', 'a module that loops for ever'],
  ['spin-in-c', 'a C program that loops for ever'],
] as const) {
  test(`${what} ends by fuel, all of it, on three nodes and in three replays`, async (t) => {
    const { receipt } = await assertEndsAlike(name, { type: 'out-of-fuel' })
    assert.equal(receipt.body.result.fuel, FUEL_MAX)
    await assertNextJob(mesh, t)
  })
}

for (const [name, what] of [
  ['recurse', 'a module that calls itself without end'],
  ['recurse-in-c', 'a C program that calls itself without end'],
] as const) {
  test(`${what} ends by depth with the same fuel on three nodes and in three replays`, async (t) => {
    const { receipt } = await assertEndsAlike(name, { type: 'depth' })
    const { fuel } = receipt.body.result
    assert.ok(fuel > 0 && fuel < FUEL_MAX, `${fuel} fuel`)
    await assertNextJob(mesh, t)
  })
}

test('a C program whose own stack runs over traps at the same fuel on three nodes', async (t) => {
  const outcome = { type: 'trapped', trap: 'out of bounds memory access' } as const
  await assertEndsAlike('recurse-frames-in-c', outcome)
  await assertNextJob(mesh, t)
})

test('a module that grows without end sees -1 at its maximum and goes on to its end', async (t) => {
  // the guest exits with the pages that it got beyond its first
  const { receipt } = await assertEndsAlike('grow', { type: 'exited', code: PAGES_MAX - 1 })
  assert.equal(receipt.body.result.memoryPages, PAGES_MAX)
  await assertNextJob(mesh, t)
})

test('a C program that hoards memory sees NULL within its maximum and says so', async (t) => {
  const done = await assertEndsAlike('hoard-in-c', { type: 'exited', code: 0 })
  const said = new TextDecoder().decode(await stdoutOf(mesh, done))
  const [, mebibytes] = said.match(/^(\d+) MiB, then NULL\n$/) ?? []
  const pages = done.receipt.body.result.memoryPages
  assert.ok(pages <= PAGES_MAX && Number(mebibytes) >= 1 && Number(mebibytes) * 16 <= pages, said)
  await assertNextJob(mesh, t)
})

test('a module that floods stdout ends at the cap with the bytes that fit', async (t) => {
  const done = await assertEndsAlike('flood', { type: 'output-limit' })
  assert.equal(done.receipt.body.result.stdout.bytes, OUTPUT_BYTES_MAX)
  assert.equal((await stdoutOf(mesh, done)).length, OUTPUT_BYTES_MAX)
  await assertNextJob(mesh, t)
})

test("a reader's own run of an endless job ends as its receipt says, and a unit less is a lie", async () => {
  const plan = { module: guest('spin'), amount: 1, manifest: SMALL }
  const { receipt, job } = await runAt(mesh, 'bruno', plan)
  const blocks = await mesh.blocks()
  const mine = openMemoryDisk({ fetch: async (cid) => blocks.get(`${cid}`) }).openBlocks()
  const exec = openExec({ blocks: mine, clock: mesh.clock, sandbox })
  const signal = new AbortController().signal
  const { result: again } = await exec.run(job.manifest, { wallMs: 60_000, signal })
  const honest = await mesh.check(receipt, { again })
  assert.deepEqual([honest.findings, honest.verified.mark], [[], '✓'])
  const { verified } = await mesh.check(receipt, { again: { ...again, fuel: again.fuel - 1 } })
  assert.deepEqual([verified.mark, verified.code], ['✗', 'OUTPUT_MISMATCH'])
})

test('a module that outlasts the lease is stopped by its node: no receipt, no pay, units back', async (t) => {
  // these nodes promise a thousand times what they can do
  const nodes = Object.fromEntries(THREE_NODES.map((name) => [name, { fuelPerMs: 1_000_000_000 }]))
  await using boastful = await openTestMesh({ sandbox, nodes })
  const job = await boastful.submit({
    module: guest('spin'),
    amount: 100,
    deadlineMs: 2500,
    manifest: { attemptsMax: 1 },
  })
  const ended = await boastful.settled(job)
  assert.equal(ended.settle.body.reason, 'failed')
  assert.equal(ended.logged.leases[0]?.decline?.record.body.reason, 'host-fault')
  assertReleased(ended, TOKEN_AMOUNT)
  await assertNextJob(boastful, t)
})
