// Two members that meet tell each other wire version, profiles and time; their owners hear what
// does not fit, and nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notice } from '@planetary-mesh/peer'
import { LIMITS, WIRE } from '@planetary-mesh/spec'
import { misfits, openGreeter } from '../src/daemon/hello.ts'
import { didFor, openMeeting } from './libp2p-network.ts'

const NOW = { askedAtMs: 10_000, heardAtMs: 10_100 }
const FITS = { wire: WIRE, profiles: ['k1'], atMs: 10_050 }

test('who speaks the same, runs the same and has the same time fits', () => {
  assert.deepEqual(misfits(FITS, ['k1', 'k0'], NOW), [])
  assert.deepEqual(misfits({ ...FITS, profiles: [] }, ['k1'], NOW), [])
  assert.deepEqual(misfits(FITS, [], NOW), [])
})

test('another wire version and another profile are told', () => {
  assert.match(misfits({ ...FITS, wire: 'mesh/9' }, ['k1'], NOW).join(), /mesh\/9/)
  assert.match(misfits({ ...FITS, profiles: ['k2'] }, ['k1'], NOW).join(), /runs k2/)
})

test('a clock is told when it is off by more than the way there and back explains', () => {
  const { clockOffMs } = LIMITS
  const at = (atMs: number) => misfits({ ...FITS, atMs }, ['k1'], NOW)
  assert.deepEqual(at(NOW.heardAtMs + clockOffMs), [])
  assert.match(at(NOW.heardAtMs + clockOffMs + 1).join(), /ahead/)
  assert.deepEqual(at(NOW.askedAtMs - clockOffMs), [])
  assert.match(at(NOW.askedAtMs - clockOffMs - 1).join(), /behind/)
})

test('over the network a wrong clock is heard of, a right one is not', async () => {
  const meeting = openMeeting()
  const alice = await meeting.join('alice')
  const bruno = await meeting.join('bruno')
  const notices: Notice[] = []
  const log = (notice: Notice) => void notices.push(notice)
  const nowMs = () => Date.now()
  const late = () => Date.now() - 60_000
  const [mine] = await Promise.all([
    openGreeter({ node: alice, profiles: ['k1'], nowMs, log }),
    openGreeter({ node: bruno, profiles: ['k1'], nowMs: late, log }),
  ])
  await mine.greet(didFor('chiara'))
  assert.equal(notices.length, 0)
  await mine.greet(bruno.did)
  assert.equal(notices.length, 1)
  assert.match(notices[0]?.detail ?? '', /behind/)
  assert.equal(notices[0]?.from, bruno.did)
})
