/** S1-10: the leased process fetches, checks, runs and reports; what fails a check is not run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  awardTo,
  BALLOTS,
  didOf,
  follow,
  guest,
  SPOILED,
  sealed,
  settled,
  six,
  submit,
  TIMEOUT,
} from '../six.ts'

const PHASES = ['assigned', 'running', 'completed']

test('S1-10 the leased node runs under its limits, and says how far it is', TIMEOUT, async () => {
  await six()
  const fuelMax = 300_000_000
  const loop = { module: guest('traps'), args: ['loop'], manifest: { fuelMax } }
  const job = await submit(sealed({ ...loop, chooser: 'submitter' }))
  await awardTo(job, didOf('mesh-node-2'))
  const phases = (await follow(job)).flatMap((event) =>
    event.type === 'status' && event.job.phase !== null ? [event.job.phase] : [],
  )
  const places = phases.map((phase) => PHASES.indexOf(phase))
  assert.deepEqual(places, places.toSorted(), `${phases}`)
  assert.ok(phases.includes('running'), `${phases}`)
  const { receipt, job: logged } = await settled(job)
  assert.equal(logged.leases.length, 1)
  assert.equal(receipt?.author, didOf('mesh-node-2'))
  const { outcome, fuel, memoryPages } = receipt.body.result
  assert.deepEqual([outcome.type, fuel], ['out-of-fuel', fuelMax])
  assert.ok(memoryPages <= job.manifest.body.memoryPagesMax)
})

test('S1-10 a store that gives other bytes: BLOCK_CID_MISMATCH, no run', TIMEOUT, async () => {
  await six()
  const inputs = { ballots: BALLOTS }
  const plan = { module: SPOILED, args: ['/in/ballots'], inputs, manifest: { attemptsMax: 1 } }
  const job = await submit(sealed({ ...plan, chooser: 'submitter' }))
  await awardTo(job, didOf('mesh-node-3'))
  const said = (await follow(job)).flatMap((event) =>
    event.type === 'status' ? [event.job.detail ?? ''] : [],
  )
  const { job: logged, settle, receipts } = await settled(job)
  assert.deepEqual([settle?.reason, settle?.post, receipts], ['failed', 0, []])
  assert.equal(logged.leases[0]?.decline?.record.body.reason, 'module-missing')
  // its home says why to the end, although the log has only that
  assert.match(said.at(-1) ?? '', /^BLOCK_CID_MISMATCH/, `${said}`)
})
