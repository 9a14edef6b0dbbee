/** Tokens in the log: granted by an issuer, narrowed by their holders, counted to the last unit. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { balances, LIMITS, type Token } from '@planetary-mesh/spec'
import { Log } from './log.ts'
import { appendHold, openLog, submit } from './story.ts'
import {
  alice,
  CHARTER,
  hans,
  hourMs,
  ines,
  makeCharter,
  makeHold,
  makeManifest,
  makeToken,
  mallory,
  nextCharter,
  nonce,
  startMs,
} from './world.ts'

const free = (log: Log, token: Token) => log.ledger.tokens.get(token.cid.toString())?.free

describe('S1-1 the ledger takes a token', () => {
  const refused = (token: Token, code: string) =>
    assert.throws(() => new Log().append(token), { code })

  test('of an issuer of its scope, and no other', () => {
    assert.equal(new Log().append(makeToken()).index, 1)
    refused(makeToken({}, mallory), 'TOKEN_ISSUER_UNKNOWN')
    refused(makeToken({ scope: 'garage' }), 'TOKEN_ISSUER_UNKNOWN')
  })
  test('whose issuer field, if present, is its author', () => {
    new Log().append(makeToken({ issuer: ines.did }))
    refused(makeToken({ issuer: alice.did }), 'TOKEN_ISSUER_UNKNOWN')
  })
  test('that has not expired when it is logged', () => {
    new Log().append(makeToken({ expiresAtMs: startMs + 1 }))
    refused(makeToken({ expiresAtMs: startMs }), 'TOKEN_EXPIRED')
  })
  test('of this federation', () => {
    refused(makeToken({ charter: makeCharter({ name: 'other' }).cid }), 'CHARTER_UNKNOWN')
  })
  test('of an issuer in force: not after a charter without it', () => {
    const log = new Log()
    log.append(makeToken())
    log.append(nextCharter(CHARTER, { issuers: [] }))
    assert.throws(() => log.append(makeToken({ amount: 7 })), { code: 'TOKEN_ISSUER_UNKNOWN' })
  })
  test('once', () => {
    const { log, token } = openLog()
    assert.throws(() => log.append(token), { code: 'RECORD_DUPLICATE' })
  })
  test('as long as all that was ever issued is an exact integer', () => {
    const log = new Log()
    log.append(makeToken({ amount: LIMITS.amountMax - 5 }))
    assert.throws(() => log.append(makeToken({ amount: 6 })), { code: 'AMOUNT_TOO_LARGE' })
    log.append(makeToken({ amount: 5 }))
    log.append(makeToken({ amount: LIMITS.amountMax, resourceType: 'storage' }))
    const [compute] = balances(log.ledger)
    assert.equal(compute?.issued, Number.MAX_SAFE_INTEGER)
  })
})

describe('S1-3 a hold is decided on the token in the log', () => {
  test('the issuer that a later charter removed pays for nothing any more', () => {
    const { log, token } = openLog()
    submit(log, token)
    log.append(nextCharter(CHARTER, { issuers: [] }))
    assert.throws(() => submit(log, token, { nonce: nonce(1) }), { code: 'TOKEN_ISSUER_UNKNOWN' })
    assert.equal(balances(log.ledger)[0]?.returned, 900)
  })
  test('what is unspent when the token expires is returned, derived and never written', () => {
    const { log, token } = openLog(makeToken({ expiresAtMs: startMs + 10 }))
    assert.equal(balances(log.ledger)[0]?.free, 1000)
    log.atMs = startMs + 10
    log.append(makeToken({ amount: 1 }))
    const [asset] = balances(log.ledger)
    assert.deepEqual([asset?.issued, asset?.free, asset?.returned], [1001, 1, 1000])
    assert.equal(free(log, token), 1000)
  })
})

describe('delegation narrows a token and debits it', () => {
  const delegated = (parent: Token, over: Parameters<typeof makeToken>[0] = {}, signer = alice) =>
    makeToken({ parent: parent.cid, holder: hans.did, amount: 300, ...over }, signer)
  const refused = (log: Log, token: Token, code = 'DELEGATION_REFUSED') => {
    const before = structuredClone(balances(log.ledger))
    assert.throws(() => log.append(token), { code })
    assert.deepEqual(balances(log.ledger), before)
  }

  test('the child has what the parent gave away', () => {
    const { log, token } = openLog()
    const child = delegated(token)
    log.append(child)
    assert.deepEqual([free(log, token), free(log, child)], [700, 300])
    assert.equal(balances(log.ledger)[0]?.issued, 1000)
  })
  test('its holder submits with it and the parent keeps the rest', () => {
    const { log, token } = openLog()
    const child = delegated(token)
    log.append(child)
    const manifest = makeManifest(child, {}, hans)
    appendHold(log, makeHold(manifest, {}, hans), manifest)
    assert.deepEqual([free(log, token), free(log, child)], [700, 200])
  })
  test('equal to its parent is narrow enough, one unit more is not', () => {
    const { log, token } = openLog()
    refused(log, delegated(token, { amount: 1001 }))
    log.append(delegated(token, { amount: 1000 }))
    assert.equal(free(log, token), 0)
    refused(log, delegated(token, { amount: 1 }))
  })
  test('what the parent already holds or passed on cannot be given again', () => {
    const { log, token } = openLog()
    submit(log, token)
    log.append(delegated(token, { amount: 600 }))
    refused(log, delegated(token, { amount: 301 }))
    log.append(delegated(token, { amount: 300 }))
  })
  test('only its holder passes it on', () => {
    const { log, token } = openLog()
    refused(log, delegated(token, {}, mallory))
    refused(log, delegated(token, {}, ines))
  })
  test('each field stays or gets narrower', () => {
    const { log, token } = openLog()
    const { expiresAtMs } = token.body
    refused(log, delegated(token, { scope: 'lab' }))
    refused(log, delegated(token, { resourceType: 'storage' }))
    refused(log, delegated(token, { expiresAtMs: (expiresAtMs ?? 0) + 1 }))
    refused(log, delegated(token, { expiresAtMs: null }))
    log.append(delegated(token, { expiresAtMs, amount: 1 }))
    log.append(delegated(token, { expiresAtMs: startMs + hourMs, amount: 2 }))
  })
  test('a token that never expires may have children that do, or do not', () => {
    const { log, token } = openLog(makeToken({ expiresAtMs: null }))
    log.append(delegated(token, { expiresAtMs: null }))
    log.append(delegated(token, { expiresAtMs: startMs + hourMs }))
  })
  test('its parent must be in the log', () => {
    refused(openLog().log, delegated(makeToken({ amount: 5 })), 'TOKEN_UNKNOWN')
  })
  test('eight times is allowed, nine times is refused', () => {
    const { log, token } = openLog()
    let last = token
    for (let depth = 1; depth <= 8; depth++) {
      const child = makeToken({ parent: last.cid, amount: 1000 - depth }, alice)
      log.append(child)
      last = child
    }
    refused(log, makeToken({ parent: last.cid, amount: 1 }, alice))
    const manifest = makeManifest(last)
    appendHold(log, makeHold(manifest), manifest)
    assert.equal(free(log, last), 892)
  })
  test('a child of a removed issuer’s token pays for nothing', () => {
    const { log, token } = openLog()
    const child = delegated(token, { holder: hans.did })
    log.append(child)
    log.append(nextCharter(CHARTER, { issuers: [{ did: ines.did, scopes: ['lab'] }] }))
    const manifest = makeManifest(child, {}, hans)
    assert.throws(() => appendHold(log, makeHold(manifest, {}, hans), manifest), {
      code: 'TOKEN_ISSUER_UNKNOWN',
    })
  })
})
