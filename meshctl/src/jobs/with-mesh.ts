/**
 * A running mesh for as long as a command asks it: the person's home, the node that speaks for her,
 * and the charter by which members have names.
 */
import type { ControlClient } from '@planetary-mesh/peer'
import { type Charter, Refusal } from '@planetary-mesh/spec'
import { interruptible } from '../cli/interrupt.ts'
import { nameOf } from '../proof/check-proof.ts'
import { type Home, openHome } from '../state/home.ts'

export type Mesh = {
  readonly home: Home
  /** What the node answers now; another one after `reconnect`. */
  readonly client: ControlClient
  /** The charter in force as the node says, for names; the genesis charter until it has one. */
  readonly charter: Charter
  nameOf(did: string): string
  /** Asks the same node anew: it may have been started again at another port. */
  reconnect(): Promise<void>
  /** Aborted when the person has had enough. */
  readonly signal: AbortSignal
  /** Said on stderr, once, when she has had enough. */
  onInterrupt(say: () => void): void
}

export type MeshOptions = { node?: string; json?: true }

/** Opens the home and asks its node; everything is closed when `use` ends, however it does. */
export function withMesh<T>(options: MeshOptions, use: (mesh: Mesh) => Promise<T>): Promise<T> {
  return interruptible(async (cleanUps, signal) => {
    const home = await openHome(options.node === undefined ? {} : { node: options.node })
    let client = await home.control()
    let say: (() => void) | undefined
    cleanUps.push(async () => {
      if (signal.aborted) say?.()
      client.close()
    })
    const charter = await charterOf(client, home)
    return use({
      home,
      get client() {
        return client
      },
      charter,
      nameOf: (did) => nameOf(charter, did),
      async reconnect() {
        const next = await home.control()
        client.close()
        client = next
      },
      signal,
      onInterrupt: (told) => {
        say = told
      },
    })
  })
}

/** A node that has not read the log yet knows no charter: the pinned one names its members. */
async function charterOf(client: ControlClient, home: Home): Promise<Charter> {
  try {
    return await client.charter()
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.code === 'NODE_AWAY') throw thrown
    return home.charter()
  }
}
