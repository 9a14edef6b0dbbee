/**
 * Waiting until the processes of a mesh have found one another: a home that knows nobody yet would
 * close the window for bids as soon as it is open.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type ControlClient, openControlClient } from '@planetary-mesh/peer'
import { printable } from '../cli/terminal.ts'
import type { Running } from './processes.ts'

const POLL_MS = 100
/** Longer than a dial and its second try; a mesh works without, with fewer bids. */
const PATIENCE_MS = 20_000

type Node = Awaited<ReturnType<ControlClient['nodes']>>[number]

/**
 * Resolves when each of them is connected to all others, and each home has heard what every
 * executor offers; after some time with a sentence about one that has not. Refuses NODE_AWAY.
 */
export async function untilTogether(
  mesh: readonly Running[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const endsAtMs = Date.now() + PATIENCE_MS
  for (const one of mesh) {
    const client = openControlClient(one.run.control)
    try {
      const { roles } = await client.node()
      for (;;) {
        const missing = apartFrom(mesh, await client.nodes(), roles.includes('home'))
        if (missing === undefined) break
        const names = [one.name, missing].map((name) => printable(name))
        if (Date.now() > endsAtMs) return `${names[0]} has not heard from ${names[1]} yet`
        await wait(POLL_MS, undefined, { signal })
      }
    } finally {
      client.close()
    }
  }
  return undefined
}

/** One of the mesh whom this node does not see, or whose offer it would need and has not. */
function apartFrom(
  mesh: readonly Running[],
  nodes: readonly Node[],
  isHome: boolean,
): string | undefined {
  const isHere = ({ state, roles, capacity }: Node) =>
    (state === 'online' || state === 'self') &&
    (!isHome || !roles.includes('executor') || capacity !== null)
  return mesh.find(({ run }) => !nodes.some((node) => node.did === run.did && isHere(node)))?.name
}
