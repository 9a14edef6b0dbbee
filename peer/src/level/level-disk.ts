/**
 * A disk of a process in a folder: its journal, its blocks and a few notes in one LevelDB, with one
 * writer. What resolved is on the disk; what is read is checked, since LevelDB does not.
 */
import { Refusal } from '@planetary-mesh/spec'
import type { Journal } from '../ports.ts'
import { openSystemClock } from '../system-clock.ts'
import { type Commits, openCommits } from './commits.ts'
import { type JournalMark, openJournalMark } from './journal-mark.ts'
import { type FetchBlock, type LevelBlocks, openLevelBlocks } from './level-blocks.ts'
import { openLevelJournal } from './level-journal.ts'
import { type LevelNotes, openLevelNotes } from './level-notes.ts'
import { type DiskSpace, openRoom, type Room, spaceOf } from './room.ts'
import { openLevelStorage, type Storage, withNames } from './storage.ts'

export type LevelDisk = {
  /** Refuses STORE_CLOSED while another handle is open: a journal has one writer. */
  openJournal(): Journal
  /** `fetch` looks for blocks that are not here: the other members' stores. */
  openBlocks(options?: { fetch?: FetchBlock }): LevelBlocks
  openNotes(): LevelNotes
  /** Bytes of blocks and journal entries together. */
  readonly usedBytes: number
  /** Finishes what is being written, closes every handle, frees the folder. */
  close(): Promise<void>
}

export type LevelDiskOptions = {
  /**
   * Room for journal entries and blocks together; a twentieth of it, at most 64 MiB, is kept for
   * records and the journal, so that what has begun can end. Default: no end. A third of the
   * file system, at most 64 MiB, is kept so too, and what LevelDB needs to merge what it has.
   */
  bytesMax?: number
  /** Default: what the system says of the file system; undefined for one without an end. */
  spaceOf?: (folder: string) => DiskSpace | undefined
  /** Default: the machine's clock. */
  nowMs?: () => number
  /** What stands between here and the disk; tests make it fail. Default: LevelDB. */
  openStorage?: (folder: string) => Promise<Storage>
}

/** What journal, blocks and notes know of the disk they are on. */
export type Medium = {
  storage: Storage
  commits: Commits
  room: Room
  mark: JournalMark
  /** A handle, which dies with `close` and with the disk. */
  handle(): Handle
}

export type Handle = {
  close(): void
  readonly isOpen: boolean
  /** Refuses STORE_CLOSED. */
  ensureOpen(): void
  /** `work`; refuses STORE_CLOSED if the handle died meanwhile. */
  during<T>(work: Promise<T>): Promise<T>
}

const USED_KEY = Uint8Array.from(Buffer.from('used'))

/** Opens or makes the store in `folder`. Refuses STORE_LOCKED, JOURNAL_CORRUPT. */
export async function openLevelDisk(
  folder: string,
  options: LevelDiskOptions = {},
): Promise<LevelDisk> {
  const storage = withNames(await (options.openStorage ?? openLevelStorage)(folder))
  let isOpen = true
  let closing: Promise<void> | undefined
  const bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY
  let written = readUsed(storage)
  const room = openRoom({
    bytesMax,
    usedBefore: written,
    written: () => written,
    space: () => (options.spaceOf ?? spaceOf)(folder),
    nowMs: options.nowMs ?? openSystemClock().nowMs,
  })
  // counted with the same write as what it counts, so that it is right after a crash too
  const commits = openCommits(async (writes, growth) => {
    const value = Uint8Array.from(Buffer.from(String(written + growth)))
    await storage.batch([...writes, { type: 'put', key: USED_KEY, value }])
    written += growth
  })
  const mark = openJournalMark(folder)
  const handle = () => openHandle(() => isOpen)
  const medium: Medium = { storage, commits, room, mark, handle }
  const journal = await openLevelJournal(medium)

  const close = async () => {
    isOpen = false
    await commits.idle()
    mark.close()
    await storage.close()
  }

  return {
    openJournal: journal.open,
    openBlocks: ({ fetch } = {}) => openLevelBlocks(medium, fetch),
    openNotes: () => openLevelNotes(medium),
    get usedBytes() {
      return room.used
    },
    close: () => (closing ??= close()),
  }
}

function openHandle(diskIsOpen: () => boolean): Handle {
  let isOpen = true
  const ensureOpen = () => {
    if (!isOpen || !diskIsOpen()) throw new Refusal('STORE_CLOSED', 'the store was closed')
  }
  return {
    close() {
      isOpen = false
    },
    get isOpen() {
      return isOpen && diskIsOpen()
    },
    ensureOpen,
    async during(work) {
      const value = await work
      ensureOpen()
      return value
    },
  }
}

function readUsed(storage: Storage): number {
  const bytes = storage.getSync(USED_KEY)
  const used = bytes === undefined ? 0 : Number(Buffer.from(bytes).toString())
  if (!Number.isSafeInteger(used) || used < 0) {
    throw new Refusal('JOURNAL_CORRUPT', 'the count of used bytes is no number')
  }
  return used
}
