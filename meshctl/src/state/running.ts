/** The processes of a home that run now, and the one that somebody means. */
import { readdir } from 'node:fs/promises'
import { isMissing, type RunFile, readLiveRunFile } from '@planetary-mesh/peer'
import { type Charter, Refusal } from '@planetary-mesh/spec'
import { findMember } from './find-member.ts'
import { configFile, isThere, nodeFolder, nodesFolder } from './places.ts'

/**
 * The names of all processes that have a state folder here, sorted. A folder without a config is
 * left of a join that was refused: nothing can be started there, nothing runs.
 */
export async function knownNodes(home: string): Promise<string[]> {
  const names = await readdir(nodesFolder(home)).catch((thrown) => {
    if (isMissing(thrown)) return []
    throw thrown
  })
  const known = await Promise.all(
    names.map(async (name) => {
      const folder = nodeFolder(home, name)
      return (await isThere(configFile(folder))) || (await readLiveRunFile(folder)) !== undefined
    }),
  )
  return names.filter((_, index) => known[index]).sort()
}

/**
 * The run file of the process that `text` names: its folder's name, or the name, DID or prefix of
 * a member of `charter`. Refuses NODE_AWAY when it does not run.
 */
export async function findNode(
  home: string,
  text: string,
  charter: Charter | undefined,
): Promise<RunFile> {
  const known = await knownNodes(home)
  const isFolder = known.includes(text) || charter === undefined
  const name = isFolder ? text : findMember(charter.body.members, text).name
  if (!known.includes(name)) throw new Refusal('NODE_AWAY', `${name} is not a node of ${home}`)
  const run = await readLiveRunFile(nodeFolder(home, name))
  if (run === undefined) throw new Refusal('NODE_AWAY', `${name} is not running`)
  return run
}
