/** Receipts and verdicts in the log: what is evidence, and who may give it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Decline, type Settle, seal } from '@planetary-mesh/spec'
import {
  account,
  judge,
  leased,
  leaseTo,
  oneReceipt,
  openLog,
  past,
  receipted,
  settleDue,
  submit,
  trust,
} from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  fatou,
  gita,
  hans,
  makeReceipt,
  makeVerdict,
  mallory,
  membersWith,
  nextCharter,
  nonce,
} from './world.ts'

describe('a receipt is logged', () => {
  test('for a live lease, until its very last millisecond', () => {
    const { log, lease, manifest } = leased()
    log.atMs = lease.body.untilMs
    log.append(makeReceipt({ lease, manifest }))
  })
  test('not for one that has ended by its term, its decline or its settle', () => {
    const late = leased()
    late.log.atMs = late.lease.body.untilMs + 1
    assert.throws(() => late.log.append(makeReceipt(late)), { code: 'LEASE_ENDED' })
    const declined = leased()
    const { cid } = declined.lease
    declined.log.append(seal(Decline, { lease: cid, reason: 'restart' }, bruno))
    assert.throws(() => declined.log.append(makeReceipt(declined)), { code: 'LEASE_ENDED' })
    const done = receipted({ trust: trust('self') })
    settleDue(done.log, done.job)
    const again = makeReceipt(done, { changed: { fuel: 1 } })
    assert.throws(() => done.log.append(again), { code: 'LEASE_ENDED' })
  })
  test('not for an earlier epoch', () => {
    const { log, lease, manifest } = leased()
    log.atMs = lease.body.untilMs + 1
    leaseTo(log, { manifest }, chiara)
    assert.throws(() => log.append(makeReceipt({ lease, manifest })), { code: 'LEASE_ENDED' })
  })
  test('not for a lease that nobody logged, nor for another job than its lease', () => {
    const { log, token, lease, manifest } = leased()
    const other = submit(log, token, { nonce: nonce(1) })
    const crossed = makeReceipt({ lease, manifest: other.manifest })
    assert.throws(() => log.append(crossed), { code: 'LINK_MISMATCH' })
    const unknown = makeReceipt({ lease, manifest }, { lease: manifest.cid })
    assert.throws(() => log.append(unknown), { code: 'LEASE_UNKNOWN' })
  })
  test('not of a stranger, nor of an executor who has left', () => {
    const { log, lease, manifest } = leased()
    assert.throws(() => log.append(makeReceipt({ lease, manifest }, {}, mallory)), {
      code: 'ROLE_MISSING',
    })
    log.append(nextCharter(CHARTER, { members: membersWith(CHARTER, bruno, 'gone') }))
    assert.throws(() => log.append(makeReceipt({ lease, manifest })), { code: 'ROLE_MISSING' })
  })
  test('S1-14 of another executor as evidence that never settles', () => {
    const { log, lease, manifest, job } = leased()
    const stolen = makeReceipt({ lease, manifest }, {}, chiara)
    log.append(stolen)
    const again = makeReceipt({ lease, manifest }, { changed: { fuel: 1 } }, chiara)
    assert.throws(() => log.append(again), { code: 'RECEIPT_DUPLICATE' })
    judge(log, stolen, dora)
    judge(log, stolen, emil)
    judge(log, stolen, fatou)
    assert.equal(settleDue(log, job), undefined)
    // it does not keep the lease alive either
    log.atMs = lease.body.untilMs + 1
    leaseTo(log, { manifest }, gita)
  })
  test('S1-14 twice at most of its own executor: two bodies and neither is paid', () => {
    const { log, lease, manifest, job, receipt } = receipted()
    assert.throws(() => log.append(receipt), { code: 'RECORD_DUPLICATE' })
    judge(log, receipt, dora)
    const other = makeReceipt({ lease, manifest }, { changed: { fuel: 1 } })
    log.append(other)
    const third = makeReceipt({ lease, manifest }, { changed: { fuel: 2 } })
    assert.throws(() => log.append(third), { code: 'RECEIPT_DUPLICATE' })
    judge(log, receipt, emil)
    const { body } = settleDue(log, job) as Settle
    assert.deepEqual([body.reason, body.post, body.release], ['refuted', 0, 100])
    assert.deepEqual(account(log), [1000, 0, 0])
    assert.deepEqual(past(log), oneReceipt({ valid: false, onTime: true }))
  })
})

describe('a verdict is logged', () => {
  test('S1-13 once a verifier and receipt', () => {
    const { log, receipt } = receipted()
    judge(log, receipt, dora)
    assert.throws(() => judge(log, receipt, dora), { code: 'RECORD_DUPLICATE' })
    assert.throws(() => judge(log, receipt, dora, 'invalid'), { code: 'VERDICT_DUPLICATE' })
    judge(log, receipt, emil, 'invalid')
  })
  test('only of a verifier of the charter in force', () => {
    const { log, receipt } = receipted()
    for (const stranger of [mallory, gita, hans]) {
      assert.throws(() => judge(log, receipt, stranger), { code: 'ROLE_MISSING' })
    }
    log.append(nextCharter(CHARTER, { members: membersWith(CHARTER, emil, ['witness']) }))
    assert.throws(() => judge(log, receipt, emil), { code: 'ROLE_MISSING' })
  })
  test('never of a party to the job, whatever their roles', () => {
    const both = ['member', 'executor', 'verifier', 'admin']
    const { log, token } = openLog()
    const members = membersWith(CHARTER, alice, both)
    const charter = nextCharter(CHARTER, { members })
    log.append(charter)
    const submitted = submit(log, token)
    const lease = leaseTo(log, submitted)
    const receipt = makeReceipt({ ...submitted, lease })
    log.append(receipt)
    const hers = makeVerdict(receipt, { charter: charter.cid }, alice)
    assert.throws(() => log.append(hers), { code: 'VERDICT_CONFLICT' })
    const judges = membersWith(charter, bruno, ['home', 'executor', 'verifier'])
    log.append(nextCharter(charter, { members: judges }))
    const his = makeVerdict(receipt, { charter: charter.cid }, bruno)
    assert.throws(() => log.append(his), { code: 'VERDICT_CONFLICT' })
    // nor on what another claims for his lease
    const claimed = makeReceipt({ ...submitted, lease }, {}, chiara)
    log.append(claimed)
    const now = log.ledger.charters.at(-1)?.record ?? charter
    const rival = makeVerdict(claimed, { charter: now.cid, result: 'invalid' }, bruno)
    assert.throws(() => log.append(rival), { code: 'VERDICT_CONFLICT' })
  })
  test('under the charter in force at the receipt, for a receipt in the log', () => {
    const { log, receipt, lease } = receipted()
    const next = nextCharter(CHARTER, { retainMs: 5 })
    log.append(next)
    const wrong = makeVerdict(receipt, { charter: next.cid })
    assert.throws(() => log.append(wrong), { code: 'LINK_MISMATCH' })
    judge(log, receipt, dora)
    const unknown = makeVerdict(receipt, { receipt: lease.cid }, emil)
    assert.throws(() => log.append(unknown), { code: 'RECEIPT_UNKNOWN' })
  })
  test('that says why: invalid with findings, the others without', () => {
    const { log, receipt } = receipted()
    const refusal = { code: 'VERDICT_INVALID' }
    const finding = { code: 'OUTPUT_MISMATCH', cid: null, detail: 'another output' }
    const append = (over: Parameters<typeof makeVerdict>[1]) => () =>
      log.append(makeVerdict(receipt, over, emil))
    assert.throws(append({ result: 'invalid', findings: [] }), refusal)
    assert.throws(append({ result: 'valid', findings: [finding] }), refusal)
    assert.throws(append({ result: 'cannot-replay', findings: [finding] }), refusal)
    append({ result: 'invalid', method: 'structure', findings: [finding] })()
  })
  test('and is no weaker than what the job asks: a replay is more than a look', () => {
    const { log, receipt } = receipted()
    const look = makeVerdict(receipt, { method: 'structure' }, emil)
    assert.throws(() => log.append(look), { code: 'VERDICT_INVALID' })
    const other = receipted({ trust: trust('self') })
    other.log.append(makeVerdict(other.receipt, { method: 'structure' }, emil))
  })
})
