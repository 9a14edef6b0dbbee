/**
 * Small values by name that may be lost: what is only convenient to know after a restart. They do
 * not count as used room; whoever writes them bounds how many there are.
 */
import { LIMITS, Refusal } from '@planetary-mesh/spec'
import type { Medium } from './level-disk.ts'

export type LevelNotes = {
  /** Refuses STORE_FULL, STORE_CLOSED. */
  set(name: string, value: Uint8Array): Promise<void>
  /** Every note; the values are as the disk gives them, not checked. */
  all(): AsyncIterable<readonly [string, Uint8Array]>
}

const PREFIX = 0x6e
const RANGE = { gte: Uint8Array.of(PREFIX), lt: Uint8Array.of(PREFIX + 1) }

export function openLevelNotes(medium: Medium): LevelNotes {
  const { storage, commits } = medium
  const handle = medium.handle()
  return {
    async set(name, value) {
      handle.ensureOpen()
      const key = Uint8Array.of(PREFIX, ...Buffer.from(name))
      if (value.length > LIMITS.recordBytesMax) {
        throw new Refusal('STORE_FULL', `a note of ${value.length} bytes`)
      }
      const kept = new Uint8Array(value)
      const added = commits.add({
        bytes: kept.length,
        growth: 0,
        writes: () => [{ type: 'put', key, value: kept }],
        undo() {},
      })
      await handle.during(added)
    },
    async *all() {
      handle.ensureOpen()
      for await (const [key, value] of storage.entries(RANGE)) {
        yield [Buffer.from(key.subarray(1)).toString(), value] as const
        handle.ensureOpen()
      }
    },
  }
}
