// The schedule of a run of random deaths; `main.ts` beside this makes such a run, for minutes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openChance } from '../sim/chance.ts'
import { everyPoint, randomPoints } from './points.ts'

test('the same seed asks for the same deaths, and each point is there before and after', () => {
  assert.deepEqual(randomPoints(openChance(3), 9), randomPoints(openChance(3), 9))
  const points = everyPoint().map(({ name, at }) => `${name} ${at}`)
  assert.equal(new Set(points).size, points.length)
  assert.ok(points.includes('mesh-node-1 before-append/executor:2'))
  assert.ok(points.includes('federation-1 after-send/appended:2'))
})
