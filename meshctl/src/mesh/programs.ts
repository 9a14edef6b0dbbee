/**
 * The programs that a mesh is made of, started by their paths: this room depends on them and never
 * imports them (decisions 26).
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readConfig } from '@planetary-mesh/peer'
import { DAEMON_FLAGS } from '@planetary-mesh/peer/daemon-process'
import { configFile } from '../state/places.ts'

const MESH_NODE = import.meta.resolve('@planetary-mesh/mesh-node/bin')
const FEDERATION = import.meta.resolve('@planetary-mesh/federation/bin')

/** Roles of a federation member beside the log writer's; all else is a mesh node's. */
const FEDERATIONS: readonly string[] = ['witness', 'verifier']

/** In a checkout the programs are TypeScript, which Node reads under this condition. */
const isCheckout = existsSync(new URL('../main.ts', import.meta.url))
const NODE_FLAGS = isCheckout ? [...DAEMON_FLAGS, '--conditions=source'] : DAEMON_FLAGS

export type Launch = {
  /** Members to begin with, beside those of the config. */
  bootstrap: readonly string[]
  /** Where to listen instead of what the config says. */
  listen?: string | undefined
  /** Words for the program that tests give, such as its own test switches. */
  extra?: readonly string[] | undefined
}

export type Kind = 'writer' | 'federation' | 'node'

/** What the process of a state folder is, by the roles in its config. */
export async function kindOf(folder: string): Promise<Kind> {
  const { roles } = await readConfig(configFile(folder))
  if (roles.includes('ledger')) return 'writer'
  return roles.some((role) => FEDERATIONS.includes(role)) ? 'federation' : 'node'
}

/** The words after `node` that start the process of a state folder. */
export async function wordsFor(folder: string, launch: Launch): Promise<string[]> {
  const program = (await kindOf(folder)) === 'node' ? MESH_NODE : FEDERATION
  const config = await readConfig(configFile(folder))
  // a flag counts in place of the config's list
  const bootstrap = new Set([...config.bootstrap, ...launch.bootstrap])
  return [
    ...NODE_FLAGS,
    fileURLToPath(program),
    '--config',
    configFile(folder),
    ...[...bootstrap].flatMap((address) => ['--bootstrap', address]),
    ...(launch.listen === undefined ? [] : ['--listen', launch.listen]),
    ...(launch.extra ?? []),
  ]
}
