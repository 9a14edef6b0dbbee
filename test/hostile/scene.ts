/**
 * What the tests of hostile jobs share: the modules of `guests/`, what a run costs reckoned once
 * more, and the ordinary job that has to follow each attack.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { type Bid, equalBytes, type Receipt, readFile } from '@planetary-mesh/spec'
import type { Ended, TestMesh } from '../mesh/harness.ts'
import type { Job, JobPlan } from '../mesh/jobs.ts'

export const guest = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`guests/${name}.wasm`, import.meta.url)))

/** The nodes of the test mesh, each of which can run every job. */
export const THREE_NODES = ['bruno', 'chiara', 'gita'] as const

/** Has that very node run the job: alice chooses its bid, whatever the others ask. */
export async function runAt(mesh: TestMesh, node: string, plan: JobPlan): Promise<Done> {
  const job = await mesh.submit({ ...plan, chooser: 'submitter' })
  await mesh.award(job, mesh.machine(node).signer.did)
  return doneOf(mesh, job)
}

export type Done = Ended & { job: Job; receipt: Receipt; bid: Bid }

/** The end of a job that has a receipt. */
export async function doneOf(mesh: TestMesh, job: Job): Promise<Done> {
  const ended = await mesh.settled(job)
  const { receipt, logged } = ended
  const bid = logged.leases.at(-1)?.winner
  assert.ok(receipt && bid, `the job was settled '${ended.settle.body.reason}'`)
  return { ...ended, job, receipt, bid }
}

/** What the price comes to for this much fuel: the part of `fuelMax` used, rounded up. */
export function chargeFor({ job, bid, receipt }: Done): number {
  const { fuelMax } = job.manifest.body
  const product = BigInt(bid.body.price) * BigInt(receipt.body.result.fuel)
  return Number((product + BigInt(fuelMax) - 1n) / BigInt(fuelMax))
}

/** Paid exactly, the rest released, on the word of verifiers who ran the module again. */
export function assertPaid(mesh: TestMesh, done: Done): void {
  const { post, release, reason } = done.settle.body
  assert.equal(reason, 'verified')
  assert.equal(post, chargeFor(done))
  assert.ok(post > 0, 'work is paid for, whatever came of it')
  assert.equal(post + release, done.job.manifest.body.amount)
  assertReplayed(mesh, done)
}

/** A verdict by each of at least two verifiers, who ran the module themselves and agree. */
export function assertReplayed(mesh: TestMesh, { job, receipt, logged }: Done): void {
  const state = logged.leases.at(-1)?.receipts.find(({ record }) => record.cid.equals(receipt.cid))
  const verdicts = state?.verdicts.map(({ record }) => record) ?? []
  for (const { body } of verdicts) {
    assert.deepEqual([body.method, body.result], ['replay', 'valid'], JSON.stringify(body.findings))
  }
  assert.ok(verdicts.length >= 2)
  assert.equal(new Set(verdicts.map(({ author }) => author)).size, verdicts.length)
  for (const { author } of verdicts) assert.ok(runsOf(mesh, author).includes(`${job.manifest.cid}`))
}

/** Nothing was posted, and the token has back what the job held. */
export function assertReleased({ settle, logged }: Ended, free: number): void {
  assert.equal(settle.body.post, 0)
  assert.equal(settle.body.release, logged.manifest.body.amount)
  assert.deepEqual([logged.token.free, logged.token.held], [free, 0])
}

function runsOf(mesh: TestMesh, did: string): readonly string[] {
  return [...mesh.machines.values()].find(({ signer }) => signer.did === did)?.runs ?? []
}

/** What the guest printed, from the blocks of whoever has them. */
export async function stdoutOf(mesh: TestMesh, { receipt }: Done): Promise<Uint8Array> {
  const blocks = await mesh.blocks()
  return readFile(receipt.body.result.stdout, (cid) => blocks.get(`${cid}`))
}

/** The next job is an ordinary one: it runs, is verified, and prints what it always prints. */
export async function assertNextJob(mesh: TestMesh, t: TestContext): Promise<void> {
  const fromMs = performance.now()
  const job = await mesh.submit({ module: guest('hello'), amount: 1 })
  await mesh.logged(job, 'the receipt', ({ leases }) => leases.at(-1)?.receipts[0])
  t.diagnostic(`the next job had its receipt after ${Math.round(performance.now() - fromMs)} ms`)
  const done = await doneOf(mesh, job)
  assertPaid(mesh, done)
  const hello = new TextEncoder().encode('hello\n')
  assert.ok(equalBytes(await stdoutOf(mesh, done), hello))
  const { verified } = await mesh.check(done.receipt)
  assert.equal(verified.mark, '✓', verified.detail)
}
