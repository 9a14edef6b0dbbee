/**
 * What a file proves a job with, as an attacker without keys holds it: every block may be changed,
 * and whatever nobody signs (log entries, anchors, the roots) may be made to point elsewhere.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { readCar, writeCar } from '@planetary-mesh/peer'
import {
  Anchor,
  type AnyRecord,
  anchorsBack,
  appendLeaf,
  type Block,
  type CID,
  LogEntry,
  NO_PEAKS,
  openAny,
  type Peaks,
  rootOf,
} from '@planetary-mesh/spec'

export type Evidence = {
  /** Receipt, newest anchor, genesis charter. */
  roots: readonly [receipt: CID, head: CID, genesis: CID]
  blocks: ReadonlyMap<string, Block>
}

export type Logged = { record: AnyRecord; entry: CID; atMs: number }

export function bytesOf({ blocks }: Evidence, cid: CID): Uint8Array {
  const block = blocks.get(`${cid}`)
  if (block === undefined) throw new Error(`the evidence holds no ${cid}`)
  return block.bytes
}

export const recordOf = (evidence: Evidence, cid: CID): AnyRecord =>
  openAny(bytesOf(evidence, cid), { cid })

/** The anchors from the first to the head. */
export function anchorsOf(evidence: Evidence): { cid: CID; anchor: Anchor }[] {
  const back = anchorsBack(evidence.roots[1], (cid) => evidence.blocks.get(`${cid}`)?.bytes)
  if ('finding' in back) throw new Error(back.finding.detail)
  return back.anchors.map((cid) => ({ cid, anchor: Anchor.decode(bytesOf(evidence, cid), cid) }))
}

/** Every entry of the log with its record, in order. */
export function logOf(evidence: Evidence): Logged[] {
  return anchorsOf(evidence).flatMap(({ anchor }) =>
    anchor.entries.map((cid) => {
      const { record, atMs } = LogEntry.decode(bytesOf(evidence, cid), cid)
      return { record: recordOf(evidence, record), entry: cid, atMs }
    }),
  )
}

export function without({ roots, blocks }: Evidence, cid: CID): Evidence {
  const left = new Map(blocks)
  left.delete(`${cid}`)
  return { roots, blocks: left }
}

/** Other bytes under the same name. */
export function disguise(evidence: Evidence, cid: CID, bytes: Uint8Array): Evidence {
  return { ...evidence, blocks: new Map(evidence.blocks).set(`${cid}`, { cid, bytes }) }
}

/**
 * `block` in the place of `old`, which is gone: entries that name it name the new one, anchors hold
 * these entries, the roots follow. The checkpoints stay those that the writer signed, but for the
 * anchor where `checkpoint` gives another. What is signed cannot follow.
 */
export function replace(
  evidence: Evidence,
  old: CID,
  block: Block,
  checkpoint?: (anchor: Anchor) => string,
): Evidence {
  const blocks = new Map(evidence.blocks)
  blocks.delete(`${old}`)
  blocks.set(`${block.cid}`, block)
  const renamed = new Map([[`${old}`, block.cid]])
  const moved = (cid: CID) => renamed.get(`${cid}`) ?? cid
  const keep = (cid: CID, made: Block) => {
    renamed.set(`${cid}`, made.cid)
    blocks.set(`${made.cid}`, made)
  }
  let peaks: Peaks = NO_PEAKS
  for (const { cid, anchor } of anchorsOf(evidence)) {
    for (const at of anchor.entries) {
      const entry = LogEntry.decode(bytesOf(evidence, at), at)
      keep(at, LogEntry.encode({ ...entry, record: moved(entry.record) }))
    }
    const entries = anchor.entries.map(moved)
    peaks = entries.reduce((before, at) => appendLeaf(before, at.bytes), peaks)
    const previous = anchor.previous === null ? null : moved(anchor.previous)
    if (cid.equals(old) && checkpoint === undefined) continue
    const remade = { ...anchor, previous, entries, size: peaks.size, root: rootOf(peaks) }
    const note = cid.equals(old) ? checkpoint?.(remade) : undefined
    keep(cid, Anchor.encode({ ...remade, checkpoint: note ?? anchor.checkpoint }))
  }
  const [receipt, head, genesis] = evidence.roots
  return { roots: [moved(receipt), moved(head), moved(genesis)], blocks }
}

const scratch = mkdtempSync(join(tmpdir(), 'attacks-'))
after(() => rmSync(scratch, { recursive: true }))
let files = 0

/** A CAR file with this evidence; the folder goes when the test file has run. */
export async function writeEvidence({ roots, blocks }: Evidence): Promise<string> {
  files += 1
  const path = join(scratch, `${files}.car`)
  await writeCar(path, roots, blocks.values())
  return path
}

export async function readEvidence(path: string): Promise<Evidence> {
  const { roots, blocks } = await readCar(path)
  const [receipt, head, genesis] = roots
  if (receipt === undefined || head === undefined || genesis === undefined) {
    throw new Error('a proof has three roots')
  }
  return { roots: [receipt, head, genesis], blocks }
}

/** A copy of the file in which one byte of that block is another: at 0 the first, at 1 the last. */
export async function flipByte(path: string, bytes: Uint8Array, at: number): Promise<string> {
  const file = await readFile(path)
  const start = file.indexOf(bytes)
  if (start < 0) throw new Error('the block is not in the file')
  const offset = start + Math.round(at * (bytes.length - 1))
  file[offset] = (file[offset] as number) ^ 0x01
  files += 1
  const copy = join(scratch, `${files}.car`)
  await writeFile(copy, file)
  return copy
}
