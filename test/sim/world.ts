/**
 * The simulated world: twenty processes on one virtual clock, each with a disk that loses what was
 * not synced, on a network that loses what it likes. Processes crash and come back. The roles and
 * the shell are the ones the daemons run.
 */

import { type Book, ledgerRole, verifierRole, witnessRole } from '@planetary-mesh/federation'
import { executorRole, homeRole } from '@planetary-mesh/mesh-node'
import {
  createOpener,
  openMemoryDisk,
  openVirtualClock,
  type Process,
  serve,
  type VirtualClock,
} from '@planetary-mesh/peer'
import {
  type AnyRecord,
  type Did,
  LIMITS,
  type Reader,
  type Receipt,
  Refusal,
  type Role,
  textOf,
} from '@planetary-mesh/spec'
import { type Chance, openChance } from './chance.ts'
import { fakeExec } from './fake-exec.ts'
import { Invariants } from './invariants.ts'
import { openKeys } from './keys.ts'
import { openMallory } from './mallory.ts'
import { openNetwork } from './network.ts'
import { type Federation, foundFederation, type NodePlan, PROFILE } from './people.ts'
import { sharedDoor } from './shared-door.ts'
import { openSubmitter, type Submitter } from './submitter.ts'

export const START_MS = 1_700_000_000_000

type Node = {
  plan: NodePlan
  disk: ReturnType<typeof openMemoryDisk>
  chance: Chance
  process: Process | undefined
}

export type World = {
  clock: VirtualClock
  federation: Federation
  nodes: Node[]
  submitters: Submitter[]
  invariants: Invariants
  crashes: number
  start(node: Node): Promise<void>
  crash(node: Node): void
  /** From now on nothing is lost and nobody crashes. */
  heal(): void
  book(): Book | undefined
  /** Proves bytes once for all who read them. */
  readonly reader: Reader
}

/** In every third seed so few that most restarts go on from a snapshot. */
const entriesPerSnapshot = (seed: number) => (seed % 3 === 0 ? 16 : LIMITS.entriesPerSnapshot)

export async function openWorld(seed: number): Promise<World> {
  const chance = openChance(seed)
  const keys = openKeys(seed % 50 === 0 ? 'ed25519' : 'keyed-hash')
  const clock = openVirtualClock(START_MS)
  const federation = foundFederation(keys, START_MS)
  const network = openNetwork(clock, chance.fork())
  const liars = new Set<Did>([
    federation.liar.did,
    federation.stranger.did,
    ...federation.nodes.filter(({ lies }) => lies).map(({ signer }) => signer.did),
  ])
  const invariants = new Invariants(liars)
  const opener = createOpener({ verify: keys.verify, max: 100_000 })
  const open: typeof opener = (bytes, cid) => {
    const record = opener(bytes, cid)
    invariants.knows(record)
    return record
  }
  const { reader, readMessage, ensureHash } = sharedDoor(keys.verify, open)
  const adversaries = [
    { signer: federation.stranger, times: 1 },
    { signer: federation.liar, times: 2 },
  ].map(({ signer, times }) =>
    openMallory(signer, network.join(signer.did), {
      writer: federation.charter.body.writer,
      charter: federation.charter.cid,
      times,
    }),
  )
  const anchors = new Set<string>()
  network.tap((from, bytes) => {
    const message = readMessage(bytes)
    // told again to a reader who is behind: the same anchor is the same blocks
    if (message.type === 'log' && anchors.has(textOf(message.anchor))) return
    if (message.type === 'log') anchors.add(textOf(message.anchor))
    const blocks = message.type === 'log' ? message.blocks : []
    // opened first, so that the invariants know the records of the log they read
    const receipts = blocks.flatMap((block) => receiptIn(block, open))
    invariants.said(from, message)
    for (const judge of adversaries) judge(receipts)
  })

  const world: World = {
    clock,
    federation,
    invariants,
    crashes: 0,
    nodes: federation.nodes.map((plan) => {
      const diskChance = chance.fork()
      const sync = () =>
        new Promise<void>((resolve) => {
          clock.at(clock.nowMs() + diskChance.between(0, 12), resolve)
        })
      const disk = openMemoryDisk({ sync, ensureHash, copy: (bytes) => bytes })
      return { plan, disk, chance: chance.fork(), process: undefined }
    }),
    submitters: federation.submitters.map(({ signer, token }) =>
      openSubmitter(signer, token, clock, chance.fork()),
    ),
    async start(node) {
      const { signer, lies, roles } = node.plan
      const ports = {
        blocks: node.disk.openBlocks(),
        journal: node.disk.openJournal(),
        snapshots: node.disk.openSnapshots(),
        transport: network.join(signer.did),
        clock,
        exec: fakeExec(clock, node.chance, {
          lies,
          faultsOneIn: roles.includes('executor') ? 25 : 0,
        }),
      }
      node.process = await serve(rolesOf(node, federation), {
        signer,
        genesis: federation.charter.cid,
        writer: federation.charter.body.writer,
        ports,
        verify: keys.verify,
        opener: open,
        reader,
        readMessage,
        entriesPerSnapshot: entriesPerSnapshot(seed),
      })
    },
    crash(node) {
      node.process?.kill()
      node.process = undefined
      node.disk.crash()
      world.crashes += 1
    },
    heal: network.heal,
    reader,
    book: () => {
      const writer = world.nodes[0]?.process
      return writer?.states.get('ledger') as Book | undefined
    },
  }
  return world
}

function rolesOf({ plan, chance }: Node, { charter }: Federation): Role[] {
  const roles: Role[] = []
  for (const role of plan.roles) {
    if (role === 'ledger') roles.push(ledgerRole({ charter, batchMs: 500 }) as Role)
    if (role === 'witness') roles.push(witnessRole() as Role)
    if (role === 'verifier') roles.push(verifierRole({ profile: PROFILE, resendMs: 2500 }) as Role)
    if (role === 'home') {
      const config = { bidWindowMs: 300, rebidMs: 1500, resendMs: 1500, submitTries: 6 }
      roles.push(homeRole(config) as Role)
    }
    if (role === 'executor') {
      roles.push(
        executorRole({
          slots: 2,
          memoryPages: chance.between(200, 512),
          cores: chance.between(1, 8),
          location: 'sim',
          pricePpm: chance.between(500_000, 1_000_000),
          fuelPerMs: 1_000_000,
          scopes: [],
          profile: PROFILE,
          bidValidMs: 4000,
          resendMs: 2500,
        }) as Role,
      )
    }
  }
  return roles
}

/** The receipt that a block of a log message is, if it is one. */
function receiptIn(bytes: Uint8Array, open: (bytes: Uint8Array) => AnyRecord): Receipt[] {
  try {
    const record = open(bytes)
    return record.kind === 'receipt' ? [record] : []
  } catch (error) {
    if (error instanceof Refusal) return [] // an entry or an anchor, which nobody signs
    throw error
  }
}
