// S1-9: who runs a job is decided by its submitter, or by her rule, and anybody can check it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Award,
  Bid,
  type CID,
  type Did,
  type Effect,
  type Env,
  type Event,
  open,
  rankingOf,
  seal,
  sha256,
} from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { type MeshOptions, openTestMesh, type TestMesh } from '../mesh/harness.ts'
import { lying } from '../mesh/lying.ts'
import { bruno, chiara, gita, hans, mallory, NODES, nameOf } from '../mesh/people.ts'
import { refusedWith } from '../mesh/refused.ts'

const exec: MeshOptions['exec'] = (_, { blocks }) => fakeExec(blocks)
const PPM = 1_000_000

/** The leases that an executor's journal says it started. */
async function startedBy(mesh: TestMesh, name: string): Promise<string[]> {
  const entries = await mesh.machine(name).journal()
  return entries.flatMap(({ role, entry }) => {
    const { started } = entry as { started?: CID }
    return role === 'executor' && started !== undefined ? [`${started}`] : []
  })
}

test('S1-9 after accept-bid that node alone runs the job', async () => {
  await using mesh = await openTestMesh({ exec })
  const job = await mesh.submit({ chooser: 'submitter' })
  const { bids } = await mesh.bids(job)
  assert.deepEqual(bids.map(({ author }) => nameOf(author)).sort(), NODES)
  // the dearest of the three: no rule would choose it
  await mesh.award(job, bruno.did)
  const { logged, settle } = await mesh.settled(job)
  assert.equal(settle.body.reason, 'verified')
  assert.deepEqual(
    logged.leases.map(({ record }) => nameOf(record.body.executor)),
    ['bruno'],
  )
  const [lease] = logged.leases
  assert.deepEqual(await startedBy(mesh, 'bruno'), [`${lease?.record.cid}`])
  for (const other of ['chiara', 'gita']) {
    assert.deepEqual(await startedBy(mesh, other), [], other)
    assert.deepEqual(mesh.machine(other).runs, [], other)
  }
})

test('S1-9 while the submitter has not chosen, nobody runs the job', async () => {
  await using mesh = await openTestMesh({ exec })
  const waiting = await mesh.submit({ chooser: 'submitter' })
  await mesh.bids(waiting)
  const { status, waitingFor } = await mesh.status(waiting)
  assert.deepEqual([status.state, waitingFor], ['bidding', 'you: accept-bid'])
  // another job goes its whole way in the meantime
  await mesh.settled(await mesh.submit())
  const { jobs } = mesh.machine('fatou').process.replica.ledger
  assert.deepEqual(jobs.get(`${waiting.manifest.cid}`)?.leases, [])
  for (const name of NODES) {
    assert.equal(mesh.machine(name).runs.includes(`${waiting.manifest.cid}`), false, name)
  }
})

test('S1-9 an award by anybody but the submitter is refused', async () => {
  await using mesh = await openTestMesh({ exec })
  const job = await mesh.submit({ chooser: 'submitter' })
  for (const signer of [hans, bruno, mallory]) {
    await assert.rejects(mesh.award(job, gita.did, {}, signer), refusedWith('AUTHOR_MISMATCH'))
  }
  await mesh.award(job, gita.did)
  const { logged } = await mesh.settled(job)
  assert.equal(nameOf(logged.leases[0]?.record.body.executor ?? ''), 'gita')
})

test('S1-9 an award of a bid that nobody made, or in another order than the rule, is refused', async () => {
  await using mesh = await openTestMesh({ exec })
  const job = await mesh.submit({ chooser: 'submitter' })
  const { bids } = await mesh.bids(job)
  const [bid] = bids
  assert.ok(bid)
  const invented = seal(Bid, { ...bid.body, price: 1 }, mallory)
  const unknown = { bids: [invented.cid], ranking: [invented.cid], winner: invented.cid }
  await assert.rejects(mesh.award(job, gita.did, unknown), refusedWith('AWARD_INVALID'))
  const byRule = rankingOfBids(bids)
  assert.deepEqual(
    byRule.map(({ author }) => nameOf(author)),
    ['chiara', 'gita', 'bruno'],
  )
  const backwards = { ranking: byRule.map(({ cid }) => cid).reverse() }
  await assert.rejects(mesh.award(job, gita.did, backwards), refusedWith('AWARD_INVALID'))
  await mesh.award(job, gita.did, { ranking: byRule.map(({ cid }) => cid) })
})

test('S1-9 with --auto the best score wins, and anybody recomputes it from the award', async () => {
  const nodes = {
    bruno: { pricePpm: 700_000, cores: 1 },
    chiara: { pricePpm: 900_000 },
    gita: { pricePpm: 800_000 },
  }
  await using mesh = await openTestMesh({ exec, nodes })
  const { logged, settle } = await mesh.settled(
    await mesh.submit({ chooser: 'home', manifest: { coresMin: 1, memoryPagesMax: 300 } }),
  )
  assert.equal(settle.body.reason, 'verified')
  const [lease] = logged.leases
  assert.ok(lease)
  const blocks = await mesh.blocks()
  const read = (cid: CID) => blocks.get(`${cid}`) ?? new Uint8Array()
  const award = open(Award, read(lease.record.body.award), { cid: lease.record.body.award })
  const bids = award.body.bids.map((cid) => open(Bid, read(cid), { cid }))
  assert.equal(bids.length, 3)
  // decisions 14, with nobody's past: reputation 50, on time 500,000, everybody has room
  const scoreOf = (price: number) =>
    Math.floor((400_000 * (PPM - Math.floor((price * PPM) / 100))) / PPM) +
    Math.floor((200_000 * PPM) / PPM) +
    Math.floor((300_000 * 500_000) / PPM) +
    Math.floor((100_000 * 500_000) / PPM)
  const best = bids.toSorted((a, b) => scoreOf(b.body.price) - scoreOf(a.body.price))
  assert.deepEqual(
    award.body.ranking.map(String),
    best.map(({ cid }) => `${cid}`),
  )
  assert.deepEqual(award.body.winner, best[0]?.cid)
  assert.equal(nameOf(best[0]?.author ?? ''), 'bruno')
  const again = rankingOf({ manifest: logged.manifest, award, bids, past: new Map() })
  assert.deepEqual(
    again.map(({ score }) => score),
    best.map(({ body }) => scoreOf(body.price)),
  )
})

test('S1-9 with --auto the weights of her rule decide', async () => {
  const rule = { price: 0, resources: PPM, reputation: 0, timeliness: 0 }
  await using mesh = await openTestMesh({ exec })
  const job = await mesh.submit({ manifest: { rule } })
  const { logged } = await mesh.settled(job)
  // all bids score the same: sha-256(manifest CID ‖ DID) decides
  const tie = (did: Did) =>
    Buffer.from(sha256(Buffer.concat([job.manifest.cid.bytes, Buffer.from(did)])))
  const [first] = [bruno, chiara, gita].toSorted((a, b) => tie(a.did).compare(tie(b.did)))
  assert.equal(logged.leases[0]?.record.body.executor, first?.did)
})

test('S1-9 with --auto no home can make another than the best bid win', async () => {
  let cheats = 0
  const cheat = (effects: Effect[], _event: Event, env: Env): Effect[] =>
    effects.map((effect) => {
      if (effect.do !== 'send' || effect.message.type !== 'awarded' || cheats > 0) return effect
      cheats += 1
      const [first, ...bids] = effect.message.records
      const { body } = open(Award, first as Uint8Array)
      const winner = body.ranking.at(-1) as CID
      const bid = bids.map((bytes) => open(Bid, bytes)).find(({ cid }) => cid.equals(winner)) as Bid
      const records = [seal(Award, { ...body, winner }, env.self).bytes, ...bids]
      return { do: 'send', to: bid.author, message: { type: 'awarded', records } }
    })
  await using mesh = await openTestMesh({ exec, replaceRoles: lying('bruno', 'home', cheat) })
  const { logged, settle } = await mesh.settled(await mesh.submit())
  assert.equal(cheats, 1)
  // a request that was sent again is answered again
  const refusals = new Set(
    mesh.heard().flatMap(({ from, to, message }) => {
      return message.type === 'refused' ? [`${from} to ${to}: ${message.error.code}`] : []
    }),
  )
  assert.deepEqual([...refusals], ['dora to bruno: AWARD_INVALID'], 'no lease for the favourite')
  assert.deepEqual(
    logged.leases.map(({ record }) => nameOf(record.body.executor)),
    ['chiara'],
  )
  assert.equal(settle.body.reason, 'verified')
})

/** Best first where nobody has a past: by price alone, since all have room. */
const rankingOfBids = (bids: readonly Bid[]) => bids.toSorted((a, b) => a.body.price - b.body.price)
