// What whoever submits a job through the control API can count on from then on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Block, type CID, textOf } from '@planetary-mesh/spec'
import { openStand, refuses } from './control-stage.ts'

test('the id that a submit gives opens at once, before the log has brought the manifest', async () => {
  const held = new Map<string, Uint8Array>()
  // a store that no batch of the log comes into
  const blocks = {
    get: async (cid: CID) => held.get(textOf(cid)),
    has: async (cid: CID) => held.has(textOf(cid)),
    put: async (put: readonly Block[]) => {
      for (const { cid, bytes } of put) held.set(textOf(cid), bytes)
    },
  }
  await using stand = await openStand({}, { blocks })
  const { mesh, client } = stand
  const job = mesh.seal({ chooser: 'submitter' })
  await refuses(() => client.block(job.manifest.cid), 'BLOCK_MISSING')
  await client.submit([job.token], job.manifest, job.hold)
  assert.deepEqual(await client.block(job.manifest.cid), job.manifest.bytes)
})
