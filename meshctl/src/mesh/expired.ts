/** Which blocks of a store are outputs that nobody has to keep any more. */
import type { Blocks } from '@planetary-mesh/peer'
import {
  type AnyRecord,
  attempt,
  Charter,
  type CID,
  CODEC,
  LogEntry,
  openAny,
  Refusal,
  readNode,
} from '@planetary-mesh/spec'

export type Expired = {
  /** How many receipts are older than their outputs are kept. */
  receipts: number
  /** The blocks of their outputs that nothing else names, and that are held here. */
  cids: CID[]
  bytes: number
}

type Held = Pick<Blocks, 'all' | 'get' | 'has'>

/**
 * By the charter in force in the log that this store holds: `retainMs` after the entry of a
 * receipt, its stdout, stderr and output may go. Reads every block of the store once.
 */
export async function expiredIn(blocks: Held, genesis: CID, nowMs: number): Promise<Expired> {
  const { records, atMs } = await readLog(blocks)
  const retainMs = retainOf(records, atMs, genesis)
  const old: CID[] = []
  const kept: CID[] = []
  let receipts = 0
  for (const record of records) {
    if (record.kind === 'manifest') kept.push(...filesOf(record.body))
    if (record.kind !== 'receipt') continue
    const { stdout, stderr, output } = record.body.result
    const loggedAtMs = atMs.get(`${record.cid}`)
    const isOld = loggedAtMs !== undefined && loggedAtMs + retainMs < nowMs
    receipts += isOld ? 1 : 0
    ;(isOld ? old : kept).push(stdout.cid, stderr.cid, output.cid)
  }
  const wanted = await walk(blocks, kept)
  const found = await walk(blocks, old, wanted)
  const bytes = [...found.values()].reduce((sum, one) => sum + one.bytes, 0)
  return { receipts, cids: [...found.values()].map(({ cid }) => cid), bytes }
}

type Manifest = Extract<AnyRecord, { kind: 'manifest' }>['body']

const filesOf = ({ module, stdin, inputs, program }: Manifest): CID[] => [
  module.cid,
  ...(stdin === null ? [] : [stdin.cid]),
  ...inputs.map(({ file }) => file.cid),
  ...(program === null ? [] : [program]),
]

async function readLog(blocks: Held): Promise<{ records: AnyRecord[]; atMs: Map<string, number> }> {
  const records: AnyRecord[] = []
  const atMs = new Map<string, number>()
  for await (const { cid, bytes } of blocks.all()) {
    if (cid.code !== CODEC['dag-cbor']) continue
    const record = attempt(() => openAny(bytes, { cid }))
    if (!(record instanceof Refusal)) records.push(record)
    const entry = attempt(() => LogEntry.decode(bytes, cid))
    if (!(entry instanceof Refusal)) atMs.set(`${entry.record}`, entry.atMs)
  }
  return { records, atMs }
}

/** Of the newest version that follows from the genesis; without any, for ever. */
function retainOf(
  records: readonly AnyRecord[],
  atMs: ReadonlyMap<string, number>,
  genesis: CID,
): number {
  const charters = records.filter((one): one is Charter => one.kind === Charter.kind)
  const genesisHere = charters.find(({ cid }) => cid.equals(genesis))
  if (genesisHere === undefined) return Number.POSITIVE_INFINITY
  const follower = ({ cid }: Charter) =>
    charters.find((one) => one.body.previous?.equals(cid) === true && atMs.has(`${one.cid}`))
  let inForce = genesisHere
  for (let next = follower(inForce); next !== undefined; next = follower(next)) inForce = next
  return inForce.body.retainMs
}

type Found = Map<string, { cid: CID; bytes: number }>

/** Every block of these files and folders that is held here, but none of `besides`. */
async function walk(
  blocks: Held,
  roots: readonly CID[],
  besides: ReadonlyMap<string, unknown> = new Map(),
): Promise<Found> {
  const found: Found = new Map()
  const open = [...roots]
  for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
    const key = `${cid}`
    if (found.has(key) || besides.has(key)) continue
    const bytes = await blocks.get(cid)
    if (bytes === undefined) continue
    found.set(key, { cid, bytes: bytes.length })
    const node = attempt(() => readNode(cid, bytes))
    // a job may name what is no file of ours: there is nothing below it
    if (node instanceof Refusal) continue
    if (node.type === 'branch') open.push(...node.links.map((part) => part.cid))
    if (node.type === 'directory') open.push(...node.entries.map((entry) => entry.cid))
  }
  return found
}
