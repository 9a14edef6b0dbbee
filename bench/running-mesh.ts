/**
 * A mesh of real processes to measure: a home founded by `meshctl init` in a temporary folder, and
 * the bins of its machines, each started, killed and started again by its name.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type ControlClient,
  configFileOf,
  openControlClient,
  type RunFile,
  readKeyFile,
} from '@planetary-mesh/peer'
import { DAEMON_ENV, DAEMON_FLAGS } from '@planetary-mesh/peer/daemon-process'
import {
  type Did,
  Hold,
  Manifest,
  open,
  Refusal,
  type Signer,
  seal,
  Token,
} from '@planetary-mesh/spec'
import { manifestBody } from './honest-log.ts'

export const FEDERATION = ['federation-1', 'federation-2', 'federation-3'] as const
export const NODES = ['mesh-node-1', 'mesh-node-2', 'mesh-node-3'] as const

const ROOT = join(import.meta.dirname, '..')
/** As `meshctl up` starts them from a checkout. */
const NODE_FLAGS = [...DAEMON_FLAGS, '--conditions=source']
const POLL_MS = 25
const START_MS_MAX = 120_000

export type JobBody = Parameters<typeof manifestBody>[0]

export type RunningMesh = AsyncDisposable & {
  folder: string
  /** Who submits, and what she spends. */
  member: Signer
  token: Token
  /** Starts a machine and resolves when it has read the charter; `flags` are for Node. */
  start(name: string, flags?: readonly string[]): Promise<void>
  /** Ends it by the signal and resolves when it is gone. */
  end(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** What a machine that runs has written about itself. */
  run(name: string): RunFile
  client(name: string): ControlClient
  /** Resolves when each of these is connected to the others and homes know what executors offer. */
  together(names: readonly string[]): Promise<void>
  seal(body: JobBody): { manifest: Manifest; hold: Hold }
}

/** Founds the home; nothing runs yet. What still runs in the end is killed, the folder deleted. */
export async function openRunningMesh(): Promise<RunningMesh> {
  const folder = mkdtempSync(join(tmpdir(), 'running-mesh-'))
  const home = join(folder, 'home')
  const env = { ...process.env, PLANETARY_MESH_HOME: home }
  const init = [join(ROOT, 'meshctl/bin/meshctl.js'), 'init', '--json']
  execFileSync(process.execPath, init, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const { signer: member } = await readKeyFile(join(home, 'key'))
  const [tokenFile = ''] = readdirSync(join(home, 'tokens'))
  const token = open(Token, Uint8Array.from(readFileSync(join(home, 'tokens', tokenFile))))
  const children = new Map<string, ChildProcess>()
  const clients = new Map<string, ControlClient>()

  const folderOf = (name: string) => join(home, 'nodes', name)
  const run = (name: string): RunFile =>
    JSON.parse(readFileSync(join(folderOf(name), 'run.json'), 'utf8'))
  const client = (name: string): ControlClient => {
    // a run file that a killed process left behind leads nowhere
    if (!children.has(name)) throw new Refusal('NODE_AWAY', `${name} does not run`)
    const found = clients.get(name) ?? openControlClient(run(name).control)
    clients.set(name, found)
    return found
  }
  const forget = (name: string) => {
    clients.get(name)?.close()
    clients.delete(name)
    children.delete(name)
  }

  const start: RunningMesh['start'] = async (name, flags = []) => {
    const file = join(folderOf(name), 'run.json')
    rmSync(file, { force: true })
    const room = name.startsWith('federation') ? 'federation' : 'mesh-node'
    const bootstrap = [...children.keys()].flatMap((other) => addressesIn(folderOf(other)))
    const words = [
      ...[...NODE_FLAGS, ...flags, join(ROOT, `${room}/bin/${room}.js`)],
      ...['--config', configFileOf(folderOf(name))],
      ...bootstrap.flatMap((address) => ['--bootstrap', address]),
    ]
    const log = openSync(join(folderOf(name), 'log.jsonl'), 'a')
    const env = { ...DAEMON_ENV, ...process.env }
    const child = spawn(process.execPath, words, { env, stdio: ['ignore', log, log, 'ipc'] })
    closeSync(log)
    children.set(name, child)
    const endsAtMs = performance.now() + START_MS_MAX
    for (;;) {
      const isOver = child.exitCode !== null || child.signalCode !== null
      if (isOver || performance.now() > endsAtMs) throw new Error(`${name}: ${tailOf(name)}`)
      if (addressesIn(folderOf(name)).length > 0 && (await hasCharter(client(name)))) return
      await wait(POLL_MS)
    }
  }
  const tailOf = (name: string) =>
    readFileSync(join(folderOf(name), 'log.jsonl'), 'utf8').slice(-2000)

  return {
    folder,
    member,
    token,
    start,
    run,
    client,
    async end(name, signal) {
      const child = children.get(name)
      assert(child !== undefined, `${name} runs`)
      const over = once(child, 'exit')
      forget(name)
      child.kill(signal)
      if (child.exitCode === null && child.signalCode === null) await over
    },
    async together(names) {
      const dids = names.map((name) => run(name).did)
      for (const name of names) await meet(client(name), dids)
    },
    seal(body) {
      const manifest = seal(Manifest, manifestBody(body), member)
      const { amount, createdAtMs, deadlineMs } = manifest.body
      const untilMs = createdAtMs + deadlineMs
      const held = { token: token.cid, manifest: manifest.cid, amount, untilMs }
      return { manifest, hold: seal(Hold, held, member) }
    },
    async [Symbol.asyncDispose]() {
      const ends = [...children].map(async ([name, child]) => {
        const isThere = child.exitCode === null && child.signalCode === null
        const over = isThere ? once(child, 'exit') : undefined
        child.kill('SIGKILL')
        await over
        forget(name)
      })
      await Promise.all(ends)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Sixteen bytes that make a job another one than any of the same words. */
export const newNonce = () => new Uint8Array(randomBytes(16))

/** A process acts when it has read the charter from the log. */
async function hasCharter(client: ControlClient): Promise<boolean> {
  const { charter } = await client.node()
  return charter !== null
}

async function meet(client: ControlClient, dids: readonly Did[]): Promise<void> {
  const { roles } = await client.node()
  const endsAtMs = performance.now() + START_MS_MAX
  for (;;) {
    const nodes = await client.nodes()
    const isMet = dids.every((did) => {
      const node = nodes.find((one) => one.did === did)
      if (node === undefined || !['online', 'self'].includes(node.state)) return false
      const mustOffer = roles.includes('home') && node.roles.includes('executor')
      return !mustOffer || node.capacity !== null
    })
    if (isMet) return
    if (performance.now() > endsAtMs) throw new Error('the processes did not meet')
    await wait(POLL_MS)
  }
}

/** Where the process of a folder can be dialled; nowhere before its run file is whole. */
function addressesIn(folder: string): string[] {
  try {
    return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).addresses
  } catch {
    return []
  }
}
