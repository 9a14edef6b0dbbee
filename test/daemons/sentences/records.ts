/** S1-11, S1-12, S1-15, S1-16, and what S1-9 says of journals: what is left when a job is over. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLevelDisk } from '@planetary-mesh/peer'
import {
  Anchor,
  Award,
  Bid,
  balances,
  Cancel,
  type CID,
  conservationProblems,
  decodeBlock,
  Lease,
  LIMITS,
  Manifest,
  open,
  openAny,
  openCheckpoint,
  Receipt,
  Refusal,
  seal,
  Token,
} from '@planetary-mesh/spec'
import { refusedWith } from '../../mesh/refused.ts'
import { charter, folderOf, NAMES, type Name } from '../daemons.ts'
import { check, need, readLog, walk } from '../read-log.ts'
import {
  acceptedJob,
  alice,
  BALLOTS,
  client,
  didOf,
  down,
  endAt,
  endOf,
  finishedJob,
  meshctl,
  NODES,
  settled,
  six,
  submit,
  sum,
  TIMEOUT,
  token,
} from '../six.ts'

test('S1-11 a receipt says who ran what, signed by the node that ran it', TIMEOUT, async () => {
  const job = await finishedJob()
  const { receipt, job: logged } = await settled(job)
  const cid = receipt?.cid as CID
  const { author, body } = open(Receipt, await client('mesh-node-1').block(cid), { cid })
  const lease = logged.leases[0]?.record
  assert.equal(author, lease?.body.executor)
  assert.deepEqual([body.manifest, body.lease], [job.manifest.cid, lease?.cid])
  assert.deepEqual(body.result.outcome, { type: 'exited', code: 0 })
  assert.ok(body.measured.startedAtMs <= body.measured.finishedAtMs && body.measured.rssBytes > 0)
  const stdout = await client('mesh-node-1').block(body.result.stdout.cid)
  const total = BALLOTS.reduce((sum, byte) => sum + byte, 0)
  assert.equal(new TextDecoder().decode(stdout), `${BALLOTS.length} bytes, sum ${total}\n`)
})

test('S1-11 with any byte changed it does not open, nor under its own name', TIMEOUT, async () => {
  const { receipt } = await settled(await finishedJob())
  const cid = receipt?.cid as CID
  const bytes = await client('mesh-node-1').block(cid)
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    assert.throws(() => openAny(changed), Refusal, `byte ${at}`)
    assert.throws(() => open(Receipt, changed, { cid }), refusedWith('BLOCK_CID_MISMATCH'))
  }
})

test(
  'who verifies it over the mesh is told which witnesses saw the same log',
  TIMEOUT,
  async () => {
    const job = await finishedJob()
    const { exit, stdout } = await meshctl('verify', `${job.manifest.cid}`, '--json', '--no-replay')
    const { cosigned } = JSON.parse(stdout)
    assert.equal(exit, 0)
    const names = cosigned.map(({ name }: { name: string }) => name)
    assert.deepEqual(names.sort(), ['federation-1', 'federation-2', 'federation-3'])
  },
)

test('S1-15 the charge is posted, the rest released, all count the same', TIMEOUT, async () => {
  const job = await finishedJob()
  const { receipt, settle } = await settled(job)
  const { amount, fuelMax } = job.manifest.body
  const fuel = receipt?.body.result.fuel ?? 0
  assert.ok(fuel > 0 && fuel * amount < fuelMax, 'less than a unit was used')
  // and a started unit is a unit
  assert.deepEqual([settle?.post, settle?.release], [1, amount - 1])

  const waiting = await submit(sum({ chooser: 'submitter', amount: 55 }))
  const cancel = seal(Cancel, { manifest: waiting.manifest.cid }, alice)
  await client('mesh-node-1').cancel(cancel)
  assert.equal(await endOf(waiting), 'cancelled')
  const cancelled = (await settled(waiting)).settle
  assert.deepEqual([cancelled?.post, cancelled?.release], [0, 55])
  for (const name of NAMES) {
    assert.equal(await endAt(name, waiting), 'cancelled')
    const { ledger } = (await readLog(client(name))).replica
    assert.deepEqual(conservationProblems(ledger), [], name)
    const all = balances(ledger)
    assert.ok(all.length > 0)
    for (const { issued, free, held, spent, earned } of all) {
      assert.deepEqual([free + held + spent, spent], [issued, earned], name)
    }
  }
})

test('S1-16 every member gives all receipts from its store, missing none', TIMEOUT, async () => {
  const mine = await Promise.all([finishedJob(), acceptedJob().then(({ job }) => job)])
  for (const name of NAMES) {
    for (const job of mine) assert.equal(await endAt(name, job), 'verified')
    const log = await readLog(client(name))
    const { entries, records } = walk(log)
    const { checkpoint } = Anchor.decode(need(log.get, log.head), log.head)
    const { size } = openCheckpoint(checkpoint, { writer: charter.body.writer })
    assert.equal(entries.length, size, name)
    const receipts = records.filter((record) => record.kind === 'receipt')
    for (const { manifest } of mine) {
      const its = receipts.filter(({ body }) => body.manifest.equals(manifest.cid))
      assert.equal(its.length, 1, name)
    }
  }
})

test('S1-12 its executor stopped, a receipt resolves elsewhere by its links', TIMEOUT, async () => {
  const { job } = await acceptedJob()
  const { receipt } = await settled(job)
  const cid = receipt?.cid as CID
  assert.equal(await endAt('mesh-node-3', job), 'verified')
  assert.ok(await down('mesh-node-2'))
  const other = client('mesh-node-3')
  const { author, body } = open(Receipt, await other.block(cid), { cid })
  assert.equal(author, didOf('mesh-node-2'))
  const lease = open(Lease, await other.block(body.lease), { cid: body.lease })
  const award = open(Award, await other.block(lease.body.award), { cid: lease.body.award })
  const bid = open(Bid, await other.block(award.body.winner), { cid: award.body.winner })
  const manifest = open(Manifest, await other.block(bid.body.manifest), { cid: bid.body.manifest })
  const paid = open(Token, await other.block(manifest.body.token), { cid: manifest.body.token })
  assert.deepEqual([manifest.cid, paid.cid], [job.manifest.cid, token.cid])
  const log = await readLog(other)
  const at = log.replica.anchorOf.get(`${cid}`) as CID
  const anchor = Anchor.decode(need(log.get, at), at)
  const previous = anchor.previous as CID
  assert.ok(Anchor.decode(need(log.get, previous), previous).size < anchor.size)
  const { anchored, verified, findings } = await check(log, cid, other)
  assert.deepEqual([anchored.mark, verified.mark, findings], ['✓', '✓', []])
})

test('S1-9 the journals of the others hold no run of what she gave to one', TIMEOUT, async () => {
  await six()
  const { job } = await acceptedJob()
  const lease = (await settled(job)).job.leases[0]?.record.cid
  const started = new Map<Name, string[]>()
  for (const name of NODES) {
    assert.ok(await down(name), `${name} stopped as it was told to`)
    started.set(name, await startedBy(name))
  }
  const isThere = (name: Name) => started.get(name)?.includes(`${lease}`)
  assert.deepEqual(NODES.map(isThere), [false, true, false])
})

test('each of those that are left stops when it is told to', TIMEOUT, async () => {
  const left = [...NAMES.filter((name) => !NODES.includes(name)), 'mesh-node-7']
  for (const name of left) assert.deepEqual([name, await down(name)], [name, true])
})

/** The leases that an executor's journal says it started. */
async function startedBy(name: Name): Promise<string[]> {
  const disk = await openLevelDisk(join(folderOf(name), 'store'))
  const leases: string[] = []
  for await (const bytes of disk.openJournal().read()) {
    const { role, entry } = Object(decodeBlock(bytes, { bytesMax: LIMITS.journalEntryBytesMax }))
    if (role === 'executor' && entry.started !== undefined) leases.push(`${entry.started}`)
  }
  await disk.close()
  return leases
}
