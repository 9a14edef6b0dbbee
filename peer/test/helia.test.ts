// Others' tools read our records, and write them with the same bytes: `@helia/dag-cbor` over Helia.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dagCbor } from '@helia/dag-cbor'
import { decodeBlock, type Sealed } from '@planetary-mesh/spec'
import { createHeliaLight } from 'helia'
import { CHARTER, makeBid, makeHold, makeManifest, makeToken } from '../../spec/test/rules/world.ts'

const TOKEN = makeToken()
const MANIFEST = makeManifest(TOKEN)
const RECORDS: readonly Sealed[] = [CHARTER, TOKEN, MANIFEST, makeHold(MANIFEST), makeBid(MANIFEST)]

/** A blockstore of Helia's, in memory. */
function blockstore() {
  const held = new Map<string, Uint8Array>()
  return {
    held,
    async put(cid: { toString(): string }, bytes: Uint8Array) {
      held.set(`${cid}`, bytes)
      return cid
    },
    async *get(cid: { toString(): string }) {
      const bytes = held.get(`${cid}`)
      assert(bytes !== undefined)
      yield bytes
    },
    async has(cid: { toString(): string }) {
      return held.has(`${cid}`)
    },
  }
}

test('a record reads through Helia as it reads here, and is written there as the same block', async () => {
  const store = blockstore()
  const helia = createHeliaLight({ blockstore: store as never })
  const codec = dagCbor(helia as never)
  for (const record of RECORDS) {
    await store.put(record.cid, record.bytes)
    const read = await codec.get<Record<string, unknown>>(record.cid as never)
    assert.deepEqual(read, decodeBlock(record.bytes))
    assert.equal(`${await codec.add(read)}`, `${record.cid}`)
    assert.deepEqual(store.held.get(`${record.cid}`), record.bytes)
  }
})
