// S1-3 and S1-4: what a manifest is, and that nobody hears of a job that may not cost what it asks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as dagCbor from '@ipld/dag-cbor'
import {
  cidOf,
  Decision,
  encodeBlock,
  Manifest,
  open,
  PRIORITIES,
  type Role,
  seal,
  signedBytes,
} from '@planetary-mesh/spec'
import { fromBase64, fromJson, readVectors } from '../../spec/test/records/vector-files.ts'
import { fakeExec } from '../mesh/fake-exec.ts'
import { type MeshOptions, openTestMesh } from '../mesh/harness.ts'
import { alice, dora, mallory, nameOf, SCOPE } from '../mesh/people.ts'
import { refusedWith } from '../mesh/refused.ts'

const exec: MeshOptions['exec'] = (_, { blocks }) => fakeExec(blocks)

const QUOTA = [
  {
    scope: SCOPE,
    resourceType: 'compute' as const,
    policy: { type: 'quota' as const, amount: 150 },
  },
]

for (const { what, options, values, code } of [
  {
    what: 'its token',
    options: { token: { amount: 120 } },
    values: { asked: 121, available: 120, limit: 120 },
    code: 'TOKEN_EXHAUSTED',
  },
  {
    what: 'the policy',
    options: { charter: { policies: QUOTA } },
    values: { asked: 151, available: 150, limit: 150 },
    code: 'QUOTA_EXCEEDED',
  },
] as const) {
  test(`S1-3 a job above ${what} is refused with the numbers, and no peer hears of it`, async () => {
    await using mesh = await openTestMesh({ exec, ...options } as MeshOptions)
    const eavesdropped: Buffer[] = []
    mesh.hub.join(mallory.did).listen((_, bytes) => eavesdropped.push(Buffer.from(bytes)))
    const isHeard = ({ cid }: { cid: { bytes: Uint8Array } }) =>
      eavesdropped.some((bytes) => bytes.includes(cid.bytes))

    const greedy = mesh.seal({ amount: values.asked })
    await assert.rejects(mesh.submitSealed(greedy), refusedWith(code, values))
    const modest = mesh.seal({ amount: values.available })
    await mesh.submitSealed(modest)
    await mesh.settled(modest)

    assert.deepEqual(mesh.whoHeard(greedy.manifest.cid.bytes), ['dora'], 'the ledger was asked')
    assert.equal(isHeard(greedy.manifest) || isHeard(greedy.hold), false)
    assert.equal(isHeard(modest.manifest) && isHeard(modest.hold), true)
    assert.deepEqual((await mesh.blocks(['chiara'])).get(`${greedy.manifest.cid}`), undefined)
  })
}

test('S1-3 a refused job reserves nothing and is in no log', async () => {
  await using mesh = await openTestMesh({ exec, token: { amount: 100 } })
  const greedy = mesh.seal({ amount: 101 })
  await assert.rejects(mesh.submitSealed(greedy), refusedWith('TOKEN_EXHAUSTED'))
  const { settle } = await mesh.settled(await mesh.submit({ amount: 100 }))
  assert.equal(settle.body.post + settle.body.release, 100)
  assert.equal(mesh.machine('fatou').process.replica.ledger.jobs.size, 1)
})

test('S1-3 an executor whose log holds a decision that does not replay runs nothing', async () => {
  /** While chiara's executor looks, the decision that let the job in saw less than it asks. */
  const forging = (role: Role): Role => ({
    ...role,
    step(state, event, env) {
      const job = env.replica.ledger.jobs.values().next().value
      const isLeased =
        event.type === 'log' && event.entries.some(({ record }) => record.kind === 'lease')
      if (job === undefined || !isLeased) return role.step(state, event, env)
      const { decision } = job
      const { body } = decision.record
      const values = { ...body.values, tokenFree: body.request.amount - 1 }
      job.decision = { ...decision, record: seal(Decision, { ...body, values }, dora) }
      const done = role.step(state, event, env)
      job.decision = decision
      return done
    },
  })
  await using mesh = await openTestMesh({
    exec,
    replaceRoles: (name, roles) =>
      name === 'chiara'
        ? roles.map((role) => (role.name === 'executor' ? forging(role) : role))
        : roles,
  })
  const { logged, settle } = await mesh.settled(await mesh.submit())
  const [first, second] = logged.leases
  assert.equal(nameOf(first?.record.body.executor ?? ''), 'chiara')
  assert.equal(first?.decline?.record.body.reason, 'refused')
  assert.deepEqual(mesh.machine('chiara').runs, [])
  assert.equal(nameOf(second?.record.body.executor ?? ''), 'gita', 'it runs where the log is whole')
  assert.equal(settle.body.reason, 'verified')
})

test('S1-4 a manifest says who submits what, with which needs, by which token, and its CID is the job', async () => {
  await using mesh = await openTestMesh({ exec })
  const module = new TextEncoder().encode('\0asm\u0001\0\0\0')
  const trust = { verification: 'replay' as const, threshold: 2, reputationMin: 10 }
  const given = { priority: 'high' as const, memoryPagesMax: 512, coresMin: 2, trust }
  const job = mesh.seal({ amount: 70, module, manifest: { description: 'Count', ...given } })
  const { manifest, hold } = job
  const answer = await mesh.ask(
    { type: 'submit', tokens: [mesh.token], manifest, hold },
    'submitted',
  )
  assert.deepEqual(answer.job, cidOf('dag-cbor', manifest.bytes))

  const { author, body } = open(Manifest, manifest.bytes, { cid: answer.job })
  assert.equal(author, alice.did)
  assert.equal(body.description, 'Count')
  assert.deepEqual(body.module, { cid: cidOf('raw', module), bytes: module.length })
  assert.deepEqual([body.resourceType, body.amount, body.scope], ['compute', 70, 'default'])
  assert.deepEqual([body.memoryPagesMax, body.coresMin, body.fuelMax], [512, 2, 70_000_000_000])
  assert.equal(body.priority, 'high')
  assert.deepEqual(body.token, mesh.token.cid)
  assert.deepEqual(body.trust, trust)
})

test('S1-4 a manifest that leaves out any of it, or adds to it, is none', () => {
  const { value } = readVectors('manifest').accepted[0] as { value: unknown }
  const { body } = fromJson(value) as { body: Record<string, unknown> }
  const sealed = (changed: Record<string, unknown>) => {
    const signature = alice.sign(signedBytes('manifest', alice.did, changed))
    return encodeBlock({ kind: 'manifest', author: alice.did, body: changed, signature }).bytes
  }
  assert.equal(open(Manifest, sealed(body)).author, alice.did)
  for (const field of Object.keys(body)) {
    const { [field]: _, ...rest } = body
    assert.throws(() => open(Manifest, sealed(rest)), refusedWith('RECORD_MALFORMED'), field)
  }
  const { trust } = body as { trust: Record<string, unknown> }
  for (const field of ['verification', 'threshold', 'reputationMin']) {
    const { [field]: _, ...rest } = trust
    const without = sealed({ ...body, trust: rest })
    assert.throws(() => open(Manifest, without), refusedWith('RECORD_MALFORMED'), field)
  }
  const more = sealed({ ...body, gpu: true })
  assert.throws(() => open(Manifest, more), refusedWith('RECORD_MALFORMED'))
  for (const priority of PRIORITIES) open(Manifest, sealed({ ...body, priority }))
  const urgent = sealed({ ...body, priority: 'urgent' })
  assert.throws(() => open(Manifest, urgent), refusedWith('RECORD_MALFORMED'))
  assert.deepEqual([...PRIORITIES].sort(), ['critical', 'high', 'low', 'medium'])
})

test('S1-4 the same manifest is the same job, and one that differs in anything is another', () => {
  const { value } = readVectors('manifest').accepted[0] as { value: unknown }
  const { body } = fromJson(value) as { body: Manifest['body'] }
  const idOf = (changes: Partial<Manifest['body']>, signer = alice) =>
    `${seal(Manifest, { ...body, ...changes }, signer).cid}`
  const ids = [
    idOf({}),
    idOf({ description: `${body.description}!` }),
    idOf({ coresMin: body.coresMin + 1 }),
    idOf({ nonce: new Uint8Array(16).fill(7) }),
    idOf({}, mallory),
  ]
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(idOf({}), ids[0])
})

test('S1-4 plain dag-cbor over the JSON of the vectors gives our bytes and the same id', () => {
  const { accepted } = readVectors('manifest')
  assert.ok(accepted.length > 0)
  for (const { name, cid, bytes, value } of accepted) {
    const plain = Uint8Array.from(dagCbor.encode(fromJson(value)))
    assert.deepEqual(plain, fromBase64(bytes), name)
    const { kind, author, body, signature } = fromJson(value) as Record<string, unknown>
    assert.deepEqual(encodeBlock({ signature, body, author, kind }).bytes, plain, name)
    assert.equal(`${open(Manifest, plain).cid}`, cid, name)
  }
})
