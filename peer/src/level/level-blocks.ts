/** Blocks in LevelDB, by CID: hashed when they come, and again whenever they are read. */
import {
  type Block,
  CID,
  CODEC,
  ensureCid,
  ensureHash,
  equalBytes,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import type { Blocks } from '../ports.ts'
import type { Handle, Medium } from './level-disk.ts'
import type { Write } from './storage.ts'

/** Asks others for a block; undefined where nobody asked has it. */
export type FetchBlock = (cid: CID) => Promise<Uint8Array | undefined>

export type LevelBlocks = Blocks & {
  /** Takes blocks away, durably, so that their room is free: for whoever knows none needs them. */
  delete(cids: readonly CID[]): Promise<void>
}

const PREFIX = 0x62
const RANGE = { gte: Uint8Array.of(PREFIX), lt: Uint8Array.of(PREFIX + 1) }

/** The whole CID: one multihash may name a raw leaf and a record. */
export function blockKey(cid: CID): Uint8Array {
  const key = new Uint8Array(1 + cid.bytes.length)
  key[0] = PREFIX
  key.set(cid.bytes, 1)
  return key
}

/** Blocks whose write is under way, by CID, for every handle on one disk. */
const underWay = new WeakMap<Medium, Map<string, Promise<void>>>()

export function openLevelBlocks(medium: Medium, fetch?: FetchBlock): LevelBlocks {
  const { storage, room, commits } = medium
  const handle = medium.handle()
  const pending = underWay.get(medium) ?? new Map<string, Promise<void>>()
  underWay.set(medium, pending)

  const local = (cid: CID): Uint8Array | undefined => {
    ensureCid(cid)
    const bytes = storage.getSync(blockKey(cid))
    if (bytes !== undefined) ensureHash(cid, bytes)
    return bytes
  }

  /** Reserves room for all of them or refuses; what is there already, and whole, stays. */
  const write = async (blocks: readonly Block[]): Promise<void> => {
    const waits: Promise<void>[] = []
    const writes: Extract<Write, { type: 'put' }>[] = []
    const texts: string[] = []
    let growth = 0
    let spare = true
    for (const [text, { cid, bytes }] of distinct(blocks)) {
      const under = pending.get(text)
      if (under !== undefined) {
        waits.push(under)
        continue
      }
      const key = blockKey(cid)
      const before = storage.getSync(key)
      if (before !== undefined && equalBytes(before, bytes)) continue
      growth += bytes.length - (before?.length ?? 0)
      spare &&= cid.code === CODEC['dag-cbor']
      writes.push({ type: 'put', key, value: new Uint8Array(bytes) })
      texts.push(text)
    }
    if (writes.length > 0) {
      room.reserve(growth, spare)
      const bytes = writes.reduce((sum, { value }) => sum + value.length, 0)
      const undo = () => room.release(growth)
      const added = commits.add({ bytes, growth, writes: () => writes, undo })
      for (const text of texts) pending.set(text, added)
      const forget = () => {
        for (const text of texts) pending.delete(text)
      }
      added.then(forget, forget)
      waits.push(added)
    }
    await Promise.all(waits)
  }

  return {
    async put(blocks) {
      handle.ensureOpen()
      for (const { cid, bytes } of blocks) ensureHash(cid, bytes)
      await handle.during(write(blocks))
    },
    async get(cid) {
      handle.ensureOpen()
      const found = local(cid)
      if (found !== undefined || fetch === undefined) return found
      const fetched = await handle.during(fetch(cid))
      if (fetched === undefined) return undefined
      ensureHash(cid, fetched)
      await handle.during(write([{ cid, bytes: fetched }]).catch(unlessFull))
      return fetched
    },
    async has(cid) {
      handle.ensureOpen()
      ensureCid(cid)
      return storage.getSync(blockKey(cid)) !== undefined
    },
    all: () => all(medium, handle),
    async delete(cids) {
      handle.ensureOpen()
      const found = cids.flatMap((cid) => {
        const key = blockKey(cid)
        const length = storage.getSync(key)?.length
        return length === undefined ? [] : [{ key, length }]
      })
      const bytes = found.reduce((sum, { length }) => sum + length, 0)
      const writes = () => found.map(({ key }): Write => ({ type: 'del', key }))
      await handle.during(commits.add({ bytes: 0, growth: -bytes, writes, undo() {} }))
      room.release(bytes)
    },
    async close() {
      handle.close()
    },
  }
}

/** Full is no reason to refuse a fetched block: it was only to be nearer next time. */
function unlessFull(error: unknown): void {
  if (!(error instanceof Refusal && error.code === 'STORE_FULL')) throw error
}

async function* all({ storage }: Medium, handle: Handle): AsyncIterable<Block> {
  handle.ensureOpen()
  for await (const [key, bytes] of storage.entries(RANGE)) {
    handle.ensureOpen()
    const cid = CID.decode(key.slice(1))
    ensureHash(cid, bytes)
    yield { cid, bytes }
    handle.ensureOpen()
  }
}

function distinct(blocks: readonly Block[]): Map<string, Block> {
  return new Map(blocks.map((block) => [textOf(block.cid), block]))
}
