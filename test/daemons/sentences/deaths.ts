/**
 * What outlives a kill -9, and who may come later: six daemons do a job that one of them was asked
 * for; what they acknowledged survives; a seventh joins by a line of text.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JobEvent, parseJoinLine } from '@planetary-mesh/peer'
import { joinFederation } from '@planetary-mesh/peer/network'
import { parseCid } from '@planetary-mesh/spec'
import type { Job } from '../../mesh/jobs.ts'
import { refusedWith } from '../../mesh/refused.ts'
import { charter, folderOf } from '../daemons.ts'
import {
  BALLOTS,
  client,
  endAt,
  endedAs,
  endOf,
  follow,
  killNow,
  six,
  startAgain,
  submit,
  sum,
  TIMEOUT,
} from '../six.ts'

const HOUR_MS = 3_600_000

const SEVENTH = 'mesh-node-7'

let first: Job

test('a job asked of one process is verified by the others', TIMEOUT, async () => {
  await six()
  const home = client('mesh-node-1')
  first = await submit(sum())
  assert.equal(await endOf(first), 'verified')
  const end = (await follow(first)).at(-1)
  assert.ok(end?.type === 'end' && end.stdout !== null)
  assert.equal(end.outcome, 'exited(0)')
  // the home has it although another process ran the job
  const stdout = new TextDecoder().decode(await home.block(parseCid(end.stdout)))
  const total = BALLOTS.reduce((sum, byte) => sum + byte, 0)
  assert.equal(stdout, `${BALLOTS.length} bytes, sum ${total}\n`)
})

test(
  'another home knows the same job, and one that nobody submitted is unknown',
  TIMEOUT,
  async () => {
    assert.equal(await endAt('mesh-node-3', first), 'verified')
    await assert.rejects(client('mesh-node-3').job(charter.cid), refusedWith('JOB_UNKNOWN'))
  },
)

test('a home and the log writer killed at once keep what was acknowledged', TIMEOUT, async () => {
  const job = await submit(sum(), 'mesh-node-2')
  await Promise.all([killNow('mesh-node-2'), killNow('federation-1')])
  await startAgain('federation-1')
  await startAgain('mesh-node-2')
  assert.equal(await endOf(job, 'mesh-node-2'), 'verified')
  assert.equal(await endOf(first, 'federation-2'), 'verified')
})

test('a line of text lets a seventh machine in once, and it bids', TIMEOUT, async () => {
  const admin = client('federation-1')
  const { line, expiresAtMs } = await admin.invite({ role: 'executor', expiresInMs: HOUR_MS })
  assert.equal(parseJoinLine(line).expiresAtMs, expiresAtMs)
  const folder = folderOf(SEVENTH)
  const config = { limits: { slots: 1, memory_mib: 1024, cores: 2 } }
  const taken = { line, folder: folderOf('taken'), name: 'mesh-node-1', config }
  await assert.rejects(joinFederation(taken), refusedWith('NAME_TAKEN'))
  const joined = await joinFederation({ line, folder, name: SEVENTH, config })
  assert.equal(joined.genesis, charter.cid.toString())
  const second = { line, folder: folderOf('mesh-node-8'), name: 'mesh-node-8', config }
  await assert.rejects(joinFederation(second), refusedWith('INVITE_UNKNOWN'))
  await startAgain(SEVENTH, ['--price-ppm', '1', '--kill-at', 'after-append/executor:2'])
  const home = client(SEVENTH)
  const job = await submit(sum({ chooser: 'submitter' }), SEVENTH)
  const isEnough = (event: JobEvent) =>
    event.type === 'status' && event.job.status.state === 'bidding' && event.job.status.bids === 4
  await follow(job, isEnough, SEVENTH)
  const { bids } = await home.bids(job.manifest.cid)
  assert.ok(bids.some(({ bid }) => bid.author === joined.did))
  const members = (await client('mesh-node-1').nodes()).map(({ name }) => name)
  assert.deepEqual([members.includes(SEVENTH), members.includes('mesh-node-8')], [true, false])
})

test(
  'killed with a sealed receipt, the cheapest executor brings it after its restart',
  TIMEOUT,
  async () => {
    const job = await submit(sum(), SEVENTH)
    assert.deepEqual(await endedAs(SEVENTH), [null, 'SIGKILL'])
    await startAgain(SEVENTH)
    const states = statesOf(await follow(job, undefined, SEVENTH))
    assert.equal(states.at(-1), 'verified')
    // no second attempt: the receipt of the first one counts
    assert.equal(states.includes('bidding'), false)
  },
)

const statesOf = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === 'status' ? [event.job.status.state] : []))
