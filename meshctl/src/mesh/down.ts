/** `meshctl down`: every process of the home ends, and none is left. */
import { resolve } from 'node:path'
import { isAlive, readRunFile, removeRunFile } from '@planetary-mesh/peer'
import { EXIT, type Exit } from '../cli/exit.ts'
import { print, printable, printJson } from '../cli/terminal.ts'
import { homeFolder, nodeFolder } from '../state/places.ts'
import { knownNodes } from '../state/running.ts'
import { isOurs } from './ask-node.ts'
import { byName } from './mesh.ts'
import { stopProcess } from './processes.ts'

type Stopped = { name: string; how: 'stopped' | 'killed' | 'stale' }

/** Those of a home that is not there are none. */
export async function down({ json }: { json?: true }): Promise<Exit> {
  const home = resolve(homeFolder())
  const names = (await knownNodes(home)).sort(byName)
  const ends = await Promise.all(names.map((name) => stopOne(home, name)))
  const stopped = ends.filter((end) => end !== undefined)
  if (json) printJson({ stopped })
  else if (stopped.length === 0) print('Nothing was running.\n')
  else for (const { name, how } of stopped) print(`${printable(name)} ${WORDS[how]}\n`)
  return EXIT.done
}

const WORDS = {
  stopped: 'stopped',
  killed: 'did not stop and was killed',
  stale: 'had ended before without saying so',
}

async function stopOne(home: string, name: string): Promise<Stopped | undefined> {
  const folder = nodeFolder(home, name)
  const run = await readRunFile(folder)
  if (run === undefined) return undefined
  if (isAlive(run.pid) && (await isOurs(folder, run))) {
    return { name, how: await stopProcess(folder, run) }
  }
  await removeRunFile(folder)
  return { name, how: 'stale' }
}
