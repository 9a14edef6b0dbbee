/**
 * The honest ground of every attack: a mesh with the real sandbox on which two jobs were run,
 * replayed and settled, with everything it left behind and every key that it was made with.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type Block, type CID, parseCid, type Receipt } from '@planetary-mesh/spec'
import { makeLedger } from '../../examples/02-member-budget/make-ledger.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { Job } from '../mesh/jobs.ts'
import * as people from '../mesh/people.ts'
import type { Evidence } from './evidence.ts'
import { oneSandbox } from './one-sandbox.ts'
import type { Keys } from './retell.ts'

/** What an attack is aimed at: the signed records of a job, its anchor and its module. */
export const TARGETS = [
  'charter',
  'token',
  'manifest',
  'hold',
  'decision',
  'bid',
  'award',
  'lease',
  'receipt',
  'verdict',
  'settle',
  'anchor',
  'module',
] as const
export type Target = (typeof TARGETS)[number]

/** Where each of them stands, for one job. */
export type Places = Record<Target, CID>

export type Scene = {
  /** Of the second job, the budget. */
  evidence: Evidence
  charter: CID
  keys: Keys
  mine: Places
  /** Those of the job before it, which has a token of its own. */
  other: Places
}

const module = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../../${path}`, import.meta.url)))

/** A budget forecast from a ledger of 300 rows: an input, a report, two output files. */
export const BUDGET = {
  module: module('examples/02-member-budget/member-budget.wasm'),
  inputs: { 'ledger.csv': makeLedger({ seed: 7, rows: 300 }) },
  args: ['--months', '3'],
  amount: 10,
}
const HELLO = { module: module('test/hostile/guests/hello.wasm'), amount: 1 }

/** Everybody's key, mallory's too. */
export const KEYS: Keys = new Map(
  Object.values(people).flatMap((one) =>
    typeof one === 'object' && 'sign' in one ? [[one.did, one] as const] : [],
  ),
)

let opening: Promise<Scene> | undefined

/** The same for all who ask: nobody changes what is in it. */
export const openScene = (): Promise<Scene> => (opening ??= playScene())

async function playScene(): Promise<Scene> {
  await using mesh = await openTestMesh({ sandbox: await oneSandbox() })
  const expiresAtMs = mesh.clock.nowMs() + 7_200_000
  const token = people.issueToken(mesh.charter, 0, { expiresAtMs })
  const second = await mesh.submit({ ...HELLO, token })
  await receiptOf(mesh, second)
  // one after the other, so that they share no anchor
  const first = await mesh.submit(BUDGET)
  const receipt = await receiptOf(mesh, first)
  return {
    evidence: await evidenceFor(mesh, receipt),
    charter: mesh.charter.cid,
    keys: KEYS,
    mine: placesOf(mesh, first),
    other: placesOf(mesh, second),
  }
}

/** The receipt of a job that was verified. */
export async function receiptOf(mesh: TestMesh, job: Job): Promise<Receipt> {
  const { receipt, settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.ok(receipt)
  return receipt
}

/** Every block of every machine, and the three roots of a proof. */
export async function evidenceFor(mesh: TestMesh, receipt: { cid: CID }): Promise<Evidence> {
  const blocks = new Map<string, Block>()
  for (const [key, bytes] of await mesh.blocks()) blocks.set(key, { cid: parseCid(key), bytes })
  return { roots: [receipt.cid, mesh.head(), mesh.charter.cid], blocks }
}

function placesOf(mesh: TestMesh, { manifest, hold, token }: Job): Places {
  const { ledger, anchorOf } = mesh.machine('fatou').process.replica
  const job = ledger.jobs.get(`${manifest.cid}`)
  const lease = job?.leases.at(-1)
  const receipt = lease?.receipts[0]
  const verdict = receipt?.verdicts[0]
  const anchor = anchorOf.get(`${receipt?.record.cid}`)
  assert.ok(job?.settle && lease && receipt && verdict && anchor)
  return {
    charter: mesh.charter.cid,
    token: token.cid,
    manifest: manifest.cid,
    hold: hold.cid,
    decision: job.decision.record.cid,
    bid: lease.winner.cid,
    award: lease.award.cid,
    lease: lease.record.cid,
    receipt: receipt.record.cid,
    verdict: verdict.record.cid,
    settle: job.settle.record.cid,
    anchor,
    module: manifest.body.module.cid,
  }
}
