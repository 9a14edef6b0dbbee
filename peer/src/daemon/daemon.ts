/**
 * One process of a mesh: from its state folder to a served list of roles, with everything between
 * opened in one order and closed in the reverse. What fails halfway closes what was open.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import {
  admit,
  type Block,
  type Charter,
  charterNow,
  type Did,
  HostFault,
  LIMITS,
  textOf,
  verifySignature,
} from '@planetary-mesh/spec'
import { openControl } from '../control/open-control.ts'
import { openExec } from '../exec.ts'
import { type Keeping, openKeeping } from '../keeping/find-keeper.ts'
import { openKeepFiles } from '../keeping/keep-files.ts'
import { askKeep, serveKeep } from '../keeping/keep-protocol.ts'
import { type LevelDisk, openLevelDisk } from '../level/level-disk.ts'
import { openSnapshotFile } from '../level/snapshot-file.ts'
import { type NetworkNode, openNode } from '../libp2p/node.ts'
import { type LiveJobs, openLiveJobs } from '../live-jobs.ts'
import { askLive, serveLive } from '../live-protocol.ts'
import type { Notice } from '../notice.ts'
import { createOpener } from '../opener.ts'
import type { Exec, Ports } from '../ports.ts'
import type { Process } from '../process.ts'
import { serve } from '../serve.ts'
import { openSystemClock } from '../system-clock.ts'
import { forOthers } from './addresses.ts'
import { ConfigError, type DaemonConfig } from './config.ts'
import {
  hasBegunLog,
  inviteFileOf,
  keyFileOf,
  markLogBegun,
  modulesFolderOf,
  readCharter,
  storeFolderOf,
} from './folder.ts'
import { type Greeter, openGreeter } from './hello.ts'
import { openInvites } from './invites.ts'
import { JOIN_PROTOCOL } from './join-protocol.ts'
import { openJudge } from './judge-broadcast.ts'
import { readKeyFile } from './key-file.ts'
import type { Killed } from './kill-points.ts'
import type { Program } from './program.ts'
import { type RunFile, removeRunFile, writeRunFile } from './run-file.ts'

export type Daemon = {
  readonly run: RunFile
  readonly process: Process
  /** Resolves when the process has stopped by itself: with its fault, or undefined. */
  readonly ended: Promise<unknown>
  /** Closes everything, newest first. */
  close(): Promise<void>
}

/** The name by which members of one federation gossip. */
export const topicOf = (genesis: string) => `mesh/0/${genesis}`

const MIB = 1024 * 1024
const TOKEN_BYTES = 32

/**
 * Serves what `config` says from `folder`. Throws ConfigError for a role the program has not;
 * refuses KEY_FILE_REFUSED, STORE_LOCKED, JOURNAL_CORRUPT, BLOCK_CID_MISMATCH, CHARTER_UNKNOWN.
 */
export async function openDaemon(given: {
  program: Program
  config: DaemonConfig
  folder: string
  log: (notice: Notice) => void
  /** Test switch: see `kill-points.ts`. */
  killed?: Killed | undefined
}): Promise<Daemon> {
  const { program, config, folder, log, killed } = given
  await using opening = new AsyncDisposableStack()
  const makeRoles = rolesOf(program, config)
  const charter = await readCharter(folder, config)
  const { seed, signer } = await readKeyFile(keyFileOf(folder))
  await mkdir(storeFolderOf(folder), { recursive: true, mode: 0o700 })
  await chmod(storeFolderOf(folder), 0o700)
  const bytesMax = config.limits.storage_max_mib
  const maxBytes = bytesMax === undefined ? null : bytesMax * MIB
  const disk = await openLevelDisk(
    storeFolderOf(folder),
    maxBytes === null ? {} : { bytesMax: maxBytes },
  )
  opening.defer(() => disk.close())

  let process: Process | undefined
  const inForce = () => {
    const ledger = process?.replica.ledger
    return ledger === undefined || ledger.charters.length === 0 ? charter : charterNow(ledger)
  }
  const openRecord = createOpener({ verify: verifySignature, max: LIMITS.recordsRememberedMax })
  const members = openMembers(() => inForce())
  let greeter: Greeter | undefined
  let keeping: Keeping | undefined
  const node = await openNode({
    seed,
    listen: config.listen,
    announce: config.announce,
    bootstrap: config.bootstrap,
    topic: topicOf(textOf(charter.cid)),
    isMember: members,
    validate: openJudge({ open: openRecord, charterNow: inForce }),
    disk,
    serveLog: (fromSize, signal) => blocksOf(process, fromSize, signal),
    log(notice) {
      log(notice)
      const { message, from } = notice
      if (message !== 'member connected' || from === undefined) return
      void greeter?.greet(from)
      keeping?.forget(from)
    },
  })
  opening.defer(() => node.close())

  const clock = openSystemClock()
  const profiles = runsJobs(config) ? [program.profile] : []
  greeter = await openGreeter({ node, profiles, nowMs: clock.nowMs, log })
  const blocks = killed?.blocks(node.blocks) ?? node.blocks
  const live = openLiveJobs()
  if (runsJobs(config)) await serveLive(node, live)
  const exec = await openRunning(program, folder, config, { blocks, clock, live }, opening)
  const snapshots = openSnapshotFile(storeFolderOf(folder))
  const ports: Ports = { ...speaking(node, disk, killed), blocks, snapshots, clock, exec }
  const { profile } = program
  const policies = program.openPolicies()
  const roles = makeRoles.map((make) => make({ config, charter, profile, policies }))
  const isWriter = config.roles.includes('ledger')
  const hasBegun = isWriter && (await hasBegunLog(folder))
  process = await serve(roles, {
    signer,
    genesis: charter.cid,
    writer: charter.body.writer,
    ports,
    opener: openRecord,
    policies,
    ...(hasBegun && { begun: witnessesIn(charter) }),
    log,
  })
  const served = process
  opening.defer(() => served.close())
  opening.defer(served.watch(onNewCharter(served, node, log)))
  const mark = once(() => markLogBegun(folder, charter.cid))
  const onBegun = () => {
    if (served.replica.ledger.size > 0) mark().catch((error) => failed(error, log))
  }
  if (isWriter && !hasBegun) opening.defer(served.watch(onBegun))

  const storage = () => ({ usedBytes: disk.usedBytes, maxBytes })
  const { nowMs } = clock
  const isLogged = (job: string) => served.replica.ledger.jobs.has(job)
  const keepFiles = openKeepFiles({
    blocks,
    open: openRecord,
    charterNow: inForce,
    isLogged,
    storage,
    nowMs,
    expectBlocksAt: node.expectBlocksAt,
  })
  await serveKeep(node, keepFiles)
  keeping = openKeeping({
    self: signer.did,
    charterNow: inForce,
    isConnected: node.isConnected,
    ask: (...asked) => askKeep(node, ...asked),
    clock,
    log,
  })

  const invites = await openInvites({
    file: inviteFileOf(folder),
    signer,
    process: served,
    genesis: charter,
    addresses: () => forOthers(node.multiaddrs()),
    nowMs: clock.nowMs,
    onOpen: once(() =>
      node.handleRequest(JOIN_PROTOCOL, (...asked) => answerJoin(...asked), { strangers: true }),
    ),
  })
  const answerJoin = invites.answer

  const startedAtMs = clock.nowMs()
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const control = await openControl({
    process: served,
    blocks,
    network: {
      isConnected: node.isConnected,
      multiaddrs: node.multiaddrs,
      pullLog: node.pullLog,
      askLive: (...asked) => askLive(node, ...asked),
    },
    about: { name: config.name, roles: config.roles, version: program.version, startedAtMs },
    storage,
    keeping,
    ...(runsJobs(config) ? { live } : {}),
    invites,
    token,
    port: config.control.port,
    log,
  })
  opening.defer(() => control.close())

  const run: RunFile = {
    pid: globalThis.process.pid,
    name: config.name,
    did: signer.did,
    addresses: node.multiaddrs(),
    control: { url: control.url, token },
    startedAtMs,
  }
  await writeRunFile(folder, run)
  opening.defer(() => removeRunFile(folder))
  const opened = opening.move()
  return { run, process: served, ended: served.ended, close: () => opened.disposeAsync() }
}

function rolesOf(program: Program, config: DaemonConfig) {
  return config.roles.map((name) => {
    const make = program.roles[name]
    if (make !== undefined) return make
    const known = Object.keys(program.roles).join(', ')
    throw new ConfigError(`roles: ${program.name} does not serve '${name}'`, `known are ${known}`)
  })
}

const runsJobs = ({ roles }: DaemonConfig) =>
  roles.some((role) => role === 'executor' || role === 'verifier')

/** The sandbox takes memory and processes: only roles that run jobs get one. */
async function openRunning(
  program: Program,
  folder: string,
  config: DaemonConfig,
  given: Pick<Ports, 'blocks' | 'clock'> & { live: LiveJobs },
  opening: AsyncDisposableStack,
): Promise<Exec> {
  if (!runsJobs(config)) return NO_EXEC
  const sandbox = await program.openSandbox({
    slots: config.limits.slots,
    cacheFolder: modulesFolderOf(folder),
  })
  opening.defer(() => sandbox.close())
  return openExec({ ...given, sandbox })
}

const NO_EXEC: Exec = {
  async run() {
    throw new HostFault('closed', 'no role here runs jobs')
  },
  async close() {},
}

function speaking(node: NetworkNode, disk: LevelDisk, killed: Killed | undefined) {
  const transport = { ...node.transport, pullLog: node.pullLog }
  const journal = disk.openJournal()
  return {
    transport: killed?.transport(transport, node.idle) ?? transport,
    journal: killed?.journal(journal) ?? journal,
  }
}

async function* blocksOf(
  process: Process | undefined,
  fromSize: number,
  signal: AbortSignal,
): AsyncIterable<Block> {
  // an empty answer would say that there is no more
  admit(process !== undefined, 'LEDGER_AWAY', 'the log has not been read yet')
  yield* process.logBlocks(fromSize, signal)
}

/** The members of a charter are asked for at every message: one set for each version. */
function openMembers(inForce: () => ReturnType<typeof charterNow>): (did: Did) => boolean {
  let known = inForce()
  let dids = new Set(known.body.members.map(({ did }) => did))
  return (did) => {
    const now = inForce()
    if (now !== known) {
      known = now
      dids = new Set(now.body.members.map(({ did }) => did))
    }
    return dids.has(did)
  }
}

/** Who was entered may connect at once, who left is let go at once. */
function onNewCharter(
  { replica: { ledger } }: Process,
  node: NetworkNode,
  log: (notice: Notice) => void,
): () => void {
  let versions = 0
  const look = () => {
    if (ledger.charters.length === versions) return
    versions = ledger.charters.length
    const { version, members } = charterNow(ledger).body
    const detail = `version ${version}, ${members.length} members`
    log({ level: 'info', message: 'charter in force', detail })
    node.review()
  }
  look()
  return look
}

const witnessesIn = ({ body }: Charter): Did[] =>
  body.members.filter(({ roles }) => roles.includes('witness')).map(({ did }) => did)

function failed(error: unknown, log: (notice: Notice) => void): void {
  log({ level: 'warn', message: 'a file of the folder was not written', detail: String(error) })
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= action())
}
