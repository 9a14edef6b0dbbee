/**
 * The five things that a disk needs of LevelDB, and its errors by our names. Tests put themselves
 * between here and the disk: to drop what was not synced, to be full, to turn a bit.
 */
import { Refusal } from '@planetary-mesh/spec'
import { Level } from 'level'

export type Write =
  | { type: 'put'; key: Uint8Array; value: Uint8Array }
  | { type: 'del'; key: Uint8Array }

/** Keys from `gte` up to, and without, `lt`. */
export type KeyRange = { gte: Uint8Array; lt: Uint8Array; reverse?: boolean; limit?: number }

export type Storage = {
  getSync(key: Uint8Array): Uint8Array | undefined
  /** All of them, in their order, on the disk when it resolves; or none. */
  batch(writes: readonly Write[]): Promise<void>
  /** What was there when it began, in the order of the keys. */
  entries(range: KeyRange): AsyncIterable<readonly [Uint8Array, Uint8Array]>
  keys(range: KeyRange): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** What is written stands in memory, too, until it is so much and becomes a file. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024
const FILE_BYTES = 32 * 1024 * 1024
/** What is read again is read soon, and the system keeps the files' pages besides. */
const CACHE_BYTES = 2 * 1024 * 1024
/** LevelDB merges one file with about ten of the next level, and then drops them. */
export const MERGE_BYTES_MAX = 11 * FILE_BYTES

/** Refuses STORE_LOCKED while anybody has the folder open. */
export async function openLevelStorage(folder: string): Promise<Storage> {
  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const
  const level = new Level<Uint8Array, Uint8Array>(folder, { ...encodings, compression: false })
  try {
    await level.open({
      writeBufferSize: WRITE_BUFFER_BYTES,
      maxFileSize: FILE_BYTES,
      cacheSize: CACHE_BYTES,
    })
  } catch (error) {
    throw named(error)
  }
  return {
    getSync(key) {
      const value = level.getSync(key)
      return value === undefined ? undefined : plain(value)
    },
    batch: (writes) => level.batch([...writes], { ...encodings, sync: true }),
    async *entries(range) {
      const pairs = level.iterator({ ...range, ...encodings, fillCache: false })
      for await (const [key, value] of pairs) yield [plain(key), plain(value)] as const
    },
    async *keys(range) {
      for await (const key of level.keys({ ...range, ...encodings })) yield plain(key)
    },
    close: () => level.close(),
  }
}

/** A Buffer's `slice` would not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** The same storage, whose errors are refusals where we have a name for them. */
export function withNames(storage: Storage): Storage {
  async function* each<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items
    } catch (error) {
      throw named(error)
    }
  }
  return {
    getSync(key) {
      try {
        return storage.getSync(key)
      } catch (error) {
        throw named(error)
      }
    },
    async batch(writes) {
      try {
        await storage.batch(writes)
      } catch (error) {
        throw named(error)
      }
    },
    entries: (range) => each(storage.entries(range)),
    keys: (range) => each(storage.keys(range)),
    close: () => storage.close(),
  }
}

/** The refusal that an error of LevelDB means, or the error itself. */
function named(error: unknown): unknown {
  const codes = [error, (error as { cause?: unknown })?.cause].map(codeOf)
  if (codes.includes('LEVEL_LOCKED')) {
    return new Refusal('STORE_LOCKED', 'another process has the store open', { cause: error })
  }
  if (codes.includes('LEVEL_DATABASE_NOT_OPEN') || codes.includes('LEVEL_ITERATOR_NOT_OPEN')) {
    return new Refusal('STORE_CLOSED', 'the store was closed', { cause: error })
  }
  // LevelDB passes the system's words on, not its number
  if (/no space left|quota exceeded|ENOSPC|EDQUOT/i.test(String(error))) {
    return new Refusal('STORE_FULL', 'the disk has no room left', { cause: error })
  }
  return error
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code
}
