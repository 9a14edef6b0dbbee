// S1-10 and S1-11: the leased node fetches, checks, runs and reports, and signs what came out; and
// S1-15, what a run in the sandbox costs.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import {
  type CID,
  cidOf,
  decodeBlock,
  encodeBlock,
  encodeFile,
  open,
  openAny,
  Receipt,
  Refusal,
  readDirectory,
  readFile,
  type Sandbox,
  seal,
  signedBytes,
} from '@planetary-mesh/spec'
import { guest } from '../../runtime/test/run-input.ts'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import { without } from '../mesh/lying.ts'
import { bruno, chiara, FEDERATION, mallory, nameOf } from '../mesh/people.ts'
import { refusedWith } from '../mesh/refused.ts'

const sandbox = await openSandbox({ slots: 1, spares: 0 })
after(() => sandbox.close())

/** The same sandbox, with the modules that it was asked to run. */
function watched(): { sandbox: Sandbox; ran: string[] } {
  const ran: string[] = []
  return {
    ran,
    sandbox: {
      ...sandbox,
      run(input, options) {
        ran.push(`${cidOf('raw', input.module)}`)
        return sandbox.run(input, options)
      },
    },
  }
}

const moduleOf = (name: string) => new Uint8Array(guest(name))
const utf8 = (text: string) => new TextEncoder().encode(text)

/** What its executor told the home, in order: `phase`, or `failed: CODE`. */
const phasesOf = (mesh: TestMesh, executor: string) =>
  mesh.heard().flatMap(({ from, to, message }) => {
    if (message.type !== 'progress' || from !== executor || to !== 'bruno') return []
    const [code] = message.detail.split(':')
    return [message.phase === 'failed' ? `failed: ${code}` : message.phase]
  })

test('S1-10 the leased node fetches module and input by CID and runs them', async () => {
  await using mesh = await openTestMesh({ sandbox })
  const ballots = utf8('id,vote\n1,yes\n2,no\n3,yes\n')
  const module = moduleOf('sum')
  const job = await mesh.submit({
    module,
    inputs: { 'ballots.csv': ballots },
    args: ['/in/ballots.csv', '/out/copy.csv'],
    manifest: { memoryPagesMax: 64 },
  })
  const { logged, settle, receipt } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.equal(nameOf(logged.leases[0]?.record.body.executor ?? ''), 'chiara')
  assert.deepEqual(mesh.machine('chiara').runs, [`${job.manifest.cid}`])
  const stored = await mesh.blocks(['chiara'])
  assert.deepEqual(stored.get(`${cidOf('raw', module)}`), module, 'fetched from her home')

  const { result } = receipt?.body ?? {}
  assert.deepEqual(result?.outcome, { type: 'exited', code: 0 })
  const sum = ballots.reduce((total, byte) => total + byte, 0)
  const stdout = encodeFile(utf8(`${ballots.length} bytes, sum ${sum}\n`))
  assert.deepEqual(result?.stdout, { cid: stdout.cid, bytes: stdout.bytes })
  assert.ok(result)
  const files = readDirectory(result.output, (cid) => stored.get(`${cid}`))
  assert.deepEqual(files, [{ path: 'copy.csv', bytes: ballots }])
})

test('S1-10 a store that answers other bytes: BLOCK_CID_MISMATCH, and nothing is run', async () => {
  const { sandbox, ran } = watched()
  const module = moduleOf('sum')
  const cid = cidOf('raw', module)
  await using mesh = await openTestMesh({
    sandbox,
    // another module that would run just as well
    falseBlock: (_, asked) => (asked.equals(cid) ? moduleOf('echo') : undefined),
    nodes: { bruno: { scopes: ['lab'] } },
  })
  const { logged, settle } = await mesh.settled(
    await mesh.submit({ module, manifest: { attemptsMax: 2 } }),
  )
  for (const { record, decline, receipts } of logged.leases) {
    const executor = nameOf(record.body.executor)
    assert.deepEqual(phasesOf(mesh, executor).slice(-1), ['failed: BLOCK_CID_MISMATCH'])
    assert.equal(decline?.record.body.reason, 'module-missing')
    assert.deepEqual(receipts, [])
  }
  assert.equal(logged.leases.length, 2)
  assert.deepEqual(ran, [])
  assert.deepEqual([settle.body.reason, settle.body.post], ['failed', 0])
})

test('S1-10 a module altered on the disk it is fetched from is not run either', async () => {
  const { sandbox, ran } = watched()
  await using mesh = await openTestMesh({ sandbox })
  const module = moduleOf('sum')
  const job = mesh.seal({ module, manifest: { attemptsMax: 1 } })
  await mesh.machine('bruno').blocks.put(job.blocks)
  mesh.machine('bruno').disk.corrupt(cidOf('raw', module), moduleOf('echo'))
  const { manifest, hold, token } = job
  await mesh.ask({ type: 'submit', tokens: [token], manifest, hold }, 'submitted')
  const { settle } = await mesh.settled(job)
  assert.deepEqual(phasesOf(mesh, 'chiara'), ['assigned', 'running', 'failed: BLOCK_CID_MISMATCH'])
  assert.deepEqual(ran, [])
  assert.equal(settle.body.reason, 'failed')
})

test('S1-10 a module runs under the limits of its manifest', async () => {
  await using mesh = await openTestMesh({ sandbox })
  const fuelMax = 5_000_000
  const outputBytesMax = 2000
  const [loop, flood, big] = await Promise.all([
    mesh.submit({ module: moduleOf('traps'), args: ['loop'], manifest: { fuelMax } }),
    mesh.submit({ module: moduleOf('traps'), args: ['flood'], manifest: { outputBytesMax } }),
    mesh.submit({ module: moduleOf('echo'), manifest: { memoryPagesMax: 1 } }),
  ])
  const looped = (await mesh.settled(loop)).receipt?.body.result
  assert.deepEqual([looped?.outcome.type, looped?.fuel], ['out-of-fuel', fuelMax])
  const flooded = (await mesh.settled(flood)).receipt?.body.result
  assert.equal(flooded?.outcome.type, 'output-limit')
  assert.ok((flooded?.stdout.bytes ?? 0) <= outputBytesMax)
  // the module needs more memory than the one page its manifest grants
  const { logged, receipt } = await mesh.settled(big)
  assert.equal(receipt, undefined)
  assert.equal(logged.leases[0]?.decline?.record.body.reason, 'refused')
})

test('S1-10 assigned, running, completed: the executor tells the submitter’s home', async () => {
  const gates = new Map<string, () => void>()
  const gate = ({ cid }: { cid: unknown }) =>
    new Promise<void>((resolve) => void gates.set(`${cid}`, resolve))
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks, { gate }),
    replaceRoles: without(FEDERATION, 'verifier'),
    nodes: { chiara: { slots: 1 } },
  })
  const awaitPhase = (job: Awaited<ReturnType<typeof mesh.submit>>, phase: string) =>
    mesh.until(phase, async () => ((await mesh.status(job)).phase === phase ? true : undefined))
  const first = await mesh.submit({ chooser: 'submitter' })
  await mesh.award(first, chiara.did)
  await awaitPhase(first, 'running')
  const second = await mesh.submit({ chooser: 'submitter' })
  await mesh.award(second, chiara.did)
  await awaitPhase(second, 'assigned')
  gates.get(`${first.manifest.cid}`)?.()
  await awaitPhase(first, 'completed')
  await awaitPhase(second, 'running')
  gates.get(`${second.manifest.cid}`)?.()
  await awaitPhase(second, 'completed')
  await mesh.logged(second, 'the receipt', ({ leases }) => leases[0]?.receipts[0])
})

test('S1-10 failed: the executor says why', async () => {
  await using mesh = await openTestMesh({ sandbox })
  const job = await mesh.submit({ module: utf8('no module'), manifest: { attemptsMax: 1 } })
  const { settle } = await mesh.settled(job)
  assert.deepEqual(phasesOf(mesh, 'chiara'), ['assigned', 'running', 'failed: MODULE_REFUSED'])
  assert.deepEqual([settle.body.reason, settle.body.post], ['failed', 0])
})

/** A finished job's receipt, and the mesh it came from. */
async function openReceipted() {
  const mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })
  const job = await mesh.submit()
  const { logged, receipt } = await mesh.settled(job)
  assert.ok(receipt)
  return { mesh, job, logged, receipt, [Symbol.asyncDispose]: () => mesh.close() }
}

test('S1-11 a receipt names job, node, usage, times and results, signed by its executor', async () => {
  await using given = await openReceipted()
  const { job, logged } = given
  const { author, body } = open(Receipt, given.receipt.bytes, { cid: given.receipt.cid })
  assert.equal(author, chiara.did)
  assert.equal(author, logged.leases[0]?.record.body.executor)
  assert.deepEqual(body.manifest, job.manifest.cid)
  assert.deepEqual(body.lease, logged.leases[0]?.record.cid)
  const { result, measured } = body
  assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
  assert.deepEqual([result.fuel, result.memoryPages], [50_000_000_000, 2])
  const stored = await given.mesh.blocks(['chiara'])
  const read = (cid: CID) => stored.get(`${cid}`)
  assert.deepEqual(readFile(result.stdout, read), utf8(`job ${job.manifest.cid}\n`))
  assert.deepEqual(readDirectory(result.output, read), [])
  assert.ok(measured.startedAtMs <= measured.finishedAtMs && measured.wallMs > 0)
  assert.ok(measured.rssBytes > 0)
})

test('S1-11 a receipt with one byte changed does not open, whichever byte it is', async () => {
  await using given = await openReceipted()
  const { bytes, cid } = given.receipt
  assert.deepEqual(open(Receipt, bytes, { cid }).body, given.receipt.body)
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    assert.throws(() => open(Receipt, changed, { cid }), refusedWith('BLOCK_CID_MISMATCH'))
    // as a block of its own, too: no other bytes carry this signature
    assert.throws(() => openAny(changed), Refusal, `byte ${at}`)
  }
})

test('S1-11 a receipt with one byte changed does not verify', async () => {
  await using given = await openReceipted()
  const { mesh, receipt } = given
  const blocks = await mesh.blocks()
  const check = async (bytes: Uint8Array) => {
    const { verified } = await mesh.check(receipt, {
      blocks: new Map([...blocks, [`${receipt.cid}`, bytes]]),
    })
    return [verified.mark, verified.code]
  }
  assert.deepEqual(await check(receipt.bytes), ['✓', null])
  for (const at of [0, 40, 200, receipt.bytes.length - 1]) {
    const changed = receipt.bytes.slice()
    changed[at] = (changed[at] as number) ^ 1
    assert.deepEqual(await check(changed), ['✗', 'BLOCK_CID_MISMATCH'])
  }
})

test('S1-11 nobody else can sign what the executor says', async () => {
  await using given = await openReceipted()
  const { mesh, receipt } = given
  const value = decodeBlock(receipt.bytes) as { kind: string; body: object }
  for (const signer of [mallory, bruno]) {
    const signature = signer.sign(signedBytes('receipt', receipt.author, receipt.body))
    const { bytes } = encodeBlock({ ...value, author: receipt.author, signature })
    assert.throws(() => open(Receipt, bytes), refusedWith('SIGNATURE_INVALID'))
    const theirs = seal(Receipt, receipt.body, signer)
    const blocks = new Map([...(await mesh.blocks()), [`${theirs.cid}`, theirs.bytes]])
    const { verified } = await mesh.check(theirs, { blocks })
    assert.equal(verified.mark, '✗')
  }
})

test('S1-15 a run in the sandbox is charged by the fuel it used, rounded up', async () => {
  await using mesh = await openTestMesh({ sandbox })
  const fuelMax = 1_000_000
  const job = await mesh.submit({
    module: moduleOf('sum'),
    inputs: { 'a.txt': utf8('ballots') },
    args: ['/in/a.txt'],
    manifest: { fuelMax, memoryPagesMax: 64 },
  })
  const { settle, receipt, logged } = await mesh.settled(job)
  const { fuel = 0, outcome } = receipt?.body.result ?? {}
  assert.deepEqual(outcome, { type: 'exited', code: 0 })
  assert.ok(fuel > 0 && fuel < fuelMax, 'it used a part of what it was allowed')
  const price = BigInt(logged.leases[0]?.winner.body.price ?? 0)
  // decisions 1, reckoned once more
  const charge = Number((price * BigInt(fuel) + BigInt(fuelMax) - 1n) / BigInt(fuelMax))
  const { post, release, reason } = settle.body
  assert.deepEqual(
    { post, release, reason },
    { post: charge, release: 100 - charge, reason: 'verified' },
  )
})
