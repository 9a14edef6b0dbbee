/** emil runs bruno's job again and says once what he found, until the log holds it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VerifierConfig, type VerifierState, verifierRole } from '@planetary-mesh/federation'
import {
  type Code,
  type Effect,
  type Env,
  type Event,
  encodeMessage,
  openAny,
  openMessage,
  openReplica,
  Refusal,
  type RunEnd,
  receive,
  type Signer,
  toWireError,
  type Verdict,
  verifySignature,
  type WireMessage,
} from '@planetary-mesh/spec'
import { receipted } from '../../spec/test/rules/story.ts'
import { bruno, dora, emil, makeReceipt, PROFILE, RESULT } from '../../spec/test/rules/world.ts'

/** What emil does about bruno's receipt, which the log holds. */
function openVerifier(over: Partial<VerifierConfig> = {}) {
  const story = receipted()
  const { log, receipt } = story
  const replica = openReplica(log.genesis)
  const read = () => {
    const received = receive(replica, { anchor: log.anchor(), get: log.get })
    assert.equal(received.type, 'applied')
    return received
  }
  read()
  const role = verifierRole({ profile: PROFILE, resendMs: 500, ...over })
  let state: VerifierState = role.init()
  let passedMs = 0
  const env: Env = {
    nowMs: log.atMs,
    self: emil,
    genesis: log.genesis,
    replica,
    verify: verifySignature,
    open: (bytes) => openAny(bytes),
  }
  const step = (event: Event): Effect[] => {
    const done = role.step(state, event, { ...env, nowMs: env.nowMs + passedMs })
    state = done.state
    return done.effects
  }
  const run = `${receipt.cid}`
  return {
    ...story,
    pass(ms: number) {
      passedMs += ms
    },
    start: (journal: unknown[] = []) => step({ type: 'start', journal }),
    timer: () => step({ type: 'timer', name: 'resend' }),
    ran: (end: RunEnd) => step({ type: 'ran', run, end }),
    /** The sandbox, or what fetches for it, would not run the job. */
    runRefused: (code: Code) =>
      step({ type: 'ran', run, end: { type: 'refused', error: no(code) } }),
    /** `from` answers the verdict with a refusal. */
    refused(from: Signer, { cid }: Verdict, code: Code) {
      const error = no(code)
      const message: WireMessage = { type: 'refused', request: cid, error, records: [] }
      return step({ type: 'message', from: from.did, message: openMessage(encodeMessage(message)) })
    },
    follow: () => step({ ...read(), type: 'log' }),
  }
}

const no = (code: Code) => toWireError(new Refusal(code, 'no'))

/** The same run again, with this result. */
function done(story: ReturnType<typeof receipted>, result = RESULT): RunEnd {
  return { type: 'done', result, measured: makeReceipt(story).body.measured }
}

const runsIn = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'run' ? [effect.run] : []))

/** The verdicts that dora is asked to log. */
function verdictsIn(effects: readonly Effect[]): Verdict[] {
  return effects.flatMap((effect) => {
    if (effect.do !== 'send' || effect.message.type !== 'append') return []
    assert.equal(effect.to, dora.did)
    const verdict = openAny(effect.message.records[0] as Uint8Array)
    return verdict.kind === 'verdict' ? [verdict] : []
  })
}

/** The one verdict, durable before it is sent. */
function verdictIn(effects: readonly Effect[]): Verdict {
  assert.deepEqual(
    effects.map((effect) => effect.do),
    ['record', 'send'],
  )
  const [verdict] = verdictsIn(effects)
  assert.ok(verdict)
  return verdict
}

const cidsOf = (verdicts: readonly Verdict[]) => verdicts.map(({ cid }) => `${cid}`)

test('a receipt in the log is run again, and the same result is called valid', () => {
  const emils = openVerifier()
  assert.deepEqual(runsIn(emils.start()), [`${emils.receipt.cid}`])
  const { body } = verdictIn(emils.ran(done(emils)))
  assert.deepEqual([body.result, body.method, body.findings], ['valid', 'replay', []])
})

test('another result is called invalid: OUTPUT_MISMATCH', () => {
  const emils = openVerifier()
  emils.start()
  const { body } = verdictIn(emils.ran(done(emils, { ...RESULT, fuel: RESULT.fuel + 1 })))
  assert.equal(body.result, 'invalid')
  assert.deepEqual(
    body.findings.map(({ code }) => code),
    ['OUTPUT_MISMATCH'],
  )
})

test('a replay that found every slot taken is no verdict, and is tried again', () => {
  const emils = openVerifier()
  emils.start()
  for (let times = 0; times < 3; times++) {
    assert.deepEqual(emils.runRefused('OVERLOADED'), [])
    const again = emils.timer()
    assert.deepEqual(runsIn(again), [`${emils.receipt.cid}`])
    assert.deepEqual(verdictsIn(again), [])
    assert.deepEqual(runsIn(emils.timer()), [], 'it is running')
  }
  assert.equal(verdictIn(emils.ran(done(emils))).body.result, 'valid')
})

test('a block that is missing soon after the receipt may come; later it is said to be missing', () => {
  const emils = openVerifier({ missingMs: 30_000 })
  emils.start()
  assert.deepEqual(emils.runRefused('BLOCK_MISSING'), [])
  assert.deepEqual(runsIn(emils.timer()), [`${emils.receipt.cid}`])
  emils.pass(30_000)
  assert.equal(verdictIn(emils.runRefused('BLOCK_MISSING')).body.result, 'cannot-replay')
  assert.deepEqual(runsIn(emils.timer()), [])
})

test('a replay that was refused for another reason is judged, and not tried again', () => {
  for (const [code, result] of [
    ['BLOCK_MISSING', 'cannot-replay'],
    ['FILE_TOO_LARGE', 'cannot-replay'],
    ['MODULE_REFUSED', 'invalid'],
    ['IMPORT_REFUSED', 'invalid'],
  ] as const) {
    const emils = openVerifier()
    emils.start()
    const { body } = verdictIn(emils.runRefused(code))
    assert.equal(body.result, result)
    assert.deepEqual(
      body.findings.map((found) => found.code),
      result === 'invalid' ? [code] : [],
    )
    assert.deepEqual(runsIn(emils.timer()), [])
  }
})

test('a verdict is sent until the log holds it, and no more', () => {
  const emils = openVerifier()
  emils.start()
  const verdict = verdictIn(emils.ran(done(emils)))
  assert.deepEqual(cidsOf(verdictsIn(emils.timer())), [`${verdict.cid}`])
  assert.deepEqual(cidsOf(verdictsIn(emils.timer())), [`${verdict.cid}`])
  emils.log.append(verdict)
  assert.deepEqual(emils.follow(), [])
  assert.deepEqual(verdictsIn(emils.timer()), [])
})

test('a verdict that the writer has no room for is sent again', () => {
  const emils = openVerifier()
  emils.start()
  const verdict = verdictIn(emils.ran(done(emils)))
  assert.deepEqual(emils.refused(dora, verdict, 'OVERLOADED'), [])
  assert.deepEqual(cidsOf(verdictsIn(emils.timer())), [`${verdict.cid}`])
})

test('a verdict that the writer refuses otherwise is sent no more, on its word alone', () => {
  const emils = openVerifier()
  emils.start()
  const verdict = verdictIn(emils.ran(done(emils)))
  assert.deepEqual(emils.refused(bruno, verdict, 'ROLE_MISSING'), [])
  assert.deepEqual(cidsOf(verdictsIn(emils.timer())), [`${verdict.cid}`], 'bruno is not the writer')
  assert.deepEqual(emils.refused(dora, verdict, 'ROLE_MISSING'), [])
  const after = emils.timer()
  assert.deepEqual([verdictsIn(after), runsIn(after)], [[], []])
})

test('after a restart the verdict of before is sent, and nothing is run or said anew', () => {
  const before = openVerifier()
  before.start()
  const [record, ...more] = before.ran(done(before))
  assert.ok(record?.do === 'record')
  const again = openVerifier()
  const effects = again.start([record.entry])
  assert.deepEqual(runsIn(effects), [])
  assert.deepEqual(cidsOf(verdictsIn(again.timer())), cidsOf(verdictsIn(more)))
})

test('a verdict on what the log has forgotten is not carried into the next start', () => {
  const story = openVerifier()
  story.start()
  const written = story
    .ran(done(story))
    .flatMap((effect) => (effect.do === 'record' ? [effect.entry] : []))
  assert.equal(written.length, 1)
  const { isOver } = verifierRole({ profile: PROFILE, resendMs: 500 })
  const { ledger } = story.log
  assert.equal(isOver?.(written[0], ledger), false, 'the log may not hold it yet')
  assert.equal(isOver?.(written[0], { ...ledger, jobOf: new Map() }), true)
})
