/**
 * Six daemons that die and come back: each is started again from its folder, at its old address,
 * and may be told at which durable write or send it kills itself next.
 */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type ControlClient, configFileOf, openControlClient } from '@planetary-mesh/peer'
import {
  folderOf,
  found,
  NAMES,
  type Name,
  ROLES,
  runOf,
  type Started,
  start,
} from '../daemons/daemons.ts'

export const HOMES = NAMES.filter((name) => name.startsWith('mesh-node'))
export const WRITER: Name = 'federation-1'

/** Short pauses. A lease still lasts five seconds and a bit: the executor's own promise. */
const TIMING = { resend_ms: 200, rebid_ms: 400, adopt_ms: 1500, submit_tries: 1000 }
const FUEL_PER_MS = 100_000_000

type Ended = [code: number | null, signal: NodeJS.Signals | null]
type Running = { daemon: Started; client: ControlClient | undefined; ended: Promise<Ended> }

export type CrashMesh = {
  /** Starts it, to die at `killAt` if given; whether it came to serve and to act before it died. */
  start(name: Name, killAt?: string): Promise<boolean>
  /** Ends it from outside, at once. */
  kill(name: Name): Promise<void>
  /** How it ended, when it has. */
  ended(name: Name): Promise<Ended>
  /** Whoever asks it, as soon as it is up. */
  up(name: Name): Promise<ControlClient>
  /** Its warnings and errors so far, over all its lives. */
  complaints(name: Name): readonly string[]
  /** Stops all of them in good order and gives their exit codes. */
  stop(): Promise<Map<Name, number | null>>
}

export type CrashMeshOptions = {
  timing?: Partial<Record<keyof typeof TIMING | 'bid_window_ms', number>>
  /** In ppm of the amount held: the cheapest node wins. */
  prices?: Partial<Record<Name, number>>
  /** Who dies where from the beginning. */
  killAt?: Partial<Record<Name, string>>
}

/** Founds and starts the six, the log writer first. */
export async function openCrashMesh(given: CrashMeshOptions = {}): Promise<CrashMesh> {
  const running = new Map<Name, Running>()
  const addresses = new Map<Name, string>()
  const complaints = new Map<Name, string[]>(NAMES.map((name) => [name, []]))
  const news = new EventEmitter().setMaxListeners(0)

  const argsOf = (name: Name, killAt: string | undefined) => {
    const [listen, writer] = [addresses.get(name), addresses.get(WRITER)]
    return [
      ...['--config', configFileOf(folderOf(name))],
      ...(listen === undefined ? [] : ['--listen', listen.replace(/\/p2p\/.*/, '')]),
      ...(writer === undefined || name === WRITER ? [] : ['--bootstrap', writer]),
      ...(killAt === undefined ? [] : ['--kill-at', killAt]),
    ]
  }

  const mesh: CrashMesh = {
    async start(name, killAt) {
      const bin = name.startsWith('federation') ? 'federation' : 'mesh-node'
      const daemon = start(bin, argsOf(name, killAt))
      const entry: Running = { daemon, client: undefined, ended: daemon.ended }
      running.set(name, entry)
      entry.ended = daemon.ended.then((ended) => {
        entry.client?.close()
        entry.client = undefined
        const loud = daemon.lines.filter(({ level }) => level === 'error' || level === 'warn')
        complaints.get(name)?.push(...loud.map((line) => JSON.stringify(line)))
        return ended
      })
      for (const message of ['serving', 'charter in force']) {
        if (!(await hasSaid(daemon, message))) return false
      }
      const { addresses: here, control } = runOf(name)
      addresses.set(name, here[0] ?? '')
      if (daemon.child.exitCode !== null || daemon.child.signalCode !== null) return false
      entry.client = openControlClient(control)
      news.emit(name)
      return true
    },
    async kill(name) {
      const { daemon, ended } = runningNow(name)
      daemon.child.kill('SIGKILL')
      await ended
    },
    ended: (name) => runningNow(name).ended,
    async up(name) {
      for (;;) {
        const client = running.get(name)?.client
        if (client !== undefined) return client
        await once(news, name)
      }
    },
    complaints: (name) => complaints.get(name) ?? [],
    async stop() {
      for (const { daemon } of running.values()) daemon.child.kill('SIGTERM')
      const codes = new Map<Name, number | null>()
      for (const [name, { ended }] of running) codes.set(name, (await ended)[0])
      return codes
    },
  }

  const runningNow = (name: Name): Running => {
    const entry = running.get(name)
    assert(entry !== undefined, `${name} was started`)
    return entry
  }

  for (const name of NAMES) {
    await found(name, ROLES[name], {
      timing: { ...TIMING, ...given.timing },
      price: { ppm: given.prices?.[name] ?? 1_000_000, fuel_per_ms: FUEL_PER_MS },
    })
  }
  await mesh.start(WRITER, given.killAt?.[WRITER])
  const others = NAMES.filter((name) => name !== WRITER)
  await Promise.all(others.map((name) => mesh.start(name, given.killAt?.[name])))
  return mesh
}

function hasSaid(daemon: Started, message: string): Promise<boolean> {
  return daemon.says(message).then(
    () => true,
    () => false,
  )
}
