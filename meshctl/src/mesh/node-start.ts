/** `meshctl node start`: one node on this machine, entered in a federation by a join line. */

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { joinFederation } from '@planetary-mesh/peer/network'
import { Charter, Member, open, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import type { Exit } from '../cli/exit.ts'
import { interruptible } from '../cli/interrupt.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { createMemberHome } from '../state/create-home.ts'
import { charterFile, configFile, homeFolder, isThere, nodeFolder } from '../state/places.ts'
import { ensureListen } from './mesh.ts'
import { jsonOf, startIn, textOf, untilTheyEnd } from './up.ts'

export type NodeStartOptions = {
  join?: string
  name?: string
  listen?: string
  home?: string
  location?: string
  json?: true
}

/**
 * Joins where the folder of that name holds no node yet, then runs it until it is stopped. A home
 * is made around it, so that the other commands work here too.
 */
export function startNode(options: NodeStartOptions): Promise<Exit> {
  return interruptible(async (cleanUps, signal) => {
    ensureListen(options.listen)
    const home = resolve(options.home ?? homeFolder())
    const name = options.name ?? nameOfHost()
    ensureName(name)
    const folder = nodeFolder(home, name)
    if (!(await isThere(configFile(folder)))) await join(home, name, options, signal)
    else if (options.join !== undefined) note(`${name} has joined before: it is started again\n`)
    const { listen } = options
    const mesh = await startIn(cleanUps, home, [name], { detach: false, listen, signal })
    if (options.json) printJson(mesh.map(jsonOf))
    else print(textOf(mesh, false))
    return untilTheyEnd(mesh)
  })
}

/** It names a folder too: what no charter would take is refused before one is made. */
function ensureName(name: string): void {
  if (Member.shape.name.safeParse(name).success) return
  throw new UsageError(
    `--name ${name}: expected a name as a charter has it`,
    'write it with at most 64 of a-z, 0-9, ".", "_" and "-", a letter or digit first',
  )
}

async function join(
  home: string,
  name: string,
  { join: line, listen, location }: NodeStartOptions,
  signal: AbortSignal,
): Promise<void> {
  if (line === undefined) {
    throw new UsageError(
      `there is no node '${name}' in ${home}`,
      'give --join LINE, which `meshctl federation invite` prints on a machine of the federation',
    )
  }
  const folder = nodeFolder(home, name)
  const config = {
    ...(listen !== undefined && { listen: [listen] }),
    ...(location !== undefined && { price: { location } }),
  }
  const joined = await joinFederation({ line, folder, name, config, signal })
  note(`Entered as ${printable(joined.name)} (${joined.role}) in the charter ${joined.genesis}\n`)
  if (!(await isThere(configFile(home)))) await makeHome(home, name)
}

async function makeHome(home: string, node: string): Promise<void> {
  const bytes = await readFile(charterFile(nodeFolder(home, node)))
  const charter = open(Charter, Uint8Array.from(bytes))
  const seed = new Uint8Array(randomBytes(32))
  const federation = charter.body.name
  try {
    const genesis = charter.cid
    await createMemberHome(home, { seed, federation, genesis, charter, tokens: [], node })
  } catch (thrown) {
    // another node of this folder may have been faster
    if (!(thrown instanceof Refusal && thrown.code === 'HOME_TAKEN')) throw thrown
  }
}

/** This machine's name as a charter can say it. */
function nameOfHost(): string {
  const [first = ''] = hostname().toLowerCase().split('.')
  const name = first.replace(/[^a-z0-9-]+/g, '-').replace(/^-+|-+$/g, '')
  return name === '' ? 'node' : name.slice(0, 64)
}
