/**
 * Several hosts on one machine: each in a network namespace of its own, wired to one switch, with
 * a disk in memory that no other host sees. What runs in them is started here and ended here.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const MESHCTL = join(import.meta.dirname, '../../meshctl/bin/meshctl.js')
const isRoot = process.getuid?.() === 0
/** Who is not root becomes root of a user namespace, and enters it with the others. */
const UNSHARE = ['--net', '--mount', ...(isRoot ? [] : ['--map-root-user'])]
const POLL_MS = 50
const POLL_MS_MAX = 30_000

export type Host = {
  name: string
  /** Its IPv4 address, which the other hosts reach. */
  address: string
  /** Where this process finds what the host sees as `path`. */
  seenAs(path: string): string
  /** What its network interfaces have carried, as /proc/net/dev says it. */
  interfaces(): string
  /** Starts `node ARGS` there and leaves it running. */
  start(...args: string[]): Started
  /** Runs `meshctl ARGS` there, in the home of that host. */
  meshctl(...args: string[]): Started
}

export type Started = {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves when it has said so, on stdout or stderr; rejects when it ended before. */
  saw(text: string): Promise<void>
  /** Its exit code; null for a signal. */
  ended: Promise<number | null>
}

export type Hosts = AsyncDisposable & {
  hosts: readonly Host[]
  /** Every host has its own disk here. */
  disk: string
}

/** Why hosts cannot be made here; false if they can. */
export function hostsForbidden(): string | false {
  const can = (program: string, ...args: string[]) => spawnSync(program, args).status === 0
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  if (!can('ip', '-V')) return 'there is no `ip` here (Debian: iproute2)'
  if (!can('unshare', ...UNSHARE, 'ip', 'link', 'add', 'type', 'bridge')) {
    return 'network namespaces are forbidden here'
  }
  return false
}

export async function openHosts(names: readonly string[]): Promise<Hosts> {
  const disk = mkdtempSync(join(tmpdir(), 'second-host-'))
  const holders: ChildProcess[] = []
  const close = async () => {
    for (const holder of holders) await endAll(holder)
    rmSync(disk, { recursive: true, force: true })
  }
  try {
    const lan = await hold(holders, 'unshare', UNSHARE)
    must(lan, 'ip', 'link', 'add', 'lan', 'type', 'bridge')
    must(lan, 'ip', 'link', 'set', 'lan', 'up')
    const hosts: Host[] = []
    for (const [at, name] of names.entries()) {
      const within = [...entering(lan), 'unshare', '--net', '--mount']
      const holder = await hold(holders, 'nsenter', within)
      const address = `10.77.0.${at + 1}`
      plugIn(lan, holder, { port: `port${at + 1}`, address })
      must(holder, 'mount', '-t', 'tmpfs', 'none', disk)
      hosts.push(hostOf(holder, { name, address, disk }))
    }
    return { hosts, disk, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A process that does nothing but keep its namespaces, until its stdin ends. */
async function hold(
  holders: ChildProcess[],
  program: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const holder = spawn(program, [...args, 'sh', '-c', 'echo here; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  holders.push(holder)
  assert(holder.stdout !== null)
  const [said] = await once(holder.stdout, 'data')
  assert.equal(String(said), 'here\n')
  return holder
}

/** A wire from a new port of the switch to `eth0` of the host. */
function plugIn(lan: ChildProcess, host: ChildProcess, at: { port: string; address: string }) {
  const peer = ['peer', 'name', 'eth0', 'netns', `${host.pid}`]
  must(lan, 'ip', 'link', 'add', at.port, 'type', 'veth', ...peer)
  must(lan, 'ip', 'link', 'set', at.port, 'master', 'lan', 'up')
  must(host, 'ip', 'address', 'add', `${at.address}/24`, 'dev', 'eth0')
  must(host, 'ip', 'link', 'set', 'eth0', 'up')
  must(host, 'ip', 'link', 'set', 'lo', 'up')
}

/** The words that run a command in the namespaces of a holder. */
const entering = ({ pid }: ChildProcess) => [
  ...['--target', `${pid}`, '--net', '--mount'],
  ...(isRoot ? [] : ['--user', '--preserve-credentials']),
  '--',
]

function must(holder: ChildProcess, ...command: string[]): void {
  const { status, stderr } = spawnSync('nsenter', [...entering(holder), ...command])
  assert.equal(status, 0, `${command.join(' ')}: ${stderr}`)
}

function hostOf(
  holder: ChildProcess,
  { name, address, disk }: { name: string; address: string; disk: string },
): Host {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = {
    PATH,
    // as in the process of this test: sources that were read once are read faster
    ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
    HOME: disk,
    TMPDIR: disk,
    PLANETARY_MESH_HOME: join(disk, 'home'),
  }
  const start = (...args: string[]) =>
    heard(
      spawn('nsenter', [...entering(holder), process.execPath, ...args], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  return {
    name,
    address,
    seenAs: (path) => join(`/proc/${holder.pid}/root`, path),
    interfaces: () => readFileSync(`/proc/${holder.pid}/net/dev`, 'utf8'),
    start,
    meshctl: (...args) => start(MESHCTL, ...args),
  }
}

function heard(child: ChildProcess): Started {
  const out = { stdout: '', stderr: '' }
  let isOver = false
  let changed = Promise.withResolvers<void>()
  const wake = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      out[name] += text
      wake()
    })
  }
  const ended = once(child, 'close').then(([code]) => {
    isOver = true
    wake()
    return code as number | null
  })
  return {
    child,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    ended,
    async saw(text) {
      while (!out.stdout.includes(text) && !out.stderr.includes(text)) {
        assert(!isOver, `it ended without '${text}':\n${out.stdout}\n${out.stderr}`)
        await changed.promise
      }
    },
  }
}

/** Ends the holder and whatever else runs in its network namespace. */
async function endAll(holder: ChildProcess): Promise<void> {
  for (const pid of pidsIn(holder)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it ended while we looked
    }
  }
  await soon(() => holder.exitCode !== null || holder.signalCode !== null, 'the holder to end')
}

/** The processes in the network namespace of a holder, itself included. */
function pidsIn({ pid }: ChildProcess): number[] {
  const mine = namespaceOf(`${pid}`)
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  if (mine === undefined || mine === namespaceOf('self')) return []
  return numbers.filter((name) => namespaceOf(name) === mine).map(Number)
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

/** Resolves when `isTrue`; looks a few times a second, for a bounded time. */
export async function soon(isTrue: () => boolean, what: string): Promise<void> {
  const endsAtMs = performance.now() + POLL_MS_MAX
  while (!isTrue()) {
    assert(performance.now() < endsAtMs, `waited too long for ${what}`)
    await wait(POLL_MS)
  }
}
