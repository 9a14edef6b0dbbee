/**
 * A cancel races a receipt: whichever the log holds first takes effect, and only that one. A cancel
 * of a running job stops it where every verifier finds it again, and what was done is paid.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Blocks } from '@planetary-mesh/peer'
import { openSandbox } from '@planetary-mesh/runtime'
import {
  appendMessage,
  Cancel,
  conservationProblems,
  encodeMessage,
  LIMITS,
  type Manifest,
  type Message,
  openMessage,
  type Sandbox,
  seal,
} from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { Job } from '../mesh/jobs.ts'
import { alice, dora, NODES, TOKEN_AMOUNT } from '../mesh/people.ts'
import { hops, openDice } from './chance.ts'
import { assertNextJob, assertReplayed, chargeFor, type Done, doneOf, guest } from './scene.ts'

const RACES = 30

/** alice on the network as she is: her cancel goes past every home, and the writer answers her. */
function openAlice(mesh: TestMesh) {
  const line = mesh.hub.join(alice.did)
  const heard: Message[] = []
  line.listen((_, bytes) => void heard.push(openMessage(bytes)))
  return (job: Job) => {
    const cancel = seal(Cancel, { manifest: job.manifest.cid }, alice)
    line.send(dora.did, encodeMessage(appendMessage([cancel])))
    return mesh.until("the writer's answer to a cancel", () =>
      heard.find((message) => 'request' in message && message.request.equals(cancel.cid)),
    )
  }
}

/** Runs of the machines that `names` says end when the gate of their job does. */
function openGates(names: readonly string[]) {
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const of = ({ cid }: { cid: Manifest['cid'] }) => {
    const gate = gates.get(`${cid}`) ?? Promise.withResolvers<void>()
    gates.set(`${cid}`, gate)
    return gate
  }
  return {
    open: ({ manifest }: Job) => of(manifest).resolve(),
    exec: (name: string, { blocks }: { blocks: Blocks }) =>
      fakeExec(blocks, names.includes(name) ? { gate: (job) => of(job).promise } : {}),
  }
}

/** Until a node has been asked to run it. */
const running = (mesh: TestMesh, { manifest }: Job) =>
  mesh.until('the run', () =>
    NODES.some((name) => mesh.machine(name).runs.includes(`${manifest.cid}`)) ? true : undefined,
  )

async function assertVerifies(mesh: TestMesh, { receipt }: Done): Promise<void> {
  const { findings, anchored, verified } = await mesh.check(receipt)
  assert.deepEqual([findings, anchored.mark, verified.mark], [[], '✓', '✓'])
}

test('a cancel before the receipt takes effect: the receipt says where it stopped, and is paid', async () => {
  const { exec } = openGates(NODES)
  await using mesh = await openTestMesh({ exec })
  const job = await mesh.submit()
  await running(mesh, job)
  assert.equal((await openAlice(mesh)(job)).type, 'appended')
  const done = await doneOf(mesh, job)
  const { outcome, fuel } = done.receipt.body.result
  assert.deepEqual(outcome, { type: 'cancelled', atFuel: fuel })
  assert.equal(done.settle.body.reason, 'cancelled')
  assert.equal(done.settle.body.post, chargeFor(done))
  assert.ok(done.settle.body.post > 0 && done.settle.body.post < done.bid.body.price)
  assertReplayed(mesh, done)
  await assertVerifies(mesh, done)
})

test('a cancel after the receipt is refused with JOB_ENDED, and the job is verified', async () => {
  const { exec, open } = openGates(['dora', 'emil', 'fatou'])
  await using mesh = await openTestMesh({ exec })
  const job = await mesh.submit()
  await mesh.logged(job, 'the receipt', ({ leases }) => leases.at(-1)?.receipts[0])
  const answer = await openAlice(mesh)(job)
  assert.ok(answer.type === 'refused')
  assert.equal(answer.error.code, 'JOB_ENDED')
  open(job)
  const done = await doneOf(mesh, job)
  assert.equal(done.settle.body.reason, 'verified')
  assert.equal(done.logged.cancel, undefined)
  assert.deepEqual(done.receipt.body.result.outcome, { type: 'exited', code: 0 })
})

test(`of a cancel and a receipt on their way together, ${RACES} times, exactly one takes effect`, async (t) => {
  const { exec, open } = openGates(NODES)
  const dice = openDice(1)
  await using mesh = await openTestMesh({ exec, carry: (_, deliver) => hops(dice() % 4, deliver) })
  const cancel = openAlice(mesh)
  const ends = { receipt: 0, cancel: 0 }
  let spent = 0
  for (let race = 0; race < RACES; race++) {
    const job = await mesh.submit({ amount: 10 })
    await running(mesh, job)
    open(job)
    const answer = await cancel(job)
    const done = await doneOf(mesh, job)
    const { reason, post } = done.settle.body
    const receipts = done.logged.leases.flatMap((lease) => lease.receipts)
    assert.equal(receipts.length, 1)
    if (answer.type === 'appended') {
      assert.equal(reason, 'cancelled')
      assert.ok(done.logged.cancel)
      ends.cancel += 1
    } else {
      assert.ok(answer.type === 'refused')
      assert.equal(answer.error.code, 'JOB_ENDED')
      assert.equal(reason, 'verified')
      assert.equal(done.logged.cancel, undefined)
      assert.equal(done.receipt.body.result.outcome.type, 'exited')
      ends.receipt += 1
    }
    assert.equal(post, chargeFor(done))
    spent += post
  }
  t.diagnostic(`the receipt was first ${ends.receipt} times, the cancel ${ends.cancel} times`)
  assert.ok(ends.receipt > 0 && ends.cancel > 0, 'either can be first')
  const { ledger } = mesh.machine('fatou').process.replica
  const account = ledger.tokens.get(`${mesh.token.cid}`)
  assert.deepEqual([account?.free, account?.held], [TOKEN_AMOUNT - spent, 0])
  assert.deepEqual(conservationProblems(ledger), [])
})

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

test('a running job is stopped by a cancel, replayed to the same fuel by three, and paid so far', async (t) => {
  const job = await mesh.submit({ module: guest('ticks'), amount: 100 })
  await running(mesh, job)
  // while it runs, an ordinary job has the time to run and to be replayed
  await assertNextJob(mesh, t)
  assert.equal((await openAlice(mesh)(job)).type, 'appended')
  const done = await doneOf(mesh, job)
  const { outcome, fuel, stdout } = done.receipt.body.result
  assert.deepEqual(outcome, { type: 'cancelled', atFuel: fuel })
  assert.ok(fuel > 0 && fuel < 100 * LIMITS.fuelPerUnit, `${fuel} fuel`)
  t.diagnostic(`stopped after ${fuel} fuel and ${stdout.bytes} bytes of stdout`)
  assert.equal(done.settle.body.reason, 'cancelled')
  assert.equal(done.settle.body.post, chargeFor(done))
  assert.ok(done.settle.body.post > 0)
  assertReplayed(mesh, done)
  await assertVerifies(mesh, done)
  await assertNextJob(mesh, t)
})

test('a job that never asks the host is stopped at once, at no fuel that counts, for nothing', async (t) => {
  const job = await mesh.submit({ module: guest('spin'), amount: 100 })
  await running(mesh, job)
  await assertNextJob(mesh, t)
  assert.equal((await openAlice(mesh)(job)).type, 'appended')
  const done = await doneOf(mesh, job)
  assert.deepEqual(done.receipt.body.result.outcome, { type: 'cancelled', atFuel: 0 })
  const { reason, post, release } = done.settle.body
  assert.deepEqual([reason, post, release], ['cancelled', 0, 100])
  assertReplayed(mesh, done)
  await assertVerifies(mesh, done)
  await assertNextJob(mesh, t)
})
