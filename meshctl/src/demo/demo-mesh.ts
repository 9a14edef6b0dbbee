/**
 * The mesh of a demo: a home of its own in a new folder, and six processes on this machine, each
 * with its own store and port. It ends with the demo, however that ends.
 */

import { UsageError } from '../cli/errors.ts'
import type { CleanUp } from '../cli/interrupt.ts'
import { chooseProcesses } from '../mesh/mesh.ts'
import { type Running, stopProcess } from '../mesh/processes.ts'
import { startIn } from '../mesh/up.ts'
import { createFoundersHome } from '../state/create-home.ts'
import { foundFederation } from '../state/found-federation.ts'
import type { Home } from '../state/home.ts'
import { openHome } from '../state/home.ts'

export type DemoMesh = { home: Home; processes: readonly Running[] }

/** Words for the programs of single processes, by name: for tests. */
export type Extra = ReadonlyMap<string, readonly string[]>

const SIZE = { nodes: 3, federation: 3 }

/** Refuses NODE_FAILED. */
export async function openDemoMesh(
  cleanUps: CleanUp[],
  folder: string,
  { extra, signal }: { extra: Extra; signal: AbortSignal },
): Promise<DemoMesh> {
  const who = { member: 'alice', name: 'demo', ...SIZE, nowMs: Date.now() }
  await createFoundersHome(folder, foundFederation(who))
  const names = await chooseProcesses(folder, {})
  const strange = [...extra.keys()].find((name) => !names.includes(name))
  if (strange !== undefined) throw unknown(strange, names)
  const processes = await startIn(cleanUps, folder, names, { detach: false, extra, signal })
  return { home: await openHome({ folder }), processes }
}

/** Stops some of them, or all. Names that are no process of the demo are a usage error. */
export async function stopSome({ processes }: DemoMesh, names?: readonly string[]): Promise<void> {
  const known = processes.map(({ name }) => name)
  const strange = names?.find((name) => !known.includes(name))
  if (strange !== undefined) throw unknown(strange, known)
  const chosen = processes.filter(({ name }) => names?.includes(name) ?? true)
  await Promise.all(chosen.map(({ folder, run }) => stopProcess(folder, run)))
}

const unknown = (name: string, known: readonly string[]) =>
  new UsageError(`'${name}' is no process of the demo`, `name some of ${known.join(', ')}`)
