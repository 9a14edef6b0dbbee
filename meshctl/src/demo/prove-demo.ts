/**
 * What the demo may claim: the stores of the processes, which have stopped, are written into one
 * CAR file, and the receipt is checked as any stranger would check it, from the stores of the
 * federation, which did not run the job.
 */
import { type LevelBlocks, openLevelDisk, writeCar } from '@planetary-mesh/peer'
import { type Block, type CID, readDirectory, type Sandbox } from '@planetary-mesh/spec'
import { type CheckedProof, checkProof } from '../proof/check-proof.ts'
import { proofOf } from '../proof/proof.ts'
import { replayJob } from '../proof/replay-job.ts'
import { nodeFolder, storeFolder } from '../state/places.ts'

/** Who is read from: members that are no executors. */
const isRead = (name: string) => name.startsWith('federation-')

/** Changes a block on its way to the reader. */
export type Tamper = (block: Block) => Block

export type DemoProof = {
  checked: CheckedProof
  /** The output files by path; none unless the receipt is verified. */
  files: ReadonlyMap<string, Uint8Array>
}

export async function proveDemo(
  given: {
    home: string
    names: readonly string[]
    genesis: CID
    receipt: CID
    head: CID
    sandbox: Sandbox
    car: string
  },
  tamper: Tamper,
): Promise<DemoProof> {
  const { home, names, genesis, receipt, head, sandbox } = given
  const roots = [receipt, head, genesis]
  await using opened = new AsyncDisposableStack()
  const stores = new Map<string, LevelBlocks>()
  for (const name of names) {
    const disk = await openLevelDisk(storeFolder(nodeFolder(home, name)))
    opened.defer(() => disk.close())
    stores.set(name, disk.openBlocks())
  }
  await writeCar(given.car, roots, allBlocks(stores.values()))
  const blocks = new Map<string, Block>()
  for (const [name, store] of stores) {
    if (!isRead(name)) continue
    for await (const block of store.all()) blocks.set(`${block.cid}`, tamper(block))
  }
  const proof = proofOf(roots, blocks)
  const checked = await checkProof(proof, {
    receipt,
    genesis: { cid: genesis, from: 'option' },
    replay: (verification) => replayJob(verification, proof, sandbox),
  })
  const { output } = checked.chain?.receipt.body.result ?? {}
  const isGood = checked.verified.mark === '✓' && output !== undefined
  const files = isGood ? readDirectory(output, proof.get) : []
  return { checked, files: new Map(files.map(({ path, bytes }) => [path, bytes])) }
}

async function* allBlocks(stores: Iterable<LevelBlocks>): AsyncIterable<Block> {
  for (const store of stores) yield* store.all()
}
