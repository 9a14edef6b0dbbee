/**
 * The processes of a home together. The log writer starts first, so that the others, whose ports
 * are any free ones, know whom to dial; then all of them at once.
 */

import { isAddress, readConfig, readLiveRunFile } from '@planetary-mesh/peer'
import { UsageError } from '../cli/errors.ts'
import { note, printable } from '../cli/terminal.ts'
import { configFile, nodeFolder } from '../state/places.ts'
import { knownNodes } from '../state/running.ts'
import { type Running, startProcess, stopProcess } from './processes.ts'
import { kindOf, type Launch } from './programs.ts'
import { untilTogether } from './together.ts'

export type StartOptions = {
  /** They stay when this process ends, else they end with it. */
  detach: boolean
  listen?: string | undefined
  /** Words for single programs, by name; for tests. */
  extra?: ReadonlyMap<string, readonly string[]>
  onServing?: (running: Running) => void
  signal: AbortSignal
}

/** Before anything is made or started: where to listen is a multiaddr. */
export function ensureListen(listen: string | undefined): void {
  if (listen === undefined || isAddress(listen)) return
  const detail = `--listen ${listen}: expected a multiaddr`
  throw new UsageError(detail, 'write it as /ip4/127.0.0.1/tcp/4801, with port 0 for any free one')
}

/**
 * Starts these processes and gives them when all of them serve and have read the charter; those
 * that run already are left as they are. When one fails, those that were started here are stopped
 * again. Refuses NODE_FAILED.
 */
export async function startMesh(
  home: string,
  names: readonly string[],
  options: StartOptions,
): Promise<Running[]> {
  const kinds = new Map<string, Awaited<ReturnType<typeof kindOf>>>()
  for (const name of names) kinds.set(name, await kindOf(nodeFolder(home, name)))
  const started: Running[] = []
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const bootstrap = new Set(await addressesOf(home))
  const start = async (name: string) => {
    const launch: Launch = {
      bootstrap: [...bootstrap],
      listen: options.listen,
      extra: options.extra?.get(name),
    }
    const { detach } = options
    const given = { ...launch, detach, isFirst: kinds.get(name) === 'writer', signal }
    const running = await startProcess(name, nodeFolder(home, name), given)
    started.push(running)
    options.onServing?.(running)
    return running
  }
  try {
    for (const name of names.filter((one) => kinds.get(one) === 'writer')) {
      const { run } = await start(name)
      for (const address of run.addresses) bootstrap.add(address)
    }
    await allOrFirstFailure(names.filter((one) => kinds.get(one) !== 'writer').map(start), stop)
    const apart = await untilTogether(started, signal)
    if (apart !== undefined) note(`${apart}: jobs may get fewer bids for now\n`)
  } catch (thrown) {
    await stopMesh(started)
    throw thrown
  }
  return started.sort((a, b) => byName(a.name, b.name))
}

/** Waits for all to settle, so that nothing is still on its way when the first failure is told. */
async function allOrFirstFailure(
  starts: readonly Promise<unknown>[],
  stop: AbortController,
): Promise<void> {
  let failed: { thrown: unknown } | undefined
  await Promise.allSettled(
    starts.map((start) =>
      start.catch((thrown) => {
        failed ??= { thrown }
        stop.abort()
      }),
    ),
  )
  if (failed !== undefined) throw failed.thrown
}

/** Ends those of them that were started here. */
export async function stopMesh(running: readonly Running[]): Promise<void> {
  const ours = running.filter(({ child }) => child !== undefined)
  const ends = await Promise.allSettled(ours.map(({ folder, run }) => stopProcess(folder, run)))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function addressesOf(home: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await knownNodes(home)) {
    const run = await readLiveRunFile(nodeFolder(home, name))
    found.push(...(run?.addresses ?? []))
  }
  return found
}

export type Counts = { nodes?: number | undefined; federation?: number | undefined }

/**
 * The processes that are meant: all that have a folder here, or so many nodes and so many members
 * of the federation, the writer among them. More than there are is a usage error.
 */
export async function chooseProcesses(home: string, counts: Counts): Promise<string[]> {
  const known = (await knownNodes(home)).sort(byName)
  const groups: Record<'nodes' | 'federation', string[]> = { nodes: [], federation: [] }
  for (const name of known) {
    const folder = nodeFolder(home, name)
    const config = await readConfig(configFile(folder))
    if (config.name !== name) {
      // a copy: two processes with one key are never right
      note(`${printable(folder)} is the folder of ${printable(config.name)}: it is not started\n`)
      continue
    }
    const kind = await kindOf(folder)
    if (kind === 'writer') groups.federation.unshift(name)
    else groups[kind === 'node' ? 'nodes' : 'federation'].push(name)
  }
  return (['federation', 'nodes'] as const).flatMap((group) => {
    const wanted = counts[group] ?? groups[group].length
    if (wanted > groups[group].length) {
      throw new UsageError(
        `--${group} ${wanted}: this home has ${groups[group].length}`,
        'enter more with `meshctl federation invite` and `meshctl node start --join LINE`',
      )
    }
    return groups[group].slice(0, wanted)
  })
}

/** mesh-node-2 before mesh-node-10. */
export const byName = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })
