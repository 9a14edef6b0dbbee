/** A home remembers for a while why nobody took a job that has ended, and does not invent it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { homeRole } from '@planetary-mesh/mesh-node'
import {
  type Code,
  Decline,
  type Did,
  LIMITS,
  type Manifest,
  Refusal,
  recordsMessage,
  seal,
  toWireError,
} from '@planetary-mesh/spec'
import { leased, openLog, settleDue, submit } from '../../spec/test/rules/story.ts'
import { bruno, chiara, emil, hourMs, makeBid, makeManifest } from '../../spec/test/rules/world.ts'
import { endJob } from '../src/home/ended.ts'
import type { HomeJob, HomeState } from '../src/home/state.ts'
import { openStep } from './open-step.ts'

const HOME = { bidWindowMs: 500, rebidMs: 2000, resendMs: 500, submitTries: 3 }

/** A job in the log that chiara's home carries, for as long as a test wants. */
function carried() {
  const { log, token } = openLog()
  const { manifest, job } = submit(log, token, { chooser: 'submitter', rule: null })
  const home = openStep(homeRole(HOME), chiara, log)
  home.call(1, { type: 'bids', job: manifest.cid })
  const pass = (from: Did, code: Code) => {
    const error = toWireError(new Refusal(code, 'said bruno'))
    home.hear(from, { type: 'pass', manifest: manifest.cid, error })
  }
  const expire = () => {
    log.atMs = job.hold.record.body.untilMs + 1
    assert.equal(settleDue(log, job)?.body.reason, 'expired')
    home.follow()
  }
  return { home, manifest, pass, expire, log }
}

const bidsOf = (home: ReturnType<typeof carried>['home'], manifest: Manifest) => {
  const [effect] = home.call(2, { type: 'bids', job: manifest.cid })
  assert.ok(effect?.do === 'answer')
  const { answer } = effect
  if (answer.type === 'refused') return answer.error.code
  assert.ok(answer.type === 'bids')
  assert.ok(answer.closed)
  return { bids: answer.bids, codes: answer.passes.map(({ error }) => error.code) }
}

test('why nobody took a job is still said when it has expired, also in the middle of a round', () => {
  const { home, manifest, pass, expire } = carried()
  pass(bruno.did, 'DEADLINE_UNREACHABLE')
  home.timer(`rebid:${manifest.cid}`)
  expire()
  assert.deepEqual(bidsOf(home, manifest), { bids: [], codes: ['DEADLINE_UNREACHABLE'] })
})

test('that time ran out in the end hides no other reason, and a bid takes all of them back', () => {
  const { home, manifest, pass, expire, log } = carried()
  pass(bruno.did, 'LIMIT_EXCEEDED')
  home.timer(`rebid:${manifest.cid}`)
  pass(bruno.did, 'DEADLINE_UNREACHABLE')
  pass(chiara.did, 'CAPACITY_MISSING')
  home.timer(`rebid:${manifest.cid}`)
  const bid = makeBid(manifest, { validUntilMs: log.atMs + hourMs }, chiara)
  home.hear(chiara.did, recordsMessage('offer', [bid]))
  expire()
  const after = bidsOf(home, manifest)
  assert.ok(typeof after === 'object')
  assert.deepEqual(after.codes, ['LIMIT_EXCEEDED'])
  assert.deepEqual(
    after.bids.map(({ cid }) => `${cid}`),
    [`${bid.cid}`],
  )
})

test('a home that was started again does not remember: JOB_UNKNOWN, not an empty answer', () => {
  const { home, manifest, pass, expire } = carried()
  pass(bruno.did, 'CAPACITY_MISSING')
  expire()
  home.start()
  assert.equal(bidsOf(home, manifest), 'JOB_UNKNOWN')
})

test('what its node said last of a job that failed is said when it is over, and no other word', () => {
  const { log, job, manifest, lease } = leased({ attemptsMax: 1 })
  const home = openStep(homeRole(HOME), chiara, log)
  home.call(1, { type: 'bids', job: manifest.cid })
  const say = (from: Did, detail: string) =>
    home.hear(from, { type: 'progress', manifest: manifest.cid, phase: 'failed', detail })
  const detail = () => {
    const [effect] = home.call(2, { type: 'status', job: manifest.cid })
    assert.ok(effect?.do === 'answer' && effect.answer.type === 'status')
    return { state: effect.answer.status.state, detail: effect.answer.detail }
  }
  say(bruno.did, 'BLOCK_CID_MISMATCH: the first block')
  say(emil.did, 'it was me')
  log.append(seal(Decline, { lease: lease.cid, reason: 'module-missing' }, bruno))
  assert.equal(settleDue(log, job)?.body.reason, 'failed')
  home.follow()
  assert.deepEqual(detail(), { state: 'failed', detail: 'BLOCK_CID_MISMATCH: the first block' })
  home.start()
  assert.deepEqual(detail(), { state: 'failed', detail: null })
})

test('of jobs that ended so, the oldest are forgotten; of one that was leased nothing is kept', () => {
  const { token, job, log } = leased()
  const state: HomeState = {
    cancels: new Map(),
    submits: new Map(),
    jobs: new Map(),
    ended: new Map(),
    lastWords: new Map(),
    nodes: new Map(),
  }
  const end = (manifest: Manifest, leases = job.leases) => {
    const rounds = { bids: new Map(), passes: new Map(), earlier: new Map(), phaseDetail: null }
    endJob(state, { manifest, ...rounds } as unknown as HomeJob, { ...job, leases })
  }
  end(job.manifest)
  assert.equal(state.ended.size, 0)
  for (let at = 0; at <= LIMITS.endedRememberedMax; at++) {
    end(makeManifest(token, { createdAtMs: log.atMs + at }), [])
    if (at === 0) assert.equal(state.ended.size, 1)
  }
  assert.equal(state.ended.size, LIMITS.endedRememberedMax)
  const first = makeManifest(token, { createdAtMs: log.atMs })
  assert.ok(!state.ended.has(`${first.cid}`), 'the oldest went')
})
