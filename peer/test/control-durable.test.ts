// What the control API says of the log is on the member's disk: asked for the log, it gives it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CID, textOf } from '@planetary-mesh/spec'
import { appendHold, awardOn, leaseOn } from '../../spec/test/rules/story.ts'
import { makeBid, makeHold, makeManifest, makeToken } from '../../spec/test/rules/world.ts'
import { dora } from '../../tools/vectors/people.ts'
import { openHandlers } from '../src/control/handlers.ts'
import { logMessages, openStage, play, settle } from './stage.ts'

const TOKEN = makeToken()
const MANIFEST = makeManifest(TOKEN)

/** A token, a job with its hold, and its lease. */
const { messages: MESSAGES } = logMessages([
  (log) => log.append(TOKEN),
  (log) => appendHold(log, makeHold(MANIFEST), MANIFEST),
  (log) => leaseOn(log, awardOn(log, MANIFEST, [makeBid(MANIFEST)])),
])

test('a status, a list or a size is said once the log that it follows from is on the disk', async () => {
  const stage = openStage()
  stage.join(dora).listen(() => {})
  const process = await stage.start([play('witness')])
  for (const message of MESSAGES.slice(0, 2)) stage.say(dora, message)
  await process.idle()
  const { handlers, close } = openHandlers({
    process,
    blocks: stage.memory.openBlocks(),
    network: { isConnected: () => true, multiaddrs: () => [], async *pullLog() {} },
    about: { name: 'emil', roles: ['witness'], version: '0.1.0', startedAtMs: 0 },
    storage: () => ({ usedBytes: 0, maxBytes: null }),
  })
  const signal = AbortSignal.timeout(60_000)
  const sizeOf = async () => (await handlers.node({ signal } as never)).log.size
  const stateOf = async () => (await handlers.job({ cid: MANIFEST.cid, signal } as never)).status
  const isGiven = async (cid: CID) => {
    for await (const block of process.logBlocks(0)) if (block.cid.equals(cid)) return true
    return false
  }
  const size = await sizeOf()
  assert.equal((await stateOf()).state, 'bidding')

  const writes: (() => void)[] = []
  stage.disk.sync = () => new Promise<void>((resolve) => writes.push(resolve))
  stage.say(dora, MESSAGES[2] as (typeof MESSAGES)[0])
  await settle()
  assert.ok(process.replica.ledger.size > size, 'it is folded')
  const [lease] = process.replica.ledger.jobs.get(textOf(MANIFEST.cid))?.leases ?? []
  assert.ok(lease)
  assert.equal(await isGiven(lease.record.cid), false)

  const said: string[] = []
  const asked = [
    sizeOf().then((now) => said.push(`${now > size}`)),
    stateOf().then(({ state }) => said.push(state)),
    Promise.resolve(handlers.tokens({ query: { holder: undefined }, signal } as never)).then(() =>
      said.push('tokens'),
    ),
    Promise.resolve(handlers.jobs({ query: { limit: 10 }, signal } as never)).then(({ jobs }) =>
      said.push(...jobs.map(({ status }) => `a ${status.state} job`)),
    ),
  ]
  await settle()
  assert.deepEqual(said, [])
  while (writes.length > 0) {
    writes.shift()?.()
    await settle()
  }
  await Promise.all(asked)
  assert.deepEqual(said.toSorted(), ['a leased job', 'leased', 'tokens', 'true'])
  assert.equal(await isGiven(lease.record.cid), true)
  close()
  stage.disk.sync = async () => {}
  await process.close()
})
