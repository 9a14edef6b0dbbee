/**
 * A disk in memory that can fail the way disks do: what was not synced is gone after a crash, it
 * has an end, and somebody may turn a bit on it. A process has its journal and blocks on one disk.
 */
import { type CID, Refusal } from '@planetary-mesh/spec'
import type { Blocks, Journal, Snapshots } from '../ports.ts'
import { createBlockShelf } from './memory-blocks.ts'
import { createJournalShelf } from './memory-journal.ts'
import { createSnapshotShelf } from './memory-snapshots.ts'

export type MemoryDisk = {
  /** Refuses STORE_CLOSED while another handle is open: a journal has one writer. */
  openJournal(): Journal
  openBlocks(): Blocks
  openSnapshots(): Snapshots
  /**
   * Power loss: open handles are dead, and what was not synced never was, but for the first
   * `journalKept` of the appends that were under way (default 0).
   */
  crash(journalKept?: number): void
  /** Changes a stored block behind the store's back. */
  corrupt(cid: CID, bytes: Uint8Array): void
  /** Turns a bit in the append of that number, counted from 0. */
  corruptJournal(append: number): void
}

export type DiskOptions = {
  /** Resolves when the disk has written what it was given so far. Default: at once. */
  sync?: () => Promise<void>
  /** Room for journal entries and blocks together. Default: no end. */
  bytesMax?: number
  /** Where to look for blocks that are not here: the other members' stores. */
  fetch?: (cid: CID) => Promise<Uint8Array | undefined>
  /** How bytes are proven; a simulation remembers what it has proven. Default: `ensureHash`. */
  ensureHash?: (cid: CID, bytes: Uint8Array) => void
  /** How a block's bytes come and go: copied, or as they are where nobody writes to them. */
  copy?: (bytes: Uint8Array) => Uint8Array
}

/** What journal and blocks know of the disk they are on. */
export type Medium = {
  /** A handle; it dies with `close`, and with the next crash. */
  handle(): Handle
  /** Refuses with STORE_FULL. */
  reserve(bytes: number): void
  release(bytes: number): void
}

export type Handle = {
  close(): void
  readonly isOpen: boolean
  /** Refuses with STORE_CLOSED. */
  ensureOpen(): void
  /** Resolves when all that was written so far is durable. STORE_CLOSED if a crash came first. */
  sync(): Promise<void>
}

export function openMemoryDisk(options: DiskOptions = {}): MemoryDisk {
  const medium = createMedium(options)
  const journal = createJournalShelf(medium)
  const blocks = createBlockShelf(medium, options)
  const snapshots = createSnapshotShelf(medium)
  return {
    openJournal: journal.open,
    openBlocks: blocks.open,
    openSnapshots: snapshots.open,
    crash(journalKept = 0) {
      medium.crash()
      journal.crash(journalKept)
      blocks.crash()
    },
    corrupt: blocks.corrupt,
    corruptJournal: journal.corrupt,
  }
}

function createMedium(options: DiskOptions): Medium & { crash(): void } {
  const sync = options.sync ?? (async () => {})
  const bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY
  let used = 0
  let crashes = 0
  const closed = () => new Refusal('STORE_CLOSED', 'the store was closed')
  return {
    handle() {
      const mine = crashes
      let isOpen = true
      return {
        close: () => {
          isOpen = false
        },
        get isOpen() {
          return isOpen && mine === crashes
        },
        ensureOpen: () => {
          if (!isOpen || mine !== crashes) throw closed()
        },
        sync: async () => {
          await sync()
          if (mine !== crashes) throw closed()
        },
      }
    },
    reserve(bytes) {
      if (used + bytes > bytesMax) {
        throw new Refusal('STORE_FULL', `${bytes} bytes more, ${used} of ${bytesMax} are used`)
      }
      used += bytes
    },
    release(bytes) {
      used -= bytes
    },
    crash() {
      crashes += 1
    },
  }
}
