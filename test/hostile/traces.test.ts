/**
 * Promises that would be given twice, as traces over the real roles: one hold under two live
 * leases, two holds for one job, a chooser who changes her mind. The fence lets one through.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyRecord,
  Award,
  appendMessage,
  type Effect,
  encodeMessage,
  Hold,
  type Manifest,
  Refusal,
  recordsMessage,
  type Signer,
  seal,
} from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { Job } from '../mesh/jobs.ts'
import { alice, bruno, chiara, dora, gita, mallory } from '../mesh/people.ts'

/** A mesh whose executors wait for a word before they end a run; the verifiers do not. */
function openGatedMesh() {
  const gate = Promise.withResolvers<void>()
  const mesh = openTestMesh({
    exec: (name, { blocks }) => {
      const isNode = ['bruno', 'chiara', 'gita'].includes(name)
      return fakeExec(blocks, isNode ? { gate: () => gate.promise } : {})
    },
  })
  return { mesh, open: gate.resolve }
}

/** What the writer refused to `name`, once it has. */
const refusalTo = (mesh: TestMesh, name: string) =>
  mesh.until(`a refusal to ${name}`, () => {
    const refused = mesh
      .heard()
      .find(({ to, message }) => to === name && message.type === 'refused')
    return refused?.message.type === 'refused' ? refused.message.error : undefined
  })

const runsOf = (mesh: TestMesh, { manifest }: Job) =>
  [...mesh.machines.values()]
    .filter(({ runs }) => runs.includes(`${manifest.cid}`))
    .map(({ name }) => name)

/** Until whoever has the lease has started. */
const started = (mesh: TestMesh, job: Job, name: string) =>
  mesh.until(`the run at ${name}`, () => (runsOf(mesh, job).includes(name) ? true : undefined))

test('a chooser that awards a live lease to another: LEASE_LIVE, and only the first runs', async () => {
  const { mesh: opening, open } = openGatedMesh()
  await using mesh = await opening
  const job = await mesh.submit({ chooser: 'submitter' })
  const first = await mesh.award(job, chiara.did)
  await started(mesh, job, 'chiara')
  const second = await mesh.award(job, gita.did, { reason: 'she changed her mind' })
  assert.ok(!second.cid.equals(first.cid))
  const { code, detail } = await refusalTo(mesh, 'gita')
  assert.equal(code, 'LEASE_LIVE')
  assert.match(detail, /of epoch 1 is live/)
  assert.deepEqual(runsOf(mesh, job), ['chiara'])
  open()
  const { logged, settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.equal(logged.leases.length, 1)
  assert.equal(logged.leases[0]?.record.body.executor, chiara.did)
  assert.ok(!runsOf(mesh, job).includes('gita'), 'who has no lease never runs')
})

test('the same award again is answered with the same lease, not with a second one', async () => {
  const { mesh: opening, open } = openGatedMesh()
  await using mesh = await opening
  const job = await mesh.submit({ chooser: 'submitter' })
  const award = await mesh.award(job, chiara.did)
  await started(mesh, job, 'chiara')
  const answersTo = (name: string) =>
    mesh
      .heard()
      .flatMap(({ to, message }) =>
        to === name && message.type === 'appended' && message.request.equals(award.cid)
          ? [message.opened.map(({ cid }) => `${cid}`)]
          : [],
      )
  const before = answersTo('chiara').length
  await mesh.ask({ type: 'award', award }, 'awarded')
  await mesh.until('the second answer', () => answersTo('chiara').length > before || undefined)
  assert.equal(new Set(answersTo('chiara').map(String)).size, 1)
  open()
  const { logged } = await mesh.settled(job)
  assert.equal(logged.leases.length, 1)
  assert.equal(mesh.machine('chiara').runs.length, 1)
})

test('awards from before a lease that was declined start no second attempt', async () => {
  const fail = () => {
    throw new Refusal('MODULE_REFUSED', 'it is no module')
  }
  await using mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks, { fail }) })
  const job = await mesh.submit({ chooser: 'submitter' })
  const { bids } = await mesh.bids(job)
  const award = await mesh.award(job, chiara.did)
  const { record: lease } = await mesh.logged(job, 'the declined lease', ({ leases }) =>
    leases[0]?.decline === undefined ? undefined : leases[0],
  )
  const other = bids.find(({ author }) => author === gita.did)
  assert.ok(other)
  const unused = seal(Award, { ...award.body, winner: other.cid }, alice)
  const mallorys = mesh.hub.join(mallory.did)
  const claim = async (claimed: Award) => {
    mallorys.send(dora.did, encodeMessage(appendMessage([claimed], bids)))
    return mesh.until('the answer', () =>
      mesh
        .heard()
        .flatMap(({ to, message }) => (to === mallory.did ? [message] : []))
        .find((message) => 'request' in message && message.request.equals(claimed.cid)),
    )
  }
  const refused = await claim(unused)
  assert.ok(refused.type === 'refused')
  assert.equal(refused.error.code, 'AWARD_INVALID')
  assert.match(refused.error.detail, /^it folds \d+ entries, lease \w+ is entry \d+$/)
  // the award that had its lease is answered with that lease, which has ended
  const answered = await claim(award)
  assert.ok(answered.type === 'appended')
  assert.ok(answered.opened.some(({ cid }) => cid.equals(lease.cid)))
  const { leases } = await mesh.logged(job, 'the job', (found) => found)
  assert.equal(leases.length, 1)
  assert.deepEqual(mesh.machine('gita').runs, [])
  assert.equal(mesh.machine('chiara').runs.length, 1)
})

/** Another hold on the same manifest: it only ends a millisecond later. */
const anotherHold = ({ cid, body }: Manifest) =>
  seal(
    Hold,
    {
      token: body.token,
      manifest: cid,
      amount: body.amount,
      untilMs: body.createdAtMs + body.deadlineMs + 1,
    },
    alice,
  )

test('two holds for one job: HOLD_DUPLICATE at any home, and the units are held once', async () => {
  const { mesh: opening, open } = openGatedMesh()
  await using mesh = await opening
  const job = await mesh.submit({ amount: 100 })
  const twice = { ...job, hold: anotherHold(job.manifest) }
  for (const home of ['bruno', 'chiara']) {
    await assert.rejects(mesh.submitSealed(twice, home), { code: 'HOLD_DUPLICATE' })
  }
  const { token } = await mesh.logged(job, 'the hold', (found) => found)
  assert.deepEqual([token.held, token.free], [100, token.token.body.amount - 100])
  open()
  const { settle } = await mesh.settled(job)
  assert.ok(settle.body.hold.equals(job.hold.cid))
})

test('two holds for one job at two homes at once: one is taken, the other is HOLD_DUPLICATE', async () => {
  await using mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })
  const job = mesh.seal({ amount: 100 })
  const twice = { ...job, hold: anotherHold(job.manifest) }
  const ended = await Promise.allSettled([
    mesh.submitSealed(job, 'bruno'),
    mesh.submitSealed(twice, 'chiara'),
  ])
  const codes = ended.map((one) => (one.status === 'fulfilled' ? 'ok' : one.reason.code))
  assert.deepEqual(codes.sort(), ['HOLD_DUPLICATE', 'ok'])
  const { logged, settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.equal(logged.leases.length, 1)
})

test('the very same submit twice is one job with one hold', async () => {
  await using mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })
  const job = mesh.seal({ amount: 100 })
  await Promise.all([
    mesh.submitSealed(job),
    mesh.submitSealed(job),
    mesh.submitSealed(job, 'gita'),
  ])
  const { logged } = await mesh.settled(job)
  assert.equal(logged.leases.length, 1)
  assert.equal(mesh.machine('fatou').process.replica.ledger.jobs.size, 1)
})

test('an award by whoever may not choose gives no lease', async () => {
  await using mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })
  const job = await mesh.submit({ chooser: 'submitter' })
  for (const [signer, code] of [
    [bruno, 'AUTHOR_MISMATCH'],
    [mallory, 'AUTHOR_MISMATCH'],
  ] as const) {
    await assert.rejects(mesh.award(job, gita.did, {}, signer), { code })
  }
  await mesh.award(job, gita.did)
  const { logged } = await mesh.settled(job)
  assert.equal(logged.leases[0]?.record.body.executor, gita.did)
})

test('a home that awards another bid than the rule gives gets no lease for it: AWARD_INVALID', async () => {
  const dearest = (records: readonly AnyRecord[], signer: Signer) => {
    const [award] = records
    const bid = records.find((record) => record.author === bruno.did && record.kind === 'bid')
    if (award?.kind !== 'award' || bid === undefined) return undefined
    const lie = seal(Award, { ...award.body, winner: bid.cid }, signer)
    return recordsMessage('awarded', [lie, ...records.slice(1)])
  }
  let lies = true
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    replaceRoles: (_, roles) =>
      roles.map((role) => ({
        ...role,
        step(state, event, env) {
          const done = role.step(state, event, env)
          if (role.name !== 'home' || !lies) return done
          const effects = done.effects.map((effect): Effect => {
            if (effect.do !== 'send' || effect.message.type !== 'awarded') return effect
            const records = effect.message.records.map((bytes) => env.open(bytes))
            const message = dearest(records, env.self)
            return message === undefined ? effect : { ...effect, to: bruno.did, message }
          })
          return { ...done, effects }
        },
      })),
  })
  const job = await mesh.submit()
  assert.equal((await refusalTo(mesh, 'bruno')).code, 'AWARD_INVALID')
  const { leases } = await mesh.logged(job, 'the job', (found) => found)
  assert.deepEqual(leases, [])
  lies = false
  const { logged, settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.equal(logged.leases[0]?.record.body.executor, chiara.did)
})
