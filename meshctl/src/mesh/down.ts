/** `meshctl down`: every process of the home ends, and none is left. */
import { resolve } from 'node:path'
import { isAlive, readRunFile, removeRunFile, runFileOf } from '@planetary-mesh/peer'
import { EXIT, type Exit } from '../cli/exit.ts'
import { print, printable, printJson } from '../cli/terminal.ts'
import { homeFolder, isThere, nodeFolder } from '../state/places.ts'
import { knownNodes } from '../state/running.ts'
import { isOurs, pidsOn } from './ask-node.ts'
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
  if (run !== undefined && isAlive(run.pid) && (await isOurs(folder, run))) {
    return { name, how: await stopProcess(folder, run) }
  }
  // a run file that was lost or spoiled says nothing of the process that wrote it
  const pids = await pidsOn(folder)
  const ends = await Promise.all(pids.map((pid) => stopProcess(folder, { pid })))
  if (ends.length > 0) return { name, how: ends.includes('killed') ? 'killed' : 'stopped' }
  if (!(await isThere(runFileOf(folder)))) return undefined
  await removeRunFile(folder)
  return { name, how: 'stale' }
}
