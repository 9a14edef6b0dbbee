// S1-13: the federation checks every receipt for itself, and signs what it found.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import {
  appendMessage,
  type CID,
  type Effect,
  type Env,
  open,
  Receipt,
  type Signer,
  seal,
  Verdict,
} from '@planetary-mesh/spec'
import { guest } from '../../runtime/test/run-input.ts'
import { fakeExec } from '../mesh/fake-exec.ts'
import { type MeshOptions, openTestMesh, type TestMesh } from '../mesh/harness.ts'
import { lying, without } from '../mesh/lying.ts'
import { bruno, emil, FEDERATION, fatou, foundCharter, mallory, nameOf } from '../mesh/people.ts'
import { openStranger } from '../mesh/stranger.ts'
import { assertFound, judged } from './judged.ts'

const sandbox = await openSandbox({ slots: 1, spares: 0 })
after(() => sandbox.close())

const exec: MeshOptions['exec'] = (_, { blocks }) => fakeExec(blocks)

function valid(mesh: TestMesh, receipt: Receipt, signer: Signer, over = {}): Verdict {
  const body = { receipt: receipt.cid, charter: mesh.charter.cid, method: 'replay' as const }
  return seal(Verdict, { ...body, result: 'valid', findings: [], ...over }, signer)
}

test('S1-13 each verifier runs the module again and signs a verdict of its own', async () => {
  await using mesh = await openTestMesh({ sandbox })
  const module = new Uint8Array(guest('echo'))
  const job = await mesh.submit({ module, args: ['3'], manifest: { memoryPagesMax: 64 } })
  const { settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  const verdicts = await mesh.logged(job, 'three verdicts', ({ leases }) => {
    const all = leases[0]?.receipts[0]?.verdicts
    return all?.length === 3 ? all : undefined
  })
  assert.deepEqual(verdicts.map(({ record }) => nameOf(record.author)).sort(), FEDERATION)
  for (const { record } of verdicts) {
    const { method, result, findings } = open(Verdict, record.bytes, { cid: record.cid }).body
    assert.deepEqual([method, result, findings], ['replay', 'valid', []])
  }
  for (const name of FEDERATION) {
    assert.deepEqual(mesh.machine(name).runs, [`${job.manifest.cid}`], name)
  }
})

test('S1-13 the mark appears with the threshold of distinct valid verdicts, and not before', async () => {
  const replaceRoles = without(['dora', 'emil'], 'verifier')
  await using mesh = await openTestMesh({ exec, replaceRoles })
  const job = await mesh.submit()
  const { record: receipt } = await mesh.logged(job, 'the first verdict', ({ leases }) => {
    const found = leases[0]?.receipts[0]
    return found?.verdicts.length === 1 ? found : undefined
  })
  const marks = async () => {
    const { anchored, verified, facts } = await mesh.check(receipt)
    return [anchored.mark, verified.mark, facts?.valid.map(nameOf).join(' ')]
  }
  assert.deepEqual(await marks(), ['✓', '…', 'fatou'])
  assert.equal((await mesh.status(job)).status.state, 'anchored')

  const stranger = openStranger(mesh)
  const said = async (record: Verdict) => stranger.append([record])
  assert.equal(
    await said(valid(mesh, receipt, fatou, { method: 'structure' })),
    'VERDICT_DUPLICATE',
  )
  assert.equal(await said(valid(mesh, receipt, mallory)), 'ROLE_MISSING')
  assert.equal(await said(valid(mesh, receipt, bruno)), 'ROLE_MISSING')
  assert.equal(await said(valid(mesh, receipt, emil, { method: 'structure' })), 'VERDICT_INVALID')
  assert.deepEqual(await marks(), ['✓', '…', 'fatou'], 'none of these counts')

  assert.equal(await said(valid(mesh, receipt, emil)), 'appended')
  const { settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.deepEqual(settle.body.verdicts.length, 2)
  assert.deepEqual((await marks()).slice(0, 2), ['✓', '✓'])
})

test('S1-13 a threshold above the number of verifiers is refused, and all three may be asked', async () => {
  await using mesh = await openTestMesh({ exec })
  const trust = (threshold: number) => ({
    trust: { verification: 'replay' as const, threshold, reputationMin: 0 },
  })
  await assert.rejects(mesh.submit({ manifest: trust(4) }), { code: 'VERIFICATION_UNSUPPORTED' })
  const { settle, receipt } = await mesh.settled(await mesh.submit({ manifest: trust(3) }))
  assert.equal(settle.body.verdicts.length, 3)
  assert.ok(receipt)
  assert.equal((await mesh.check(receipt)).facts?.threshold, 3)
})

test('S1-13 one who takes part in the job is no judge of it', async () => {
  const { members } = foundCharter().body
  await using mesh = await openTestMesh({
    exec,
    charter: {
      members: members.map((member) =>
        member.name === 'bruno' ? { ...member, roles: [...member.roles, 'verifier'] } : member,
      ),
    },
    nodes: { chiara: { scopes: ['lab'] }, gita: { scopes: ['lab'] } },
    replaceRoles: without(['dora', 'emil'], 'verifier'),
  })
  const job = await mesh.submit()
  const { record } = await mesh.logged(job, 'a verdict', ({ leases }) => {
    const found = leases[0]?.receipts[0]
    return found?.verdicts.length === 1 ? found : undefined
  })
  assert.equal(nameOf(record.author), 'bruno')
  assert.equal(await openStranger(mesh).append([valid(mesh, record, bruno)]), 'VERDICT_CONFLICT')
})

test('S1-13 each thing that is wrong is one finding, with a code of its own', async () => {
  await using mesh = await openTestMesh({ exec })
  const { receipt, logged } = await mesh.settled(await mesh.submit())
  assert.ok(receipt)
  const blocks = await mesh.blocks()
  const codesWith = async (cid: CID, bytes?: Uint8Array) => {
    const changed = new Map(blocks)
    changed.delete(`${cid}`)
    if (bytes !== undefined) changed.set(`${cid}`, bytes)
    const { findings, verified } = await mesh.check(receipt, { blocks: changed })
    assert.equal(verified.mark, '✗')
    return findings.map(({ code }) => code)
  }
  const { module } = logged.manifest.body
  const { stdout } = receipt.body.result
  const [lease] = logged.leases
  assert.ok(lease)
  assert.deepEqual(await codesWith(module.cid), ['BLOCK_MISSING'])
  assert.deepEqual(await codesWith(stdout.cid, new Uint8Array(1)), ['BLOCK_CID_MISMATCH'])
  assert.deepEqual(await codesWith(lease.award.cid), ['BLOCK_MISSING'])
  assert.deepEqual(await codesWith(lease.winner.cid, receipt.bytes), ['BLOCK_CID_MISMATCH'])
  const again = { ...receipt.body.result, memoryPages: 3 }
  const replayed = await mesh.check(receipt, { again })
  assert.deepEqual(
    replayed.findings.map(({ code }) => code),
    ['OUTPUT_MISMATCH'],
  )
})

test('S1-13 a verifier names a receipt that does not answer its lease: LINK_MISMATCH', async () => {
  for (const lie of [
    (body: Body) => ({ ...body, decision: body.manifest }),
    (body: Body) => ({ ...body, result: { ...body.result, profile: 'another/1' } }),
  ]) {
    const resealed = (effects: Effect[], _event: unknown, env: Env): Effect[] =>
      effects.map((effect) => {
        if (effect.do !== 'send' || effect.message.type !== 'append') return effect
        const [bytes] = effect.message.records
        const receipt = bytes && env.open(bytes)
        if (receipt?.kind !== 'receipt') return effect
        const lied = seal(Receipt, lie(receipt.body), env.self)
        return { do: 'send', to: effect.to, message: appendMessage([lied]) }
      })
    const replaceRoles = lying('chiara', 'executor', resealed)
    await using mesh = await openTestMesh({ exec, replaceRoles })
    const job = await mesh.submit()
    assert.equal((await mesh.settled(job)).settle.body.reason, 'refuted')
    const findings = await assertFound(mesh, await judged(mesh, job, 'chiara'), 'LINK_MISMATCH')
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['LINK_MISMATCH'],
    )
  }
})

type Body = Receipt['body']
