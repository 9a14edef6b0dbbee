/** A job is announced again when nothing came of it, and never over a choice that still holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { homeRole } from '@planetary-mesh/mesh-node'
import { Decline, Refusal, recordsMessage, seal, toWireError } from '@planetary-mesh/spec'
import { awardOn, leaseOn, openLog, submit } from '../../spec/test/rules/story.ts'
import { alice, bruno, chiara, hourMs, makeBid } from '../../spec/test/rules/world.ts'
import { kindsOf, openStep } from './open-step.ts'

const HOME = { bidWindowMs: 500, rebidMs: 2000, resendMs: 500, submitTries: 3 }

test('neither the end of an earlier term nor a loser’s pass undoes a choice', () => {
  const { log, token } = openLog()
  const { manifest } = submit(log, token, { chooser: 'submitter', rule: null })
  const lease = leaseOn(log, awardOn(log, manifest, [makeBid(manifest)], {}, alice))
  const home = openStep(homeRole(HOME), chiara, log)
  home.call(1, { type: 'bids', job: manifest.cid })
  log.append(seal(Decline, { lease: lease.cid, reason: 'restart' }, bruno))
  home.follow()
  const bid = makeBid(manifest, { validUntilMs: log.atMs + hourMs })
  home.hear(bruno.did, recordsMessage('offer', [bid]))
  home.call(2, { type: 'award', award: awardOn(log, manifest, [bid], {}, alice) })
  const rebid = `rebid:${manifest.cid}`
  assert.deepEqual(home.timer(rebid), [])
  assert.deepEqual(kindsOf(home.timer(`award:${manifest.cid}`)), ['send', 'timer'])
  const error = toWireError(new Refusal('CAPACITY_MISSING', 'busy'))
  const pass = { type: 'pass', manifest: manifest.cid, error } as const
  assert.deepEqual(home.hear(chiara.did, pass), [], 'who was not chosen has no say')
  assert.deepEqual(kindsOf(home.timer(`award:${manifest.cid}`)), ['send', 'timer'])
  log.atMs += 2 * hourMs
  assert.deepEqual(kindsOf(home.timer(rebid)), ['broadcast', 'timer'], 'its bid ran out')
})

test('bids that wait for their submitter until none holds any more make room for a new round', () => {
  const { log, token } = openLog()
  const { manifest } = submit(log, token, { chooser: 'submitter', rule: null })
  const home = openStep(homeRole(HOME), chiara, log)
  home.call(1, { type: 'bids', job: manifest.cid })
  const untilMs = log.atMs + hourMs
  home.hear(bruno.did, recordsMessage('offer', [makeBid(manifest, { validUntilMs: untilMs })]))
  const [timer] = home.timer(`window:${manifest.cid}`)
  assert.ok(timer?.do === 'timer' && timer.atMs === untilMs + 1)
  log.atMs = timer.atMs
  assert.deepEqual(kindsOf(home.timer(timer.name)), ['broadcast', 'timer'])
})

test('while the chosen node holds its lease, the end of the bids announces nothing', () => {
  const { log, token } = openLog()
  const { manifest } = submit(log, token, { chooser: 'submitter', rule: null })
  const home = openStep(homeRole(HOME), chiara, log)
  home.call(1, { type: 'bids', job: manifest.cid })
  const lease = leaseOn(log, awardOn(log, manifest, [makeBid(manifest)], {}, alice))
  home.follow()
  const [timer] = home.timer(`rebid:${manifest.cid}`)
  assert.ok(timer?.do === 'timer' && timer.atMs === lease.body.untilMs + 1)
})
