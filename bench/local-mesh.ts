/**
 * A mesh without processes, disks or a network: six processes of roles inside this one, over the
 * in-memory twins, with one sandbox for all. What remains is what deciding and signing cost.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { ledgerRole, verifierRole, witnessRole } from '@planetary-mesh/federation'
import { executorRole, homeRole } from '@planetary-mesh/mesh-node'
import type { Federation } from '@planetary-mesh/meshctl'
import {
  type Blocks,
  openExec,
  openMemoryDisk,
  openMemoryHub,
  openSystemClock,
  type Process,
  serve,
} from '@planetary-mesh/peer'
import { type Charter, type CID, HostFault, type Role, type Sandbox } from '@planetary-mesh/spec'

export type LocalMesh = {
  /** Every process by its name in the charter. */
  processes: ReadonlyMap<string, Process>
  /** What each of them holds on its own disk. */
  stores: ReadonlyMap<string, Blocks>
  close(): Promise<void>
}

/** In place of what a process would do: here, to watch what it hears. */
export type ReplaceRoles = (name: string, roles: readonly Role[]) => readonly Role[]

type Machine = Federation['machines'][number]

const HOME = { bidWindowMs: 500, rebidMs: 1000, resendMs: 500, submitTries: 10 }
const CAPACITY = { slots: 1, memoryPages: 16_384, cores: 2, scopes: [] }
const RESEND_MS = 500
const BID_VALID_MS = 60_000
const BATCH_MS = 50
const START_MS = 20_000
const POLL_MS = 5

export async function openLocalMesh(given: {
  federation: Federation
  sandbox: Sandbox
  replaceRoles?: ReplaceRoles | undefined
}): Promise<LocalMesh> {
  const { federation, sandbox, replaceRoles = (_, roles) => roles } = given
  const { charter, machines } = federation
  const hub = openMemoryHub()
  const clock = openSystemClock()
  const processes = new Map<string, Process>()
  const stores = new Map<string, Blocks>()
  const { writer } = charter.body

  /** A block from whichever other member has it. */
  const fetchFor = (name: string) => async (cid: CID) => {
    for (const [other, store] of stores) {
      if (other !== name && (await store.has(cid))) return store.get(cid)
    }
    return undefined
  }
  for (const machine of machines) {
    const { name, signer } = machine
    const disk = openMemoryDisk({ fetch: fetchFor(name) })
    stores.set(name, disk.openBlocks())
    const blocks = disk.openBlocks()
    const ports = {
      blocks,
      clock,
      journal: disk.openJournal(),
      transport: hub.join(signer.did),
      exec: openExec({ blocks, clock, sandbox }),
    }
    const roles = replaceRoles(name, rolesOf(machine, charter, sandbox.profile))
    const options = { signer, genesis: charter.cid, writer, ports }
    processes.set(name, await serve(roles, options))
  }
  const mesh = {
    processes,
    stores,
    async close() {
      // nothing on these disks outlives the demo: no need to let them finish
      for (const process of processes.values()) process.kill()
      await Promise.all([...processes.values()].map((process) => process.close()))
      await Promise.all([...stores.values()].map((store) => store.close()))
    },
  }
  try {
    await Promise.all([...processes.values()].map(awaitCharter))
    return mesh
  } catch (thrown) {
    await mesh.close()
    throw thrown
  }
}

/** A process acts once it has read the charter from the log. */
async function awaitCharter(process: Process): Promise<void> {
  const endsAtMs = Date.now() + START_MS
  while (process.replica.ledger.charters.length === 0) {
    if (process.fault !== undefined) throw process.fault
    if (Date.now() > endsAtMs) throw new HostFault('deadline', 'the log was not read in time')
    await wait(POLL_MS)
  }
}

function rolesOf(machine: Machine, charter: Charter, profile: string): Role[] {
  const { location, offer, roles } = machine
  if (offer !== null) {
    const timing = { bidValidMs: BID_VALID_MS, resendMs: RESEND_MS }
    const config = { ...CAPACITY, ...offer, ...timing, location, profile }
    return [homeRole(HOME), executorRole(config)] as Role[]
  }
  const watching = [witnessRole(), verifierRole({ profile, resendMs: RESEND_MS })] as Role[]
  if (!roles.includes('ledger')) return watching
  return [ledgerRole({ charter, batchMs: BATCH_MS }) as Role, ...watching]
}
