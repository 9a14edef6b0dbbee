/** The exam of Keyring: it signs for the keys it has, and for no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { Keyring } from '@planetary-mesh/peer'
import { signerFromSeed, verifySignature } from '@planetary-mesh/spec'
import { bytesOf } from './refuses.ts'

const seeds = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))
const stranger = signerFromSeed(new Uint8Array(32).fill(4))

export function examineKeyring(
  name: string,
  make: (seeds: readonly Uint8Array[]) => Promise<Keyring>,
): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)

  says('each of its keys signs as the one rule verifies, and only for itself', async () => {
    const ring = await make(seeds)
    const message = bytesOf('I said so')
    assert.equal(ring.dids().length, 3)
    for (const did of ring.dids()) {
      const signer = ring.signer(did)
      assert.equal(signer?.did, did)
      const signature = signer?.sign(message) ?? bytesOf('')
      for (const other of ring.dids()) {
        assert.equal(verifySignature(other, message, signature), other === did)
      }
      assert.equal(verifySignature(did, bytesOf('I said not'), signature), false)
    }
  })

  says('its keys are those of the seeds', async () => {
    const ring = await make(seeds)
    const expected = seeds.map((seed) => signerFromSeed(seed).did)
    assert.deepEqual([...ring.dids()].sort(), expected.sort())
  })

  says('there is no signer for the key of somebody else', async () => {
    assert.equal((await make(seeds)).signer(stranger.did), undefined)
    assert.deepEqual((await make([])).dids(), [])
  })

  says('no key shows in what it prints', async () => {
    const ring = await make(seeds)
    const shown = ring.dids().map((did) => inspect(ring.signer(did), { depth: 9 }))
    const text = [inspect(ring, { depth: 9, showHidden: true }), ...shown].join('\n')
    assert.doesNotMatch(text, /(01){8}|(\b1,? ){8}/)
  })
}
