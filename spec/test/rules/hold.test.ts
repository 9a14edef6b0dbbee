/** The gate of the ledger: a hold stands once, directly after the one decision that allows it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  Decision,
  decideHold,
  LIMITS,
  type Manifest,
  openLedger,
  replayDecision,
  seal,
} from '@planetary-mesh/spec'
import { Log } from './log.ts'
import { appendHold, openLog, submit } from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  dora,
  emil,
  hourMs,
  makeBid,
  makeCharter,
  makeDecision,
  makeHold,
  makeManifest,
  makeToken,
  mallory,
  membersWith,
  nextCharter,
  nonce,
  startMs,
} from './world.ts'

type ManifestOver = Partial<Manifest['body']>

/** What a hold of such a job is refused with, on a log that has the token alone. */
function refused(code: string, over: ManifestOver, hold: Parameters<typeof makeHold>[1] = {}) {
  const { log, token } = openLog()
  const size = log.size
  assert.throws(() => submit(log, token, over, hold), { code })
  assert.equal(log.ledger.jobs.size, 0)
  assert.equal(log.ledger.tokens.get(token.cid.toString())?.free, 1000)
  assert.equal(log.size, size)
}

describe('S1-3 a hold is reserved after its decision', () => {
  test('and takes its amount from the token', () => {
    const { log, token } = openLog()
    const { decision, hold } = submit(log, token)
    const account = log.ledger.tokens.get(token.cid.toString())
    assert.deepEqual([account?.free, account?.held, account?.spent], [900, 100, 0])
    assert.equal(log.ledger.jobOf.get(hold.cid.toString())?.decision.record.cid, decision.cid)
  })
  test('which anybody writes down the same', () => {
    const { log, token } = openLog()
    const { decision, hold, manifest } = submit(log, token)
    assert.deepEqual(decision.body, makeDecision({ hold, manifest, token }, log.atMs).body)
  })
  test('and decides again from the record alone', () => {
    const { log, token } = openLog()
    const { decision } = submit(log, token)
    assert.equal(replayDecision(decision, CHARTER, [token]), true)
    const changed = (body: Partial<Decision['body']>) =>
      replayDecision(seal(Decision, { ...decision.body, ...body }, dora), CHARTER, [token])
    const { values, request } = decision.body
    assert.equal(changed({ values: { ...values, tokenFree: 99 } }), false)
    assert.equal(changed({ request: { ...request, amount: 1001 } }), false)
    assert.equal(changed({ effect: 'deny' }), false)
    assert.equal(changed({ code: 'NOT_PERMITTED' }), false)
    assert.equal(changed({ cost: 3 }), false)
    assert.equal(changed({ rules: [] }), false)
    assert.equal(replayDecision(decision, makeCharter({ threshold: 3 }), [token]), false)
    assert.equal(replayDecision(decision, CHARTER, []), false)
  })
  test('never without one, nor with one that something else separates from it', () => {
    const { log, token } = openLog()
    const manifest = log.know(makeManifest(token))
    const hold = makeHold(manifest)
    assert.throws(() => log.append(hold), { code: 'DECISION_MISMATCH' })
    log.append(makeDecision({ hold, manifest, token }, log.atMs))
    log.append(makeToken({ amount: 1 }))
    assert.throws(() => log.append(hold), { code: 'DECISION_MISMATCH' })
  })
  test('nor with one of an earlier moment', () => {
    const { log, token } = openLog()
    const manifest = log.know(makeManifest(token))
    const hold = makeHold(manifest)
    log.append(makeDecision({ hold, manifest, token }, log.atMs))
    log.atMs += 1
    assert.throws(() => log.append(hold), { code: 'DECISION_MISMATCH' })
  })
  test('nor with one that saw other numbers, or was made for another hold', () => {
    const { log, token } = openLog()
    const manifest = log.know(makeManifest(token))
    const hold = makeHold(manifest)
    const values = { tokenFree: 1000, used: 1, usedInPeriods: [] }
    log.append(makeDecision({ hold, manifest, token }, log.atMs, { values }))
    assert.throws(() => log.append(hold), { code: 'DECISION_MISMATCH' })
    const other = makeHold(manifest, { untilMs: hold.body.untilMs + 1 })
    log.append(makeDecision({ hold: other, manifest, token }, log.atMs))
    assert.throws(() => log.append(hold), { code: 'DECISION_MISMATCH' })
  })
  test('nor with one that only the writer could make, by somebody else', () => {
    const { log, token } = openLog()
    const manifest = log.know(makeManifest(token))
    const parts = { hold: makeHold(manifest), manifest, token }
    for (const other of [alice, emil, mallory]) {
      const decision = makeDecision(parts, log.atMs, {}, other)
      assert.throws(() => log.append(decision), { code: 'AUTHOR_MISMATCH' })
    }
  })
  test('a deny is sealed but never logged', () => {
    const { log, token } = openLog(makeToken({ amount: 99 }))
    const manifest = log.know(makeManifest(token))
    const hold = makeHold(manifest)
    const { body, authorisation } = decideHold(log.ledger, hold, manifest, log.atMs)
    assert.deepEqual([body.effect, body.code], ['deny', 'TOKEN_EXHAUSTED'])
    const [denial] = authorisation.rulings.filter(({ effect }) => effect === 'deny')
    assert.deepEqual([denial?.asked, denial?.available, denial?.limit], [100, 99, 99])
    const decision = seal(Decision, body, dora)
    assert.throws(() => log.append(decision), { code: 'ENTRY_INVALID' })
    assert.equal(replayDecision(decision, CHARTER, [token]), true)
  })
  test('a writer that calls a deny an allow is found out by the fold', () => {
    const { log, token } = openLog(makeToken({ amount: 99 }))
    const manifest = log.know(makeManifest(token))
    const hold = makeHold(manifest)
    log.append(makeDecision({ hold, manifest, token }, log.atMs))
    assert.throws(() => log.append(hold), { code: 'DECISION_MISMATCH' })
  })
})

describe('a hold is refused', () => {
  test('when the job has one: by the same body or another', () => {
    const { log, token } = openLog()
    const { manifest, hold } = submit(log, token)
    assert.throws(() => log.append(hold), { code: 'RECORD_DUPLICATE' })
    const second = makeHold(manifest, { untilMs: hold.body.untilMs + 1 })
    assert.throws(() => appendHold(log, second, manifest), { code: 'HOLD_DUPLICATE' })
    assert.equal(log.ledger.tokens.get(token.cid.toString())?.held, 100)
  })
  test('when manifest and hold are of two people', () => {
    const { log, token } = openLog()
    const manifest = makeManifest(token)
    const stolen = makeHold(manifest, {}, mallory)
    assert.throws(() => appendHold(log, stolen, manifest), { code: 'AUTHOR_MISMATCH' })
  })
  test('when the submitter is no member', () => {
    const { log, token } = openLog()
    const manifest = makeManifest(token, {}, mallory)
    const hold = makeHold(manifest, {}, mallory)
    assert.throws(() => appendHold(log, hold, manifest), { code: 'ROLE_MISSING' })
    log.append(nextCharter(CHARTER, { members: membersWith(CHARTER, alice, 'gone') }))
    assert.throws(() => submit(log, token), { code: 'ROLE_MISSING' })
  })
  test('when it names another token or amount than the manifest', () => {
    refused('LINK_MISMATCH', {}, { token: makeToken({ amount: 5 }).cid })
    refused('LINK_MISMATCH', {}, { amount: 101 })
    refused('LINK_MISMATCH', {}, { amount: 99 })
  })
  test('when what it links is no manifest, or nobody has it', () => {
    const { log, token } = openLog()
    const manifest = log.know(makeManifest(token))
    const bid = log.know(makeBid(manifest))
    const hold = makeHold(manifest, { manifest: bid.cid })
    assert.throws(() => log.append(hold), { code: 'LINK_MISMATCH' })
    const missing = makeHold(makeManifest(token, { nonce: nonce(9) }))
    assert.throws(() => log.append(missing), { code: 'BLOCK_MISSING' })
  })
  test('when the price could exceed what is held', () => {
    refused('LIMIT_EXCEEDED', { priceMax: 101 })
  })
  test('when the fuel is more than the units buy', () => {
    refused('LIMIT_EXCEEDED', { fuelMax: 100_000_000_001 })
    const { log, token } = openLog(makeToken({ resourceType: 'storage' }))
    submit(log, token, { amount: 1, priceMax: 1, fuelMax: LIMITS.fuelMax })
  })
  test('when the deadline is over, not a millisecond before', () => {
    refused('JOB_ENDED', { createdAtMs: startMs - hourMs })
    const { log, token } = openLog()
    submit(log, token, { createdAtMs: startMs - hourMs + 1 })
  })
  test('when it ends before the deadline, or long after it', () => {
    const deadline = startMs + hourMs
    refused('LIMIT_EXCEEDED', {}, { untilMs: deadline - 1 })
    refused('LIMIT_EXCEEDED', {}, { untilMs: deadline + LIMITS.holdAfterDeadlineMsMax + 1 })
    refused('LIMIT_EXCEEDED', { deadlineMs: LIMITS.amountMax }, { untilMs: LIMITS.amountMax })
    submit(openLog().log, makeToken(), {}, { untilMs: deadline })
  })
  test('when its verification is not to be had here', () => {
    const trust = { verification: 'replay', threshold: 3, reputationMin: 0 } as const
    refused('VERIFICATION_UNSUPPORTED', { replicas: 2 })
    refused('VERIFICATION_UNSUPPORTED', { trust: { ...trust, threshold: 4 } })
    submit(openLog().log, makeToken(), { trust })
  })
  test('when it asks for less than the floor of the charter', () => {
    const trust = { threshold: 0, reputationMin: 0 }
    const strict = makeCharter({ floor: 'self' })
    const at = (verification: 'none' | 'self' | 'replay') => {
      const log = new Log(strict)
      const token = makeToken({ charter: strict.cid })
      log.append(token)
      submit(log, token, { trust: { ...trust, verification } })
    }
    assert.throws(() => at('none'), { code: 'VERIFICATION_UNSUPPORTED' })
    at('self')
    at('replay')
  })
})

describe('S1-2 the counters of the ledger', () => {
  const limited = (policy: (typeof CHARTER)['body']['policies'][0]['policy']) => {
    const charter = makeCharter({
      policies: [{ scope: 'default', resourceType: 'compute', policy }],
    })
    const log = new Log(charter)
    const token = makeToken({ charter: charter.cid })
    log.append(token)
    let count = 0
    return (amount: number, atMs = log.atMs) => {
      log.atMs = atMs
      const fuelMax = amount * LIMITS.fuelPerUnit
      const job = { amount, priceMax: amount, fuelMax, nonce: nonce(count++) }
      const manifest = log.know(makeManifest(token, { ...job, createdAtMs: atMs }))
      const hold = makeHold(manifest)
      const { body } = decideHold(log.ledger, hold, manifest, log.atMs)
      if (body.effect === 'allow') appendHold(log, hold, manifest)
      return body.code
    }
  }
  test('a quota counts pending holds', () => {
    const ask = limited({ type: 'quota', amount: 250 })
    assert.equal(ask(100), null)
    assert.equal(ask(151), 'QUOTA_EXCEEDED')
    assert.equal(ask(150), null)
    assert.equal(ask(1), 'QUOTA_EXCEEDED')
  })
  test('a rate limit forgets a hold when the whole period lies behind it', () => {
    const ask = limited({ type: 'rate-limit', amount: 250, periodMs: 1000 })
    assert.equal(ask(200), null)
    assert.equal(ask(100, startMs + 400), 'RATE_EXCEEDED')
    assert.equal(ask(50, startMs + 400), null)
    assert.equal(ask(200, startMs + 999), 'RATE_EXCEEDED')
    assert.equal(ask(200, startMs + 1000), null)
    assert.equal(ask(51, startMs + 1399), 'RATE_EXCEEDED')
    assert.equal(ask(50, startMs + 1400), null)
  })
})

describe('who belongs', () => {
  test('the first entry is the pinned charter, sealed by one of its admins', () => {
    const charter = makeCharter({}, mallory)
    assert.throws(() => new Log(charter), { code: 'ROLE_MISSING' })
    const log = new Log()
    const other = openLedger(log.genesis)
    assert.equal(other.size, 0)
    assert.throws(() => log.append(charter), { code: 'CHARTER_UNKNOWN' })
  })
  test('a version follows the one before it, sealed by an admin of that one', () => {
    const log = new Log()
    const next = nextCharter(CHARTER, { threshold: 3 })
    assert.throws(() => log.append(nextCharter(CHARTER, { version: 2 })), {
      code: 'CHARTER_UNKNOWN',
    })
    const fork = nextCharter(CHARTER, { previous: makeCharter({ name: 'x' }).cid })
    assert.throws(() => log.append(fork), { code: 'CHARTER_UNKNOWN' })
    const coup = nextCharter(CHARTER, { name: 'coup' }, mallory)
    assert.throws(() => log.append(coup), { code: 'ROLE_MISSING' })
    log.append(next)
    assert.throws(() => log.append(nextCharter(CHARTER, { name: 'x' })), {
      code: 'CHARTER_UNKNOWN',
    })
  })
  test('who makes themselves admin in the new version is not one yet', () => {
    const members = membersWith(CHARTER, bruno, ['admin', 'executor'])
    assert.throws(() => new Log().append(nextCharter(CHARTER, { members }, bruno)), {
      code: 'ROLE_MISSING',
    })
  })
  test('a charter that contradicts itself is refused', () => {
    const refusal = { code: 'CHARTER_INVALID' }
    const { members } = CHARTER.body
    const [first] = members as [(typeof members)[0]]
    const append = (over: Parameters<typeof nextCharter>[1]) => () =>
      new Log().append(nextCharter(CHARTER, over))
    assert.throws(append({ members: [...members, { ...first, name: 'twice' }] }), refusal)
    assert.throws(append({ members: [...members, { ...first, did: mallory.did }] }), refusal)
    assert.throws(append({ writer: emil.did }), refusal)
    assert.throws(append({ threshold: 4, floor: 'replay' }), refusal)
    append({ threshold: 3, floor: 'replay' })()
  })
  test('what is no entry is no entry: a manifest, a bid', () => {
    const { log, token } = openLog()
    const manifest = makeManifest(token)
    assert.throws(() => log.append(manifest), { code: 'ENTRY_INVALID' })
    assert.throws(() => log.append(makeBid(manifest)), { code: 'ENTRY_INVALID' })
  })
  test('time does not go back', () => {
    const { log } = openLog()
    log.atMs -= 1
    assert.throws(() => log.append(makeToken({ amount: 2 })), { code: 'ENTRY_INVALID' })
  })
})
