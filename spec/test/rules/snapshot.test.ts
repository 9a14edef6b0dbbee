/** What a replica folded, as bytes: read again it is the same, and goes on the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyRecord,
  attempt,
  type CID,
  type Code,
  copyGraph,
  Decline,
  openAny,
  openReplica,
  Refusal,
  type Replica,
  readSnapshot,
  receive,
  type Signer,
  seal,
  sha256,
  snapshotOf,
  verifySignature,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { Log } from './log.ts'
import { judge, leaseTo, settleDue, submit, trust } from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  makeReceipt,
  makeToken,
  nextCharter,
  nonce,
} from './world.ts'

const SIGNATURE_BYTES = 64

/** Two jobs side by side, one declined and run again, a token passed on, a new charter. */
function* tell(log: Log): Generator<void> {
  const token = makeToken()
  log.append(token)
  yield
  const first = submit(log, token)
  const second = submit(log, token, { nonce: nonce(2), trust: trust('self') })
  yield
  const lease = leaseTo(log, first)
  const declined = leaseTo(log, second)
  yield
  log.append(seal(Decline, { lease: declined.cid, reason: 'host-fault' }, bruno))
  yield
  const again = leaseTo(log, second, chiara)
  const receipt = makeReceipt({ ...first, lease })
  log.append(receipt)
  judge(log, receipt, dora)
  yield
  judge(log, receipt, emil)
  settleDue(log, first.job)
  yield
  log.append(makeReceipt({ ...second, lease: again }, {}, chiara))
  settleDue(log, second.job)
  const part = { parent: token.cid, issuer: alice.did, amount: 5 }
  log.append(makeToken(part, alice))
  log.append(nextCharter(CHARTER, {}))
}

const batchOf = (log: Log) => ({ anchor: log.anchor(), get: log.get })

/** The replica that these bytes of dora's hold, whose records are the log's. */
function opened(log: Log, bytes: Uint8Array, by: Signer = dora, genesis = log.genesis): Replica {
  const record = (cid: CID): AnyRecord => openAny(log.get(cid) ?? new Uint8Array(), { cid })
  const snapshot = readSnapshot(bytes, by.did, verifySignature)
  return snapshot.open(openReplica(genesis), record)
}

function toldReplica(): { log: Log; replica: Replica } {
  const log = new Log()
  const replica = openReplica(log.genesis)
  for (const _ of tell(log)) assert.equal(receive(replica, batchOf(log)).type, 'applied')
  return { log, replica }
}

const codeOf = (action: () => unknown): Code | undefined => {
  const done = attempt(action)
  return done instanceof Refusal ? done.code : undefined
}

test('at each anchor of a log, what was folded is read again, and folds on as if nothing had been', () => {
  const log = new Log()
  const replica = openReplica(log.genesis)
  const restored: Replica[] = []
  for (const _ of tell(log)) {
    const batch = batchOf(log)
    for (const one of [replica, ...restored]) assert.equal(receive(one, batch).type, 'applied')
    restored.push(opened(log, snapshotOf(replica, dora)))
    for (const one of restored) assert.deepEqual(one, replica)
  }
  assert.equal(restored.length, 6)
})

test('two places that shared a part share it again, and nothing with the original', () => {
  const { log, replica } = toldReplica()
  const used = () => [...replica.ledger.accounts.values()].map(({ uses }) => uses[0]?.amount)
  const before = used()
  const restored = opened(log, snapshotOf(replica, dora))
  for (const { ledger } of [restored, { ledger: copyGraph(replica.ledger) }]) {
    const [job] = ledger.jobs.values()
    const [account] = ledger.accounts.values()
    assert.ok(job !== undefined && account !== undefined)
    assert.equal(job.account, account)
    assert.equal(job.use, account.uses[0])
    assert.equal(ledger.jobOf.get(`${job.hold.record.cid}`), job)
    assert.notEqual(replica.ledger.jobs.get(`${job.manifest.cid}`), job)
    job.use.amount += 1
  }
  assert.deepEqual(used(), before)
})

test('what stands in it once is written once: the bytes grow with the jobs, not with their links', () => {
  const { replica } = toldReplica()
  const { length } = snapshotOf(replica, dora)
  assert.ok(length < 20_000, `${length} bytes for two jobs`)
})

test('nobody else’s is taken, nor one in which a bit has turned', () => {
  const { log, replica } = toldReplica()
  const bytes = snapshotOf(replica, dora)
  assert.equal(
    codeOf(() => opened(log, snapshotOf(replica, emil))),
    'SIGNATURE_INVALID',
  )
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const turned = bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit))
      assert.equal(
        codeOf(() => opened(log, turned)),
        'SIGNATURE_INVALID',
      )
    }),
    { numRuns: 50 },
  )
  for (const end of [0, 10, SIGNATURE_BYTES, bytes.length - 1]) {
    assert.equal(
      codeOf(() => opened(log, bytes.subarray(0, end))),
      'SIGNATURE_INVALID',
    )
  }
})

test('one of another log, or that does not agree with itself, is refused', () => {
  const { log, replica } = toldReplica()
  const other = nextCharter(CHARTER, {}).cid
  assert.equal(
    codeOf(() => opened(log, snapshotOf(replica, dora), dora, other)),
    'BLOCK_MALFORMED',
  )
  const { ledger, peaks, anchors } = replica
  const wrong: Partial<Replica>[] = [
    { peaks: { ...peaks, hashes: peaks.hashes.toReversed() } },
    { peaks: { ...peaks, size: peaks.size - 1 } },
    { ledger: { ...ledger, size: ledger.size + 1 } },
    { anchors: anchors.slice(0, -1) },
    { anchors: [] },
    { head: anchors[0]?.cid ?? null },
    { head: null },
  ]
  for (const over of wrong) {
    assert.equal(
      codeOf(() => opened(log, snapshotOf({ ...replica, ...over }, dora))),
      'BLOCK_MALFORMED',
      Object.keys(over).join(),
    )
  }
})

test('one of another version is refused, and one whose records are missing names the first', () => {
  const { log, replica } = toldReplica()
  const text = Buffer.from(snapshotOf(replica, dora).subarray(SIGNATURE_BYTES)).toString('latin1')
  const graph = Buffer.from(text.replace('replica/1', 'replica/0'), 'latin1')
  const signed = Buffer.concat([Buffer.from('mesh/0 snapshot\n'), sha256(graph)])
  const older = new Uint8Array(Buffer.concat([dora.sign(signed), graph]))
  assert.equal(
    codeOf(() => opened(log, older)),
    'BLOCK_MALFORMED',
  )
  const { records } = readSnapshot(snapshotOf(replica, dora), dora.did, verifySignature)
  assert.equal(new Set(records.map(String)).size, records.length, 'each once')
  log.blocks.delete(`${records[0]}`)
  assert.throws(() => opened(log, snapshotOf(replica, dora)), Refusal)
})
