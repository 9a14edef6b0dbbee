/**
 * `meshctl gc`: outputs that are older than the charter keeps them leave the stores of this home.
 * What a younger receipt or any job still names stays, and so does everything of the log.
 */
import { openLevelDisk } from '@planetary-mesh/peer'
import { type CID, Refusal } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { sizeText } from '../cli/progress.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { openHome } from '../state/home.ts'
import { nodeFolder, storeFolder } from '../state/places.ts'
import { knownNodes } from '../state/running.ts'
import { expiredIn } from './expired.ts'
import { byName } from './mesh.ts'

type Collected = { name: string; receipts: number; blocks: number; bytes: number }

/** Refuses STORE_LOCKED where every process runs. */
export async function collectGarbage(options: { dryRun?: true; json?: true }): Promise<Exit> {
  const { dryRun = false, json } = options
  const { folder, genesis } = await openHome()
  const collected: Collected[] = []
  const running: string[] = []
  for (const name of (await knownNodes(folder)).sort(byName)) {
    const found = await collect(nodeFolder(folder, name), genesis, dryRun)
    if (found === undefined) running.push(name)
    else collected.push({ name, ...found })
  }
  if (collected.length === 0 && running.length > 0) {
    throw new Refusal('STORE_LOCKED', `all ${running.length} processes of ${folder} run`)
  }
  if (json) printJson({ deleted: !dryRun, nodes: collected, running })
  else {
    for (const one of collected) print(lineOf(one, dryRun))
    for (const name of running) note(`${printable(name)} runs and keeps its store: stop it first\n`)
  }
  return EXIT.done
}

/** Undefined for the store of a process that runs. */
async function collect(
  folder: string,
  genesis: CID,
  dryRun: boolean,
): Promise<Omit<Collected, 'name'> | undefined> {
  const disk = await openLevelDisk(storeFolder(folder)).catch((thrown) => {
    if (thrown instanceof Refusal && thrown.code === 'STORE_LOCKED') return undefined
    throw thrown
  })
  if (disk === undefined) return undefined
  try {
    const blocks = disk.openBlocks()
    const { receipts, cids, bytes } = await expiredIn(blocks, genesis, Date.now())
    if (!dryRun) await blocks.delete(cids)
    return { receipts, blocks: cids.length, bytes }
  } finally {
    await disk.close()
  }
}

function lineOf({ name, receipts, blocks, bytes }: Collected, dryRun: boolean): string {
  if (blocks === 0) return `${printable(name)}: nothing is old enough\n`
  const what = `${withCommas(blocks)} blocks (${sizeText(bytes)}) of ${withCommas(receipts)} receipts`
  return `${printable(name)}: ${dryRun ? 'would delete' : 'deleted'} ${what}\n`
}
