/**
 * The machines of a test mesh: the real roles in the real shell, over the twins in memory, with
 * their runs, journals and messages left open to look at.
 */
import { ledgerRole, verifierRole, witnessRole } from '@planetary-mesh/federation'
import { type ExecutorConfig, executorRole, homeRole } from '@planetary-mesh/mesh-node'
import {
  type Blocks,
  type Clock,
  type Exec,
  type Journal,
  type MemoryDisk,
  type MemoryHub,
  openMemoryDisk,
  type Process,
  serve,
} from '@planetary-mesh/peer'
import { openPolicies } from '@planetary-mesh/runtime'
import {
  type Charter,
  type CID,
  decodeBlock,
  LIMITS,
  type Role,
  type Signer,
} from '@planetary-mesh/spec'
import type { Bell } from './bell.ts'
import { NODES, type Person } from './people.ts'
import { verifyOnce } from './verify-once.ts'

export type Machine = {
  name: string
  signer: Signer
  disk: MemoryDisk
  process: Process
  /** A handle of the test's own on the machine's blocks. */
  blocks: Blocks
  /** The manifests of every run that its Exec was asked for, in order. */
  runs: readonly string[]
  /** What its roles wrote to the journal, oldest first. */
  journal(): Promise<{ role: string; entry: unknown }[]>
}

/** In place of what a process would do: for tests of what a lie comes to. */
export type ReplaceRoles = (name: string, roles: readonly Role[]) => readonly Role[]
/** The Exec of one machine, over its own blocks. */
export type MakeExec = (name: string, given: { blocks: Blocks; clock: Clock }) => Exec

export type Given = {
  charter: Charter
  hub: MemoryHub
  clock: Clock
  bell: Bell
  profile: string
  nodes: Partial<Record<string, Partial<ExecutorConfig>>>
  makeExec: MakeExec
  replaceRoles: ReplaceRoles
  signers: Partial<Record<string, Signer>>
  /** A block that this machine does not have, from whoever has it. */
  fetch: (name: string, cid: CID) => Promise<Uint8Array | undefined>
}

/** How everybody here asks rules in CCL. */
export const policies = openPolicies()

const BATCH_MS = 5
const RESEND_MS = 150
const HOME = { bidWindowMs: 5000, rebidMs: 200, resendMs: RESEND_MS, submitTries: 40 }
const PRICES: Record<string, number> = { bruno: 950_000, chiara: 800_000, gita: 900_000 }
const NODE: Omit<ExecutorConfig, 'profile' | 'pricePpm'> = {
  slots: 2,
  memoryPages: 16_384,
  cores: 4,
  location: '',
  fuelPerMs: 1_000_000,
  scopes: [],
  bidValidMs: 60_000,
  resendMs: RESEND_MS,
}

export async function startMachine({ name, signer }: Person, given: Given): Promise<Machine> {
  const { charter, hub, clock, bell } = given
  const disk = openMemoryDisk({ fetch: (cid) => given.fetch(name, cid) })
  const blocks = disk.openBlocks()
  const journal = disk.openJournal()
  const runs: string[] = []
  const roles = given.replaceRoles(name, rolesOf(name, given))
  const process = await serve(
    roles.map((role) => heard(role, bell)),
    {
      signer: given.signers[name] ?? signer,
      genesis: charter.cid,
      writer: charter.body.writer,
      policies,
      verify: verifyOnce,
      ports: {
        blocks,
        clock,
        journal: ringing(journal, bell),
        transport: hub.join(signer.did),
        exec: counted(given.makeExec(name, { blocks, clock }), runs, bell),
      },
    },
  )
  void process.ended.then(bell.ring)
  return {
    name,
    signer,
    disk,
    process,
    blocks: disk.openBlocks(),
    runs,
    async journal() {
      const written = []
      for await (const bytes of journal.read()) {
        const value = decodeBlock(bytes, { bytesMax: LIMITS.journalEntryBytesMax })
        written.push(value as { role: string; entry: unknown })
      }
      return written
    },
  }
}

/** Nodes are home and executor; dora writes the log; the whole federation watches. */
function rolesOf(name: string, { charter, profile, nodes }: Given): Role[] {
  if (NODES.includes(name)) {
    const pricePpm = PRICES[name] ?? 1_000_000
    const config = { ...NODE, pricePpm, profile, ...nodes[name] }
    return [homeRole(HOME), executorRole(config)] as Role[]
  }
  const watching = [witnessRole(), verifierRole({ profile, resendMs: RESEND_MS })] as Role[]
  if (name !== 'dora') return watching
  return [ledgerRole({ charter, batchMs: BATCH_MS, policies }) as Role, ...watching]
}

function heard(role: Role, bell: Bell): Role {
  return {
    ...role,
    step(state, event, env) {
      const done = role.step(state, event, env)
      // once the shell has taken the new state
      setImmediate(bell.ring)
      return done
    },
  }
}

function ringing(journal: Journal, bell: Bell): Journal {
  return {
    ...journal,
    async append(entries) {
      await journal.append(entries)
      bell.ring()
    },
  }
}

function counted(exec: Exec, runs: string[], bell: Bell): Exec {
  return {
    run(manifest, options) {
      runs.push(`${manifest.cid}`)
      bell.ring()
      return exec.run(manifest, options)
    },
    close: () => exec.close(),
  }
}
