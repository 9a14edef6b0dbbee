/** S1-13 and S1-14: a federation of processes that are not all there, and an executor that lies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open, Verdict } from '@planetary-mesh/spec'
import { NAMES, type Name } from '../daemons.ts'
import { openLyingExecutor } from '../lying-executor.ts'
import { check, need, type ReadLog, readLog } from '../read-log.ts'
import {
  addressOf,
  awardTo,
  client,
  didOf,
  endOf,
  follow,
  settled,
  submit,
  sum,
  TIMEOUT,
  up,
} from '../six.ts'

const FEDERATION: readonly Name[] = ['federation-1', 'federation-2', 'federation-3']

test('S1-13 one verdict makes no mark; with the second it appears', TIMEOUT, async () => {
  await up(['mesh-node-1', 'mesh-node-2'])
  const job = await submit(sum({ chooser: 'submitter' }))
  await awardTo(job, didOf('mesh-node-2'))
  const seen = await follow(job, (event) => {
    const status = event.type === 'status' ? event.job.status : undefined
    return status?.state === 'anchored' && status.valid === 1
  })
  const last = seen.at(-1)
  assert.equal(last?.type === 'status' && last.job.status.state, 'anchored')
  const before = await readLog(client('mesh-node-1'))
  const [only] = before.job(job.manifest.cid).leases.flatMap(({ receipts }) => receipts)
  assert.ok(only)
  const marks = async (log: ReadLog) => {
    const { anchored, verified } = await check(log, only.record.cid, client('mesh-node-1'))
    return [anchored.mark, verified.mark]
  }
  assert.deepEqual(await marks(before), ['✓', '…'])
  // two that were away when it ran
  await up(FEDERATION)
  assert.equal(await endOf(job), 'verified')
  const { log, settle, receipts } = await settled(job)
  assert.ok((settle?.verdicts.length ?? 0) >= 2)
  const verdicts = receipts.flatMap(({ verdicts }) => verdicts.map(({ record }) => record))
  const judges = verdicts.map(({ author }) => author)
  assert.equal(new Set(judges).size, judges.length)
  for (const { author, body } of verdicts) {
    assert.ok(FEDERATION.some((name) => didOf(name) === author))
    assert.deepEqual([body.method, body.result, body.findings], ['replay', 'valid', []])
  }
  assert.deepEqual(await marks(log), ['✓', '✓'])
})

test('S1-14 a wrong result is found, named, anchored and not paid', TIMEOUT, async (t) => {
  await up(NAMES.filter((name) => name !== 'mesh-node-3'))
  const bootstrap = [addressOf('federation-1'), addressOf('mesh-node-1')]
  const liar = await openLyingExecutor('mesh-node-3', bootstrap)
  t.after(liar.close)
  const job = await submit(sum({ chooser: 'submitter' }))
  await awardTo(job, liar.did)
  assert.equal(await endOf(job), 'failed')
  const { log, settle, receipts } = await settled(job)
  assert.deepEqual([settle?.reason, settle?.post], ['refuted', 0])
  const [lie] = receipts
  assert.equal(lie?.record.author, liar.did)
  assert.ok((lie?.verdicts.length ?? 0) >= 2)
  for (const { record } of lie?.verdicts ?? []) {
    const { body } = open(Verdict, need(log.get, record.cid), { cid: record.cid })
    assert.equal(body.result, 'invalid')
    assert.deepEqual([...new Set(body.findings.map(({ code }) => code))], ['OUTPUT_MISMATCH'])
    assert.ok(log.replica.anchorOf.has(`${record.cid}`))
  }
})
