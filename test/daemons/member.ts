/**
 * A member of the charter in the process of the tests with roles of their choice, such as a log
 * writer or an executor that lies: real network, real disk, and a way to run that they bring.
 */
import { join } from 'node:path'
import {
  type Blocks,
  type Clock,
  type Exec,
  openLevelDisk,
  openSystemClock,
  type Process,
  serve,
} from '@planetary-mesh/peer'
import type { NetworkNode } from '@planetary-mesh/peer/network'
import type { Charter, Policies, Role } from '@planetary-mesh/spec'
import { charter, folderOf, type Name, signerOf } from './daemons.ts'
import { openPeer } from './test-peer.ts'

export type Member = { process: Process; node: NetworkNode; close(): Promise<void> }

export type MemberOptions = {
  roles: readonly unknown[]
  bootstrap: readonly string[]
  listen?: readonly string[]
  under?: Charter
  policies?: Policies
  openExec: (given: { blocks: Blocks; clock: Clock }) => Exec
}

/** Resolves when it has read the charter: it acts from now on. */
export async function openMember(name: Name, options: MemberOptions): Promise<Member> {
  const { under = charter, policies, roles, ...reach } = options
  let served: Process | undefined
  const { node, close } = await openPeer(name, {
    ...reach,
    under,
    async *serveLog(fromSize, signal) {
      if (served !== undefined) yield* served.logBlocks(fromSize, signal)
    },
  })
  const { transport, blocks, pullLog } = node
  const disk = await openLevelDisk(join(folderOf(`test-${name}`), 'store'))
  const clock = openSystemClock()
  const process = await serve(roles as Role[], {
    signer: signerOf(name),
    genesis: under.cid,
    writer: under.body.writer,
    ...(policies && { policies }),
    ports: {
      blocks,
      transport: { ...transport, pullLog },
      journal: disk.openJournal(),
      clock,
      exec: options.openExec({ blocks, clock }),
    },
  })
  served = process
  await until(process, () => process.replica.ledger.charters.length > 0 || undefined)
  return {
    process,
    node,
    async close() {
      await process.close()
      await close()
      await disk.close()
    },
  }
}

/** Resolves when the process has handled another event. */
export function nextEvent({ process }: Member): Promise<void> {
  return new Promise((resolve) => {
    const stop = process.watch(() => {
      stop()
      resolve()
    })
  })
}

/** The first thing that `probe` finds, now or after something happened there. */
export function until<T>(process: Process, probe: () => T | undefined): Promise<T> {
  return new Promise((resolve) => {
    let stop = () => {}
    const look = () => {
      const found = probe()
      if (found === undefined) return
      stop()
      resolve(found)
    }
    stop = process.watch(look)
    look()
  })
}
