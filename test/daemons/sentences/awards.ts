/** S1-9: who runs a job is decided by its submitter, or by her rule whatever a home would like. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Award, Bid, type Lease, open, rankingOf, recordsMessage, seal } from '@planetary-mesh/spec'
import { NAMES, signerOf } from '../daemons.ts'
import { need, readLog } from '../read-log.ts'
import {
  acceptedJob,
  addressOf,
  client,
  didOf,
  finishedJob,
  NODES,
  settled,
  six,
  sum,
  TIMEOUT,
  token,
} from '../six.ts'
import { openPeer } from '../test-peer.ts'

test('S1-9 after accept-bid that node alone has a lease', TIMEOUT, async () => {
  const { job, said } = await acceptedJob()
  assert.equal(said.exit, 0, said.stderr)
  assert.match(said.stdout, /^Bid accepted successfully\n/)
  const { job: logged, settle, receipt } = await settled(job)
  assert.equal(settle?.reason, 'verified')
  assert.deepEqual(
    logged.leases.map(({ record }) => record.body.executor),
    [didOf('mesh-node-2')],
  )
  assert.match(said.stdout, new RegExp(`^Receipt CID: ${receipt?.cid}$`, 'm'))
})

test('S1-9 with --auto the best score wins, and anybody recomputes it', TIMEOUT, async () => {
  const job = await finishedJob()
  const { log, job: logged } = await settled(job)
  const lease = logged.leases[0]?.record as Lease
  const award = open(Award, need(log.get, lease.body.award), { cid: lease.body.award })
  const bids = award.body.bids.map((cid) => open(Bid, need(log.get, cid), { cid }))
  assert.equal(bids.length, 3)
  const { past } = log.replica.ledger
  const ranking = rankingOf({ manifest: job.manifest, award, bids, past })
  assert.deepEqual(
    ranking.map(({ bid }) => `${bid.cid}`),
    award.body.ranking.map(String),
  )
  const scores = ranking.map(({ score }) => score)
  assert.equal(scores[0], Math.max(...scores))
  assert.deepEqual(award.body.winner, ranking[0]?.bid.cid)
  assert.equal(lease.body.executor, ranking[0]?.bid.author)
})

test('S1-9 with --auto no home can make another than the best bid win', TIMEOUT, async () => {
  await six()
  const mallory = await openPeer('mallory', { bootstrap: NAMES.map(addressOf) })
  const { manifest, hold } = sum()
  const taken = await mallory.append([token, hold], [manifest])
  const [decision] = taken.opened
  assert.ok(decision?.kind === 'decision')
  mallory.broadcast(recordsMessage('announce', [manifest, hold, decision]))
  const bidOf = (author: string) =>
    mallory.hears(({ type, opened: [bid] }) => {
      const isIt = type === 'offer' && bid?.kind === 'bid' && bid.author === author
      return isIt && bid.body.manifest.equals(manifest.cid) ? bid : undefined
    })
  const bids = await Promise.all(NODES.map((name) => bidOf(didOf(name))))
  const { past, size } = (await readLog(client('mesh-node-1'))).replica.ledger
  const award = (ranking: readonly Bid[], winner: Bid) => {
    const cids = { bids: bids.map(({ cid }) => cid), ranking: ranking.map(({ cid }) => cid) }
    const body = { ...cids, manifest: manifest.cid, winner: winner.cid, reason: '', logSize: size }
    return seal(Award, body, signerOf('mallory'))
  }
  const draft = award(bids, bids[0] as Bid)
  const ranking = rankingOf({ manifest, award: draft, bids, past }).map(({ bid }) => bid)
  const [best, ...others] = ranking as [Bid, ...Bid[]]
  assert.equal(others.length, 2)
  for (const favourite of others) {
    const answer = await mallory.append([award(ranking, favourite)], [manifest, ...bids])
    assert.equal(answer.type === 'refused' && answer.error.code, 'AWARD_INVALID')
  }
  const answer = await mallory.append([award(ranking, best)], [manifest, ...bids])
  assert.equal(answer.type, 'appended')
  await mallory.close()
})
