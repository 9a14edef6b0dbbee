/**
 * Two jobs want the same units at the same moment. The ledger gives them to one; the other is
 * refused before anybody but the ledger has heard of it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delivery } from '@planetary-mesh/peer'
import { cidOf, type Did, decodeBlock, LIMITS, Refusal } from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh } from '../mesh/harness.ts'
import type { Job } from '../mesh/jobs.ts'
import { dora, issueToken } from '../mesh/people.ts'
import { hops, openDice } from './chance.ts'

const RACES = 200
const AMOUNT = 100

/** Which jobs were announced, and who was ever sent the bytes of which manifest. */
function openEar() {
  const announced = new Set<string>()
  const heard = new Map<string, Set<Did>>()
  return {
    announced,
    heard,
    listen({ to, message }: Delivery) {
      const value = decodeBlock(message, { bytesMax: LIMITS.messageBytesMax })
      const {
        type,
        records = [],
        linked = [],
      } = value as {
        type: string
        records?: Uint8Array[]
        linked?: Uint8Array[]
      }
      for (const bytes of [...records, ...linked]) {
        const cid = `${cidOf('dag-cbor', bytes)}`
        heard.set(cid, (heard.get(cid) ?? new Set()).add(to))
        if (type === 'announce') announced.add(cid)
      }
    },
  }
}

test(`of two jobs racing for one token, ${RACES} times, exactly one wins and the other is never announced`, async (t) => {
  const ear = openEar()
  const dice = openDice(2)
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    // who bids, runs and checks has no part in this
    replaceRoles: (_, roles) => roles.filter(({ name }) => name === 'home' || name === 'ledger'),
    carry(delivery, deliver) {
      ear.listen(delivery)
      hops(dice() % 4, deliver)
    },
  })
  const winners: Job[] = []
  const losers: Job[] = []
  let firstWon = 0
  for (let race = 0; race < RACES; race++) {
    // each token is another one by the time at which it ends
    const expiresAtMs = mesh.clock.nowMs() + 3_600_000 + race
    const token = issueToken(mesh.charter, expiresAtMs, { amount: AMOUNT, expiresAtMs })
    const jobs = [mesh.seal({ token, amount: AMOUNT }), mesh.seal({ token, amount: AMOUNT })]
    const homes = ['bruno', race % 2 === 0 ? 'chiara' : 'bruno']
    const ended = await Promise.allSettled(jobs.map((job, at) => mesh.submitSealed(job, homes[at])))
    const won = ended.filter(({ status }) => status === 'fulfilled')
    assert.equal(won.length, 1, `race ${race}: ${won.length} jobs have the units of one`)
    const lost = ended.findIndex(({ status }) => status === 'rejected')
    const { reason } = ended[lost] as PromiseRejectedResult
    assert.ok(reason instanceof Refusal, String(reason))
    assert.equal(reason.code, 'TOKEN_EXHAUSTED')
    assert.deepEqual(reason.values, { asked: AMOUNT, available: 0, limit: AMOUNT })
    losers.push(jobs[lost] as Job)
    winners.push(jobs[1 - lost] as Job)
    firstWon += lost
  }
  t.diagnostic(`the first of the two won ${firstWon} of ${RACES} races`)
  assert.ok(firstWon > 0 && firstWon < RACES, 'either of the two can win')
  for (const job of winners) {
    await mesh.logged(job, 'the hold', ({ hold }) => hold)
    assert.ok(ear.announced.has(`${job.manifest.cid}`))
  }
  const { ledger } = mesh.machine('fatou').process.replica
  assert.equal(ledger.jobs.size, RACES)
  for (const { manifest } of losers) {
    assert.ok(!ear.announced.has(`${manifest.cid}`), 'a refused job is announced to nobody')
    assert.deepEqual([...(ear.heard.get(`${manifest.cid}`) ?? [])], [dora.did])
    assert.ok(!ledger.jobs.has(`${manifest.cid}`))
  }
})
