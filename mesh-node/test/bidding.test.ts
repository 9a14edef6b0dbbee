/** bruno hears of alice's job and says what he would ask, or why he will not run it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExecutorConfig, executorRole } from '@planetary-mesh/mesh-node'
import {
  type Effect,
  type Env,
  encodeMessage,
  type Manifest,
  openAny,
  openMessage,
  openReplica,
  receive,
  recordsMessage,
  verifySignature,
} from '@planetary-mesh/spec'
import { appendHold, openLog } from '../../spec/test/rules/story.ts'
import {
  AMOUNT,
  alice,
  bruno,
  makeDecision,
  makeHold,
  makeManifest,
  PROFILE,
  startMs,
} from '../../spec/test/rules/world.ts'

const CONFIG: ExecutorConfig = {
  slots: 2,
  memoryPages: 8192,
  cores: 4,
  location: 'us-east',
  pricePpm: 800_000,
  fuelPerMs: 1_000_000,
  scopes: [],
  profile: PROFILE,
  bidValidMs: 60_000,
  resendMs: 500,
}

/** What bruno answers to the announcement of a job, under his owner's limits. */
function answer(over: Partial<Manifest['body']>, config: Partial<ExecutorConfig> = {}) {
  const { log, token } = openLog()
  const manifest = makeManifest(token, over)
  const hold = makeHold(manifest)
  const decision = makeDecision({ hold, manifest, token }, startMs)
  log.know(manifest)
  const head = log.anchor()
  const replica = openReplica(log.genesis)
  assert.equal(receive(replica, { anchor: head, get: log.get }).type, 'applied')
  const role = executorRole({ ...CONFIG, ...config })
  const env: Env = {
    nowMs: startMs,
    self: bruno,
    genesis: log.genesis,
    replica,
    verify: verifySignature,
    open: (bytes) => openAny(bytes),
  }
  const message = openMessage(encodeMessage(recordsMessage('announce', [manifest, hold, decision])))
  const { effects } = role.step(role.init(), { type: 'message', from: alice.did, message }, env)
  return said(effects)
}

function said(effects: readonly Effect[]) {
  assert.equal(effects.length, 1, 'one answer to one announcement')
  const [effect] = effects
  assert.ok(effect?.do === 'send')
  const message = openMessage(encodeMessage(effect.message))
  const [bid] = message.opened
  return { code: message.type === 'pass' ? message.error.code : null, bid }
}

test('an executor bids once, at its owner’s price, with the time of the most work', () => {
  const { bid } = answer({})
  assert.ok(bid?.kind === 'bid')
  assert.equal(bid.author, bruno.did)
  assert.equal(bid.body.price, (AMOUNT * 8) / 10)
  assert.equal(bid.body.expectedMs, 100_000)
  assert.deepEqual(bid.body.free, { slots: 2, memoryPages: 8192, cores: 4 })
  assert.equal(bid.body.validUntilMs, startMs + CONFIG.bidValidMs)
})

test('one that lacks memory or cores says so: CAPACITY_MISSING', () => {
  assert.equal(answer({}, { memoryPages: 8191 }).code, 'CAPACITY_MISSING')
  assert.equal(answer({}, { memoryPages: 8192 }).code, null)
  assert.equal(answer({ coresMin: 5 }).code, 'CAPACITY_MISSING')
  assert.equal(answer({ coresMin: 4 }).code, null)
})

test('a deadline that the most work would miss gets no bid: DEADLINE_UNREACHABLE', () => {
  assert.equal(answer({ deadlineMs: 99_999 }).code, 'DEADLINE_UNREACHABLE')
  assert.equal(answer({ deadlineMs: 100_000 }).code, null)
})

test('a newcomer does not bid where more reputation is asked: REPUTATION_TOO_LOW', () => {
  const trust = (reputationMin: number) =>
    ({ verification: 'replay', threshold: 2, reputationMin }) as const
  assert.equal(answer({ trust: trust(51) }).code, 'REPUTATION_TOO_LOW')
  assert.equal(answer({ trust: trust(50) }).code, null)
})

test('another runtime profile is not promised: PROFILE_UNKNOWN', () => {
  assert.equal(answer({ profile: 'k2' }).code, 'PROFILE_UNKNOWN')
})

test('a price above the submitter’s most is not offered: LIMIT_EXCEEDED', () => {
  assert.equal(answer({ priceMax: 79 }).code, 'LIMIT_EXCEEDED')
  assert.equal(answer({ priceMax: 80 }).code, null)
})

test('an owner’s scopes are kept: TOKEN_SCOPE_MISMATCH', () => {
  assert.equal(answer({}, { scopes: ['lab'] }).code, 'TOKEN_SCOPE_MISMATCH')
  assert.equal(answer({}, { scopes: ['default'] }).code, null)
})

test('an announcement without the ledger’s allow is not answered', () => {
  const { log, token } = openLog()
  const manifest = makeManifest(token)
  const hold = makeHold(manifest)
  appendHold(log, hold, manifest)
  const replica = openReplica(log.genesis)
  receive(replica, { anchor: log.anchor(), get: log.get })
  const role = executorRole(CONFIG)
  const env: Env = {
    nowMs: startMs,
    self: bruno,
    genesis: log.genesis,
    replica,
    verify: verifySignature,
    open: (bytes) => openAny(bytes),
  }
  const forged = makeDecision({ hold, manifest, token }, startMs, {}, alice)
  const message = openMessage(encodeMessage(recordsMessage('announce', [manifest, hold, forged])))
  const { effects } = role.step(role.init(), { type: 'message', from: alice.did, message }, env)
  assert.deepEqual(effects, [])
})

test('outside the hours that its owner set it does not bid, within them it does', () => {
  const minute = (startMs / 60_000) % (24 * 60)
  const hours = { fromMinute: minute, untilMinute: minute + 1, offsetMinutesAt: () => 0 }
  assert.equal(answer({}, { hours }).bid?.kind, 'bid')
  assert.equal(answer({}, { hours: { ...hours, offsetMinutesAt: () => 1 } }).code, 'NODE_CLOSED')
})
