// A small hour of misfortune: machines under load die at random points and come back; nothing that
// was acknowledged is lost or settled twice. `main.ts` beside this does the same a hundred times.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openChance } from '../sim/chance.ts'
import { everyPoint, randomPoints } from './points.ts'
import { runKills } from './run-kills.ts'

const SEED = 20
const POINTS = 6
const PATIENCE_MS = 10_000

test('six deaths under load lose nothing and settle nothing twice', {
  timeout: 240_000,
}, async () => {
  const points = randomPoints(openChance(SEED), POINTS)
  const outcome = await runKills({ points, patienceMs: PATIENCE_MS, width: 1 })
  assert.deepEqual(outcome.violations, [])
  assert.equal(outcome.deaths.length, POINTS)
  assert.ok(outcome.ends.size > 0, 'jobs were acknowledged meanwhile')
})

test('the same seed asks for the same deaths, and each point is there before and after', () => {
  assert.deepEqual(randomPoints(openChance(3), 9), randomPoints(openChance(3), 9))
  const points = everyPoint().map(({ name, at }) => `${name} ${at}`)
  assert.equal(new Set(points).size, points.length)
  assert.ok(points.includes('mesh-node-1 before-append/executor:2'))
  assert.ok(points.includes('federation-1 after-send/appended:2'))
})
