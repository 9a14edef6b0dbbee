// S1-16: whoever holds the newest anchor can walk everything the log ever took, and miss nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Anchor,
  type AnyRecord,
  anchorsBack,
  appendLeaf,
  type CID,
  LogEntry,
  NO_PEAKS,
  openAny,
  openCheckpoint,
  type Receipt,
  rootOf,
} from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import { dora, issueToken } from '../mesh/people.ts'

type Store = ReadonlyMap<string, Uint8Array>

/** Jobs in two scopes, all of them settled, and their receipts by scope. */
async function openUsed() {
  const mesh = await openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })
  const lab = issueToken(mesh.charter, mesh.clock.nowMs(), { scope: 'lab' })
  const receipts = new Map<string, string[]>([
    ['default', []],
    ['lab', []],
  ])
  for (const token of [mesh.token, lab, mesh.token, lab, lab]) {
    const { receipt } = await mesh.settled(await mesh.submit({ token }))
    receipts.get(token.body.scope)?.push(`${receipt?.cid}`)
  }
  return { mesh, receipts, [Symbol.asyncDispose]: () => mesh.close() }
}

const need = (store: Store, cid: CID): Uint8Array => {
  const bytes = store.get(`${cid}`)
  assert.ok(bytes, `no block ${cid}`)
  return bytes
}

/** From an anchor back to the first, with nothing but blocks: every entry, oldest first. */
function walk(store: Store, head: CID): { entries: CID[]; records: AnyRecord[] } {
  const entries: CID[] = []
  for (let at: CID | null = head; at !== null; ) {
    const anchor: Anchor = Anchor.decode(need(store, at), at)
    entries.unshift(...anchor.entries)
    at = anchor.previous
  }
  const records = entries.map((cid) => {
    const { record } = LogEntry.decode(need(store, cid), cid)
    return openAny(need(store, record), { cid: record })
  })
  return { entries, records }
}

/** The receipts of a scope among records, by the manifests they name. */
function receiptsOf(store: Store, records: readonly AnyRecord[], scope: string): string[] {
  return records
    .filter((record): record is Receipt => record.kind === 'receipt')
    .filter(({ body }) => {
      const manifest = openAny(need(store, body.manifest), { cid: body.manifest })
      return manifest.kind === 'manifest' && manifest.body.scope === scope
    })
    .map(({ cid }) => `${cid}`)
}

const storeOf = (mesh: TestMesh, name: string) => mesh.blocks([name])

test('S1-16 every node walks all receipts of a scope from the newest anchor, out of its own store', async () => {
  await using given = await openUsed()
  const { mesh, receipts } = given
  for (const [name, { process }] of mesh.machines) {
    const { head, ledger } = process.replica
    assert.ok(head, name)
    const store = await storeOf(mesh, name)
    const { entries, records } = walk(store, head)
    const { checkpoint } = Anchor.decode(need(store, head), head)
    const { size } = openCheckpoint(checkpoint, { writer: dora.did })
    assert.equal(entries.length, size, name)
    assert.equal(size, ledger.size, name)
    for (const [scope, expected] of receipts) {
      assert.deepEqual(receiptsOf(store, records, scope), expected, `${name}, ${scope}`)
    }
  }
})

test('S1-16 the entries walked are those that the checkpoint signs, each in its place', async () => {
  await using given = await openUsed()
  const { mesh } = given
  const head = mesh.head('gita')
  const store = await storeOf(mesh, 'gita')
  const { entries } = walk(store, head)
  const rootOver = (cids: readonly CID[]) =>
    rootOf(cids.reduce((peaks, cid) => appendLeaf(peaks, cid.bytes), NO_PEAKS))
  const { checkpoint } = Anchor.decode(need(store, head), head)
  const { root } = openCheckpoint(checkpoint, { writer: dora.did })
  assert.deepEqual(rootOver(entries), root)
  for (let left = 0; left < entries.length; left++) {
    assert.notDeepEqual(rootOver(entries.toSpliced(left, 1)), root, `without entry ${left}`)
  }
  assert.notDeepEqual(rootOver(entries.toReversed()), root)
})

test('S1-16 an anchor that is not there, or not what it should be, ends the walk', async () => {
  await using given = await openUsed()
  const { mesh } = given
  const head = mesh.head('emil')
  const store = new Map(await storeOf(mesh, 'emil'))
  const back = anchorsBack(head, (cid) => store.get(`${cid}`))
  assert.ok('anchors' in back)
  const [first, second] = back.anchors
  assert.ok(first && second)

  store.set(`${first}`, need(store, second))
  const altered = anchorsBack(head, (cid) => store.get(`${cid}`))
  assert.equal('finding' in altered && altered.finding.code, 'BLOCK_CID_MISMATCH')
  store.delete(`${first}`)
  const missing = anchorsBack(head, (cid) => store.get(`${cid}`))
  assert.equal('finding' in missing && missing.finding.code, 'BLOCK_MISSING')
})

test('S1-16 a node that was away while jobs ran has every receipt when it is back', async () => {
  const away = new Set<string>()
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    carry({ to }, deliver) {
      if (!away.has(to)) setImmediate(deliver)
    },
  })
  const { did } = mesh.machine('emil').signer
  away.add(did)
  const job = await mesh.submit()
  const settled = await mesh.until('the settle', () => {
    const { jobs } = mesh.machine('fatou').process.replica.ledger
    return jobs.get(`${job.manifest.cid}`)?.settle
  })
  assert.equal(settled.record.body.reason, 'verified')
  assert.equal(mesh.machine('emil').process.replica.ledger.jobs.size, 0)
  away.delete(did)
  const { receipt } = await mesh.settled(job)
  const store = await storeOf(mesh, 'emil')
  const { records } = walk(store, mesh.head('emil'))
  assert.deepEqual(receiptsOf(store, records, 'default'), [`${receipt?.cid}`])
})
