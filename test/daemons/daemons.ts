/**
 * Daemons as operating system processes: each with a state folder of its own, started by its bin,
 * heard by the lines it logs. Whatever is still there at the end of a test file is killed.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after } from 'node:test'
import {
  configFileOf,
  type DaemonConfigInput,
  keyFileOf,
  type RunFile,
  writeCharter,
  writeConfig,
  writeKeyFile,
} from '@planetary-mesh/peer'
import {
  Charter,
  type MemberRole,
  type Signer,
  seal,
  sha256,
  signerFromSeed,
} from '@planetary-mesh/spec'

export const seedOf = (name: string) => sha256(new TextEncoder().encode(`daemon ${name}`))
export const signerOf = (name: string): Signer => signerFromSeed(seedOf(name))

const NODE: MemberRole[] = ['home', 'executor']
const WATCH: MemberRole[] = ['witness', 'verifier']

/**
 * Six machines as `meshctl init` founds them, and people: alice, who pays; mallory, who may run a
 * home, and listener: nobody serves these two, tests play them.
 */
export const ROLES = {
  alice: ['admin', 'issuer', 'member'],
  mallory: ['home', 'member'],
  listener: ['member'],
  'federation-1': ['ledger', 'admin', ...WATCH],
  'federation-2': WATCH,
  'federation-3': WATCH,
  'mesh-node-1': NODE,
  'mesh-node-2': NODE,
  'mesh-node-3': NODE,
} as const satisfies Record<string, readonly MemberRole[]>
export type Name = Exclude<keyof typeof ROLES, 'alice' | 'mallory' | 'listener'>
/** The six that every mesh here has, the log writer first. */
export const NAMES: readonly Name[] = [
  'federation-1',
  'federation-2',
  'federation-3',
  'mesh-node-1',
  'mesh-node-2',
  'mesh-node-3',
]

export const SCOPE = 'default'

/** The charter of the daemons, with other rules where a test is about them. */
export const sealCharter = (over: Partial<Charter['body']> = {}): Charter =>
  seal(
    Charter,
    {
      name: 'daemons',
      version: 0,
      previous: null,
      members: Object.entries(ROLES).map(([name, roles]) => ({
        did: signerOf(name).did,
        name,
        roles: [...roles],
        location: '',
      })),
      issuers: [{ did: signerOf('alice').did, scopes: [SCOPE] }],
      writer: signerOf('federation-1').did,
      standby: null,
      threshold: 2,
      floor: 'replay',
      policies: [{ scope: SCOPE, resourceType: 'compute', policy: { type: 'allow-all' } }],
      retainMs: 86_400_000,
      ...over,
    },
    signerOf('alice'),
  )
export const charter = sealCharter()

const work = mkdtempSync(join(tmpdir(), 'mesh-daemons-'))
const children = new Set<ChildProcess>()
after(endDaemons)

/** Kills whatever is still there and removes its folders; a script that runs no test calls it. */
export function endDaemons(): void {
  for (const child of children) child.kill('SIGKILL')
  rmSync(work, { recursive: true, force: true })
}

/** A person's home; the machines' folders lie in it as meshctl looks for them. */
export const HOME = work
export const folderOf = (name: string) => join(HOME, 'nodes', name)
export const runFileOf = (name: string) => join(folderOf(name), 'run.json')

/** Makes the state folder `name`; by default with the key of the member of that name. */
export async function found(
  name: string,
  roles: readonly MemberRole[],
  over: Partial<DaemonConfigInput> = {},
  { key = name, under = charter }: { key?: string; under?: Charter } = {},
): Promise<string> {
  const folder = folderOf(name)
  await writeKeyFile(keyFileOf(folder), seedOf(key))
  await writeCharter(folder, under)
  await writeConfig(configFileOf(folder), {
    name,
    roles: roles.filter(isServed),
    genesis: under.cid.toString(),
    writer: under.body.writer,
    limits: { slots: 1, memory_mib: 1024, cores: 2 },
    ...over,
  })
  return folder
}

const SERVED = ['home', 'executor', 'ledger', 'witness', 'verifier'] as const

const isServed = (role: MemberRole): role is (typeof SERVED)[number] =>
  SERVED.some((served) => served === role)

export type Line = { level: string; name: string; message: string; code?: string; detail?: string }

export type Started = {
  child: ChildProcess
  lines: readonly Line[]
  stderr: () => string
  /** Resolves when it has logged this; rejects when it ended before. */
  says(message: string): Promise<Line>
  /** Its exit code and signal. */
  ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>
}

const ROOT = join(import.meta.dirname, '../..')
export const BIN_PATHS = {
  'mesh-node': join(ROOT, 'mesh-node/bin/mesh-node.js'),
  federation: join(ROOT, 'federation/bin/federation.js'),
}

/** A bug that is planted in the process of the tests is planted in their daemons, too. */
const PLANTING = process.env.MESH_PLANT ? ['--import', join(ROOT, 'test/plants/loader.ts')] : []

/** Starts a bin as `meshctl up` does: this Node, the sources, an IPC channel. */
export function start(
  bin: keyof typeof BIN_PATHS,
  args: readonly string[],
  flags: readonly string[] = ['--conditions=source'],
): Started {
  const node = [...flags, ...PLANTING, BIN_PATHS[bin]]
  const child: ChildProcess = spawn(process.execPath, [...node, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  children.add(child)
  assert(child.stderr !== null)
  const lines: Line[] = []
  let text = ''
  let isOver = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const one of waiting) one()
  }
  const reading = createInterface({ input: child.stderr }).on('line', (line) => {
    text += `${line}\n`
    if (line.startsWith('{')) lines.push(JSON.parse(line))
    wake()
  })
  const read = once(reading, 'close')
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    await read
    isOver = true
    children.delete(child)
    wake()
    return [code, signal] as [number | null, NodeJS.Signals | null]
  })
  return {
    child,
    lines,
    stderr: () => text,
    ended,
    async says(message) {
      for (;;) {
        const line = lines.find((one) => one.message === message)
        if (line !== undefined) return line
        assert(!isOver, `it ended before it said '${message}':\n${text}`)
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
  }
}

/** Starts a machine from its folder and waits until it serves. */
export async function serveFrom(name: string, more: readonly string[] = []): Promise<Started> {
  const bin = name.startsWith('federation') ? 'federation' : 'mesh-node'
  const started = start(bin, ['--config', configFileOf(folderOf(name)), ...more])
  await started.says('serving')
  return started
}

export function runOf(name: string): RunFile {
  return JSON.parse(readFileSync(runFileOf(name), 'utf8'))
}

export const isServing = (name: string) => existsSync(runFileOf(name))

export function writeIn(name: string, file: string, text: string): void {
  writeFileSync(join(folderOf(name), file), text)
}

/** The pids of the processes that a process started. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}
