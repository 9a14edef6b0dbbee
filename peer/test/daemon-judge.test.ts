// What a process passes on of what neighbours say to everybody: jobs that the log writer allowed,
// adverts and the log; nothing else, and nothing that does not open.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOpener } from '@planetary-mesh/peer'
import {
  appendMessage,
  encodeMessage,
  recordsMessage,
  type Sealed,
  verifySignature,
} from '@planetary-mesh/spec'
import {
  CHARTER,
  emil,
  makeDecision,
  makeHold,
  makeManifest,
  makeToken,
  startMs,
} from '../../spec/test/rules/world.ts'
import { openJudge } from '../src/daemon/judge-broadcast.ts'

const open = createOpener({ verify: verifySignature, max: 100 })
const judge = openJudge({ open, charterNow: () => CHARTER })
const token = makeToken()
const manifest = makeManifest(token)
const hold = makeHold(manifest)
const job = { hold, manifest, token }
const decision = makeDecision(job, startMs)

const announce = (...records: Sealed[]) => encodeMessage(recordsMessage('announce', records))

test('a job that the log writer allowed is passed on', () => {
  assert.equal(judge(announce(manifest, hold, decision)), 'accept')
})

test('a job without the writer’s word is not passed on', () => {
  assert.equal(judge(announce(manifest, hold)), 'reject')
  const other = makeManifest(token, { description: 'another job' })
  assert.equal(judge(announce(other, hold, decision)), 'reject')
  const denied = makeDecision(job, startMs, { effect: 'deny', code: 'QUOTA_EXCEEDED' })
  assert.equal(judge(announce(manifest, hold, denied)), 'reject')
})

test('one that somebody else allowed is ignored: a neighbour may know another writer', () => {
  const byEmil = makeDecision(job, startMs, {}, emil)
  assert.equal(judge(announce(manifest, hold, byEmil)), 'ignore')
})

test('adverts are passed on, and what is for one member alone is not', () => {
  const capacity = {
    ...{ slots: 1, freeSlots: 1, queued: 0, memoryPages: 1, cores: 1 },
    ...{ location: '', scopes: [], profile: 'k1' },
  }
  assert.equal(judge(encodeMessage({ type: 'advert', capacity })), 'accept')
  assert.equal(judge(encodeMessage(appendMessage([hold], [manifest]))), 'reject')
})

test('what does not open is refused for its bytes', () => {
  assert.equal(judge(new Uint8Array([1, 2, 3])), 'reject')
  const [first = 0, ...rest] = hold.bytes.toReversed()
  const forged = { ...hold, bytes: new Uint8Array([first ^ 1, ...rest]).toReversed() }
  assert.equal(judge(announce(manifest, forged, decision)), 'reject')
})
