/** Blocks in memory: hashed when they come, and again whenever they are read. */
import { type CID, ensureHash as hashAndCompare, textOf } from '@planetary-mesh/spec'
import type { Blocks } from '../ports.ts'
import type { DiskOptions, Medium } from './memory-disk.ts'

const copyOf = (bytes: Uint8Array) => bytes.slice()

type Stored = { cid: CID; bytes: Uint8Array; durable: boolean }

export function createBlockShelf(
  medium: Medium,
  { fetch, ensureHash = hashAndCompare, copy = copyOf }: DiskOptions,
): { open(): Blocks; crash(): void; corrupt(cid: CID, bytes: Uint8Array): void } {
  const stored = new Map<string, Stored>()
  const pending = new Map<string, Stored>()

  /** Reserves room for all of them or refuses; writes over what is there already. */
  const write = (blocks: readonly { cid: CID; bytes: Uint8Array }[]) => {
    const distinct = new Map(blocks.map((block) => [textOf(block.cid), block]))
    let growth = 0
    for (const [key, { bytes }] of distinct) {
      growth += bytes.length - (stored.get(key)?.bytes.length ?? 0)
    }
    medium.reserve(growth)
    for (const [key, { cid, bytes }] of distinct) {
      const before = stored.get(key)
      if (before !== undefined) {
        before.bytes = copy(bytes)
        continue
      }
      const entry = { cid, bytes: copy(bytes), durable: false }
      stored.set(key, entry)
      pending.set(key, entry)
    }
  }

  return {
    open() {
      const handle = medium.handle()
      const checked = ({ cid, bytes }: { cid: CID; bytes: Uint8Array }) => {
        ensureHash(cid, bytes)
        return copy(bytes)
      }
      const keepIfRoom = (cid: CID, bytes: Uint8Array) => {
        try {
          write([{ cid, bytes }])
        } catch {
          // full: the block was only to be nearer next time
        }
      }
      return {
        async put(blocks) {
          handle.ensureOpen()
          for (const { cid, bytes } of blocks) ensureHash(cid, bytes)
          write(blocks)
          const written = [...pending]
          if (written.length === 0) return
          await handle.sync()
          for (const [key, entry] of written) {
            entry.durable = true
            pending.delete(key)
          }
        },
        async get(cid) {
          handle.ensureOpen()
          const found = stored.get(textOf(cid))
          if (found !== undefined) return checked(found)
          const bytes = await fetch?.(cid)
          handle.ensureOpen()
          if (bytes === undefined) return undefined
          const fetched = checked({ cid, bytes })
          keepIfRoom(cid, fetched)
          return fetched
        },
        async has(cid) {
          handle.ensureOpen()
          return stored.has(textOf(cid))
        },
        async *all() {
          handle.ensureOpen()
          for (const entry of [...stored.values()]) {
            handle.ensureOpen()
            yield { cid: entry.cid, bytes: checked(entry) }
          }
        },
        async close() {
          handle.close()
        },
      }
    },
    crash() {
      for (const [key, { bytes }] of pending) {
        stored.delete(key)
        medium.release(bytes.length)
      }
      pending.clear()
    },
    corrupt(cid, bytes) {
      const entry = stored.get(textOf(cid))
      if (entry !== undefined) entry.bytes = copy(bytes)
    },
  }
}
