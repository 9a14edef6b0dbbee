/**
 * Jobs that cannot be run: those that no node could finish in time, and modules that no sandbox
 * takes. Each ends with its reason, nobody is paid, and the units come back.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import { Cancel, type Sandbox, seal } from '@planetary-mesh/spec'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { Job, JobPlan } from '../mesh/jobs.ts'
import { alice } from '../mesh/people.ts'
import { assertNextJob, assertReleased, guest, THREE_NODES } from './scene.ts'

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

/** What is left of alice's token, as the reader's fold has it. */
const freeNow = () =>
  mesh.machine('fatou').process.replica.ledger.tokens.get(`${mesh.token.cid}`)?.free ??
  mesh.token.body.amount

/** What each executor told the home about the end of the job. */
const failuresOf = ({ manifest }: Job) =>
  mesh.heard().flatMap(({ from, message }) => {
    if (message.type !== 'progress' || !message.manifest.equals(manifest.cid)) return []
    return message.phase === 'failed' ? [{ from, detail: message.detail }] : []
  })

test('a job that no node can finish before its deadline gets no bids and says why', async (t) => {
  const free = freeNow()
  // three units of work take 3 s on these nodes: 10^6 fuel a millisecond
  const plan: JobPlan = { module: guest('spin'), amount: 3, deadlineMs: 1500 }
  const job = await mesh.submit(plan)
  const { bids, passes } = await mesh.bids(job)
  assert.deepEqual(bids, [])
  const whoPassed = passes.map(({ node }) => node).sort()
  assert.deepEqual(whoPassed, THREE_NODES.map((name) => mesh.machine(name).signer.did).sort())
  for (const { error } of passes) {
    assert.equal(error.code, 'DEADLINE_UNREACHABLE')
    assert.match(error.detail, /the most work takes 3000 ms here, \d+ ms are left/)
  }
  // home asks again and again: between two rounds it says what it waits for
  await mesh.until('the reason why nothing happens', async () => {
    const { status, waitingFor } = await mesh.status(job)
    assert.equal(status.state, 'bidding')
    return waitingFor === 'a node that can run it' ? true : undefined
  })
  const ended = await mesh.settled(job)
  assert.equal(ended.settle.body.reason, 'expired')
  assert.deepEqual((await mesh.status(job)).status, { state: 'expired' })
  assertReleased(ended, free)
  for (const { runs } of mesh.machines.values()) assert.ok(!runs.includes(`${job.manifest.cid}`))
  await assertNextJob(mesh, t)
})

test('the same job with time enough gets its bids, and a cancel before a lease frees its units', async () => {
  const free = freeNow()
  const job = await mesh.submit({ module: guest('spin'), amount: 3, chooser: 'submitter' })
  const { bids, passes } = await mesh.bids(job)
  assert.deepEqual([bids.length, passes.length], [3, 0])
  const cancel = seal(Cancel, { manifest: job.manifest.cid }, alice)
  await mesh.ask({ type: 'cancel', cancel }, 'cancelled')
  const ended = await mesh.settled(job)
  assert.equal(ended.settle.body.reason, 'cancelled')
  assertReleased(ended, free)
})

const text = (words: string) => new TextEncoder().encode(words)

for (const [what, module, why] of [
  ['plain text', text('#!/bin/sh\nrm -rf /\n'), /^MODULE_REFUSED: /],
  ['an ELF program', text('\x7fELF\x02\x01\x01'), /^MODULE_REFUSED: /],
  ['half of a module', guest('hoard-in-c').slice(0, 10_000), /^MODULE_REFUSED: /],
  ['nothing at all', new Uint8Array(), /^MODULE_REFUSED: /],
  ['a module without an entry', text('\0asm\x01\0\0\0'), /^MODULE_REFUSED: /],
  [
    'a module that wants threads',
    guest('threads'),
    /^IMPORT_REFUSED: .*"thread-spawn".*threads are not available/,
  ],
  [
    'a module that wants what nobody ever had',
    guest('strange-import'),
    /^IMPORT_REFUSED: .*"env"."open_the_pod_bay_doors"/,
  ],
] as const) {
  test(`${what} is refused by every node with its code, and the hold is released`, async (t) => {
    const free = freeNow()
    const job = await mesh.submit({ module, amount: 1 })
    const ended = await mesh.settled(job)
    assert.equal(ended.settle.body.reason, 'failed')
    assert.equal(ended.receipt, undefined)
    assertReleased(ended, free)
    const { leases } = ended.logged
    assert.equal(leases.length, job.manifest.body.attemptsMax)
    for (const { decline } of leases) assert.equal(decline?.record.body.reason, 'refused')
    const executors = leases.map(({ record }) => record.body.executor)
    assert.equal(new Set(executors).size, 3, 'each attempt is by another node')
    const failures = failuresOf(job)
    assert.ok(failures.length >= 1)
    for (const { detail } of failures) assert.match(detail, why)
    assert.equal((await mesh.status(job)).status.state, 'failed')
    await assertNextJob(mesh, t)
  })
}
