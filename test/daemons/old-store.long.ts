/**
 * A log writer that is started again on an older copy of its store, and then without one, as after
 * a backup was put back or a disk was lost: six processes, one log, no second history.
 */
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderOf } from './daemons.ts'
import { addressOf, client, down, endOf, six, startAgain, submit, sum, TIMEOUT } from './six.ts'

const WRITER = 'federation-1'
const STORE = join(folderOf(WRITER), 'store')
const COPY = join(folderOf(WRITER), 'copy')

async function jobIsVerified(): Promise<void> {
  const job = await submit(sum())
  assert.equal(await endOf(job), 'verified')
  for (const name of ['federation-2', 'federation-3', 'mesh-node-3']) {
    assert.equal(await endOf(job, name), 'verified', name)
    assert.equal((await client(name).node()).log.problem, null, name)
  }
}

test('a backup of the log writer is put back', TIMEOUT, async () => {
  await six()
  await jobIsVerified()
  assert.equal(await down(WRITER), true)
  cpSync(STORE, COPY, { recursive: true })
  await startAgain(WRITER)
  await jobIsVerified()
  assert.equal(await down(WRITER), true)
  rmSync(STORE, { recursive: true })
  cpSync(COPY, STORE, { recursive: true })
  await startAgain(WRITER)
  await jobIsVerified()
})

test('the store of the log writer is lost, with the addresses in it', TIMEOUT, async () => {
  assert.equal(await down(WRITER), true)
  rmSync(STORE, { recursive: true })
  await startAgain(WRITER, ['--bootstrap', addressOf('federation-2')])
  await jobIsVerified()
})
