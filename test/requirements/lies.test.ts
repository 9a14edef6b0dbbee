// S1-14: a lie about a run is found by the verifiers, named in their verdicts, and anchored.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openExec } from '@planetary-mesh/peer'
import { openSandbox } from '@planetary-mesh/runtime'
import {
  appendMessage,
  cidOf,
  type Effect,
  type Env,
  Receipt,
  type Result,
  type Signer,
  seal,
} from '@planetary-mesh/spec'
import { guest } from '../../runtime/test/run-input.ts'
import { fakeExec } from '../mesh/fake-exec.ts'
import { type MeshOptions, openTestMesh } from '../mesh/harness.ts'
import { lying } from '../mesh/lying.ts'
import { gita, nameOf } from '../mesh/people.ts'
import { assertFound, judged, receiptsOf } from './judged.ts'

const sandbox = await openSandbox({ slots: 1, spares: 0 })
after(() => sandbox.close())

const exec: MeshOptions['exec'] = (_, { blocks }) => fakeExec(blocks)

test('S1-14 a receipt by another than the lease’s executor is invalid: AUTHOR_MISMATCH', async () => {
  /** gita says that she ran what was leased to another. */
  const usurp = (effects: Effect[], event: { type: string }, env: Env): Effect[] => {
    if (event.type !== 'log') return effects
    const lies = [...env.replica.ledger.jobs.values()].flatMap((job) =>
      job.leases.flatMap(({ record: lease, receipts }) => {
        const [honest] = receipts
        if (honest === undefined || receipts.length > 1 || lease.body.executor === gita.did)
          return []
        return [seal(Receipt, honest.record.body, env.self)]
      }),
    )
    const to = env.replica.ledger.charters[0]?.record.body.writer as Signer['did']
    return [
      ...effects,
      ...lies.map((lie): Effect => ({ do: 'send', to, message: appendMessage([lie]) })),
    ]
  }
  await using mesh = await openTestMesh({ exec, replaceRoles: lying('gita', 'executor', usurp) })
  const job = await mesh.submit()
  const stolen = await judged(mesh, job, 'gita')
  const findings = await assertFound(mesh, stolen, 'AUTHOR_MISMATCH')
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['AUTHOR_MISMATCH'],
  )
  // the honest receipt is paid all the same, and its author alone
  const { settle, receipt } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.equal(nameOf(receipt?.author ?? ''), 'chiara')
  assert.ok(receipt)
  assert.equal((await mesh.check(receipt)).verified.mark, '✓')
  const { earned } = mesh.machine('fatou').process.replica.ledger
  assert.deepEqual([...earned.keys()], [`default|compute|${receipt.author}`])
})

test('S1-14 a result that a replay does not give is invalid: OUTPUT_MISMATCH', async () => {
  for (const [what, lie] of Object.entries({
    'other stdout': (result) => ({ ...result, stdout: { cid: cidOf('raw', NOTHING), bytes: 0 } }),
    'fuel + 1': (result) => ({ ...result, fuel: result.fuel + 1 }),
    'another exit code': (result) => ({ ...result, outcome: { type: 'exited', code: 1 } }),
  } satisfies Record<string, (result: Result) => Result>)) {
    const made = new Map<string, Result>()
    await using mesh = await openTestMesh({
      exec: (name, { blocks }) =>
        fakeExec(blocks, {
          change(result) {
            if (name !== 'chiara') made.set('honest', result)
            return name === 'chiara' ? lie(result) : result
          },
        }),
    })
    const job = await mesh.submit()
    const { settle } = await mesh.settled(job)
    assert.deepEqual([settle.body.reason, settle.body.post], ['refuted', 0], what)
    const found = await judged(mesh, job, 'chiara')
    const findings = await assertFound(mesh, found, 'OUTPUT_MISMATCH', made.get('honest'))
    assert.deepEqual([...new Set(findings.map(({ code }) => code))], ['OUTPUT_MISMATCH'], what)
    assert.equal((await mesh.status(job)).status.state, 'failed')
  }
})

const NOTHING = new Uint8Array()

test('S1-14 a module is run again by the sandbox, and a receipt of another run is found', async () => {
  // chiara's machine runs the job on a clock of its own: an honest mistake, and a wrong result
  const wrong = {
    ...sandbox,
    run: (input: Parameters<typeof sandbox.run>[0]) =>
      sandbox.run({ ...input, clockMs: input.clockMs + 1 }),
  }
  await using mesh = await openTestMesh({
    sandbox,
    exec: (name, given) => openExec({ ...given, sandbox: name === 'chiara' ? wrong : sandbox }),
  })
  const module = new Uint8Array(guest('chance'))
  const job = await mesh.submit({ module, manifest: { memoryPagesMax: 64 } })
  const { settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'refuted')
  await assertFound(mesh, await judged(mesh, job, 'chiara'), 'OUTPUT_MISMATCH')
})

test('S1-14 a second receipt for one lease makes both invalid: EQUIVOCATION', async () => {
  const twice = (effects: Effect[], _event: unknown, env: Env): Effect[] =>
    effects.flatMap((effect) => {
      if (effect.do !== 'send' || effect.message.type !== 'append') return [effect]
      const [bytes] = effect.message.records
      const receipt = bytes && env.open(bytes)
      if (receipt?.kind !== 'receipt') return [effect]
      const { body } = receipt
      const measured = { ...body.measured, wallMs: body.measured.wallMs + 1 }
      const second = seal(Receipt, { ...body, measured }, env.self)
      return [effect, { do: 'send', to: effect.to, message: appendMessage([second]) }]
    })
  await using mesh = await openTestMesh({ exec, replaceRoles: lying('chiara', 'executor', twice) })
  const job = await mesh.submit()
  const { settle, logged } = await mesh.settled(job)
  assert.deepEqual([settle.body.reason, settle.body.post], ['refuted', 0], 'neither is paid')
  assert.equal(receiptsOf(logged.leases).length, 2)
  const both = await mesh.logged(job, 'six verdicts', ({ leases }) => {
    const receipts = receiptsOf(leases)
    return receipts.every(({ verdicts }) => verdicts.length === 3) ? receipts : undefined
  })
  for (const { record, verdicts } of both) {
    for (const { record: verdict } of verdicts) {
      assert.equal(verdict.body.result, 'invalid')
      assert.deepEqual(
        verdict.body.findings.map(({ code }) => code),
        ['EQUIVOCATION'],
      )
    }
    const { findings, verified } = await mesh.check(record)
    assert.deepEqual([verified.mark, verified.code], ['✗', 'EQUIVOCATION'])
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['EQUIVOCATION'],
    )
  }
})

test('S1-14 more than the manifest allows is invalid: RECEIPT_OVERUSE', async () => {
  for (const { lie = {}, manifest = {} } of [
    { lie: { fuel: 100_000_000_001 } },
    { lie: { memoryPages: 257 } },
    // all machines print the same, and more than the submitter said she would take
    { manifest: { outputBytesMax: 10 } },
  ]) {
    await using mesh = await openTestMesh({
      exec: (name, { blocks }) =>
        fakeExec(blocks, {
          change: (result) => (name === 'chiara' ? { ...result, ...lie } : result),
        }),
    })
    const job = await mesh.submit({ manifest })
    const { settle } = await mesh.settled(job)
    assert.deepEqual([settle.body.reason, settle.body.post], ['refuted', 0])
    await assertFound(mesh, await judged(mesh, job, 'chiara'), 'RECEIPT_OVERUSE')
  }
})

test('S1-14 an honest receipt, at the very limits of its manifest, is valid', async () => {
  const full = (result: Result) => ({ ...result, fuel: 100_000_000_000, memoryPages: 256 })
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks, { change: full }),
  })
  const { settle, receipt } = await mesh.settled(await mesh.submit())
  assert.equal(settle.body.reason, 'verified')
  assert.ok(receipt)
  assert.deepEqual((await mesh.check(receipt)).findings, [])
})
