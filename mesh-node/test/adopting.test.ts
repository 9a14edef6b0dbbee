/** Another home goes on with a job: because a person asks there, or because it stands still. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExecutorConfig, executorRole, homeRole } from '@planetary-mesh/mesh-node'
import { type Effect, LIMITS } from '@planetary-mesh/spec'
import {
  judge,
  leased,
  leaseTo,
  openLog,
  receipted,
  settleDue,
  submit,
} from '../../spec/test/rules/story.ts'
import { alice, bruno, chiara, dora, emil, PROFILE } from '../../spec/test/rules/world.ts'
import { answersIn, kindsOf, openStep } from './open-step.ts'

const HOME = { bidWindowMs: 500, rebidMs: 2000, resendMs: 500, submitTries: 3, adoptMs: 5000 }

function submitted(chooser: 'home' | 'submitter') {
  const { log, token } = openLog()
  const rule = chooser === 'home' ? {} : { rule: null }
  const story = submit(log, token, { chooser, ...rule })
  return { ...story, log }
}

const announced = (effects: readonly Effect[]) =>
  effects.some((effect) => effect.do === 'broadcast' && effect.message.type === 'announce')

test('asked for the bids of a job of the log that it does not carry, a home announces it', () => {
  const { log, manifest } = submitted('submitter')
  const home = openStep(homeRole(HOME), chiara, log)
  const effects = home.call(1, { type: 'bids', job: manifest.cid })
  assert.equal(effects[0]?.do, 'record', 'durable before it is said')
  assert.ok(announced(effects))
  assert.deepEqual(answersIn(effects), [[1, { type: 'bids', bids: [], passes: [], closed: false }]])
  assert.ok(!announced(home.call(2, { type: 'bids', job: manifest.cid })), 'once')
})

test('a job that is not in the log, or is over, is JOB_UNKNOWN there', () => {
  const paid = receipted()
  for (const verifier of [dora, emil]) judge(paid.log, paid.receipt, verifier)
  assert.equal(settleDue(paid.log, paid.job)?.body.reason, 'verified')
  const home = openStep(homeRole(HOME), chiara, paid.log)
  const other = submitted('submitter')
  for (const job of [paid.manifest.cid, other.manifest.cid]) {
    const [answer] = home.call(1, { type: 'bids', job })
    assert.ok(answer?.do === 'answer' && answer.answer.type === 'refused')
    assert.equal(answer.answer.error.code, 'JOB_UNKNOWN')
  }
})

test('a job whose rule chooses, and that nobody has leased for a while, is taken up', () => {
  const { log, manifest } = submitted('home')
  const home = openStep(homeRole(HOME), chiara, log)
  const [timer] = home.start()
  assert.ok(timer?.do === 'timer' && timer.atMs === log.atMs + HOME.adoptMs)
  assert.ok(announced(home.timer(timer.name)))
  assert.deepEqual(home.timer(timer.name), [], 'it is carried now')
  assert.equal(timer.name, `adopt:${manifest.cid}`)
})

test('a job that its submitter chooses for, or that is leased, is left alone', () => {
  const waiting = submitted('submitter')
  assert.deepEqual(openStep(homeRole(HOME), chiara, waiting.log).start(), [])
  const story = leased({ chooser: 'home' })
  const home = openStep(homeRole(HOME), chiara, story.log)
  const [timer] = home.start()
  assert.ok(timer?.do === 'timer')
  const [later] = home.timer(timer.name)
  const untilMs = story.lease.body.untilMs
  assert.ok(later?.do === 'timer' && later.atMs === untilMs + HOME.adoptMs)
})

const EXECUTOR: ExecutorConfig = {
  slots: 2,
  memoryPages: 8192,
  cores: 4,
  location: 'us-east',
  pricePpm: 800_000,
  fuelPerMs: 1_000_000,
  scopes: ['coop'],
  profile: PROFILE,
  bidValidMs: 60_000,
  resendMs: 500,
}

test('an executor says what it offers, now and then; one without a beat says nothing', () => {
  const silent = openStep(executorRole(EXECUTOR), bruno, submitted('home').log)
  assert.deepEqual(kindsOf(silent.start()), ['timer'])
  const { log } = submitted('home')
  const bruno1 = openStep(executorRole({ ...EXECUTOR, advertMs: 250 }), bruno, log)
  const [said, again] = bruno1
    .start()
    .filter((effect) => !('name' in effect && effect.name === 'resend'))
  assert.ok(said?.do === 'broadcast' && said.message.type === 'advert')
  assert.deepEqual(said.message.capacity.freeSlots, 2)
  assert.ok(again?.do === 'timer' && again.atMs === log.atMs + 250)
  assert.deepEqual(kindsOf(bruno1.timer(again.name)), ['broadcast', 'timer'])
})

test('an executor of which nothing is new says so at every fifth beat, once it is known', () => {
  const { log } = submitted('home')
  const bruno1 = openStep(executorRole({ ...EXECUTOR, advertMs: 250 }), bruno, log)
  bruno1.start()
  const beats = Array.from({ length: 40 }, () => kindsOf(bruno1.timer('advert')))
  const said = beats.map((kinds) => kinds.includes('broadcast'))
  assert.ok(beats.every((kinds) => kinds.includes('timer')))
  assert.ok(said.slice(0, 29).every(Boolean), 'while a mesh comes together')
  assert.deepEqual(
    said.slice(29).flatMap((is, at) => (is ? [at + 29] : [])),
    [33, 38],
  )
})

test('a slot that is taken is said at the next beat, however quiet it was', () => {
  const story = submitted('home')
  const bruno1 = openStep(executorRole({ ...EXECUTOR, advertMs: 250 }), bruno, story.log)
  bruno1.start()
  for (let beat = 0; beat < 29; beat++) bruno1.timer('advert')
  assert.deepEqual(kindsOf(bruno1.timer('advert')), ['timer'])
  leaseTo(story.log, story)
  bruno1.follow()
  const [said] = bruno1.timer('advert')
  assert.ok(said?.do === 'broadcast' && said.message.type === 'advert')
  assert.equal(said.message.capacity.freeSlots, 1)
  assert.deepEqual(kindsOf(bruno1.timer('advert')), ['timer'])
})

test('a home lists what executors of the charter said last, and nobody else', () => {
  const { log } = submitted('home')
  const home = openStep(homeRole(HOME), chiara, log)
  const capacity = {
    slots: 2,
    freeSlots: 1,
    queued: 0,
    memoryPages: 8192,
    cores: 4,
    location: 'us-east',
    scopes: [],
    profile: PROFILE,
  }
  for (const member of [bruno, alice]) home.hear(member.did, { type: 'advert', capacity })
  home.hear(bruno.did, { type: 'advert', capacity: { ...capacity, freeSlots: 0 } })
  const [[, answer] = []] = answersIn(home.call(1, { type: 'nodes' }))
  assert.deepEqual(answer, {
    type: 'nodes',
    nodes: [{ node: bruno.did, heardAtMs: log.atMs, capacity: { ...capacity, freeSlots: 0 } }],
  })
  assert.ok(LIMITS.scopesMax >= 1)
})
