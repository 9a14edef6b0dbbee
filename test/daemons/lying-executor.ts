/**
 * A node of the charter in the process of the tests that bids, takes a lease and seals a receipt as
 * it should, of a run that never was: its results are made up.
 */

import { join } from 'node:path'
import { executorRole } from '@planetary-mesh/mesh-node'
import { openLevelDisk, openSystemClock, type Process, serve } from '@planetary-mesh/peer'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import type { Did, Role } from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { charter, folderOf, type Name, signerOf } from './daemons.ts'
import { openPeer } from './test-peer.ts'

const CONFIG = {
  slots: 1,
  memoryPages: 16_384,
  cores: 2,
  scopes: [],
  location: '',
  pricePpm: 1_000_000,
  fuelPerMs: 1_000_000,
  profile: RUNTIME_PROFILE,
  bidValidMs: 60_000,
  resendMs: 500,
}

export type LyingExecutor = { did: Did; process: Process; close(): Promise<void> }

/** Resolves when it has read the charter: it bids from now on. */
export async function openLyingExecutor(
  name: Name,
  bootstrap: readonly string[],
): Promise<LyingExecutor> {
  const signer = signerOf(name)
  const { node, close } = await openPeer(name, { bootstrap })
  const { transport, blocks, pullLog } = node
  const disk = await openLevelDisk(join(folderOf(`liar-${name}`), 'store'))
  const ready = Promise.withResolvers<void>()
  const process = await serve([executorRole(CONFIG) as Role], {
    signer,
    genesis: charter.cid,
    writer: charter.body.writer,
    ports: {
      blocks,
      transport: { ...transport, pullLog },
      journal: disk.openJournal(),
      clock: openSystemClock(),
      exec: fakeExec(blocks),
    },
  })
  const { ledger } = process.replica
  const stop = process.watch(() => {
    if (ledger.charters.length > 0) ready.resolve()
  })
  await ready.promise
  stop()
  return {
    did: signer.did,
    process,
    async close() {
      await process.close()
      await close()
      await disk.close()
    },
  }
}
