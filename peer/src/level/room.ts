/**
 * Room for blocks and journal: what the owner allows, and what the disk itself has left, whoever
 * else writes on it. Files end before both do, so that records and the log can still be written:
 * a process that can write neither has to stop.
 */
import { statfsSync } from 'node:fs'
import { assert, LIMITS, Refusal } from '@planetary-mesh/spec'
import { MERGE_BYTES_MAX } from './storage.ts'

export type Room = {
  /** Refuses STORE_FULL. `spare` may use what is kept for records and the journal. */
  reserve(bytes: number, spare: boolean): void
  release(bytes: number): void
  readonly used: number
}

/** What a file system has, for everybody on it. */
export type DiskSpace = { freeBytes: number; allBytes: number }

/** The space of the file system of `folder`; undefined where it does not say. */
export function spaceOf(folder: string): DiskSpace | undefined {
  try {
    const { bavail, bsize, blocks } = statfsSync(folder)
    return blocks === 0 ? undefined : { freeBytes: bavail * bsize, allBytes: blocks * bsize }
  } catch {
    return undefined
  }
}

export function openRoom(given: {
  bytesMax: number
  usedBefore: number
  /** Bytes of what is used that are on the disk; the others are on their way to it. */
  written: () => number
  space: () => DiskSpace | undefined
  nowMs: () => number
}): Room {
  const { bytesMax, written } = given
  let used = given.usedBefore
  const kept = Math.min(LIMITS.storeReserveBytesMax, Math.floor(bytesMax / 20))
  const disk = openDiskLooks(given)

  const refuse = (asked: number, limit: number) => {
    throw new Refusal('STORE_FULL', `${asked} bytes more, ${used} of ${limit} are used`, {
      values: { asked, used, limit },
    })
  }

  return {
    reserve(bytes, spare) {
      const max = spare ? bytesMax : bytesMax - kept
      // whoever needs no more than before may always write
      if (bytes > 0 && used + bytes > max) refuse(bytes, max)
      if (bytes > 0 && !spare) disk.ensureFree(bytes, used, used - written())
      used += bytes
      disk.take(bytes)
    },
    release(bytes) {
      used -= bytes
      assert(used >= 0, 'no more is given back than was taken')
    },
    get used() {
      return used
    },
  }
}

/**
 * Asks the disk once a second at most, or when an eighth of what is kept was written meanwhile;
 * between two looks, what this process writes is counted.
 */
function openDiskLooks(given: { space: () => DiskSpace | undefined; nowMs: () => number }) {
  let last: { atMs: number; free: number; kept: number } | undefined
  let taken = 0

  const look = (underWay: number) => {
    const atMs = given.nowMs()
    const isDue = taken * 8 > (last?.kept ?? 0)
    if (last !== undefined && !isDue && Math.abs(atMs - last.atMs) < LIMITS.storeLookMs) return last
    const { freeBytes, allBytes } = given.space() ?? { freeBytes: Infinity, allBytes: Infinity }
    const kept = Math.min(LIMITS.storeReserveBytesMax, Math.floor(allBytes / 3))
    taken = 0
    last = { atMs, free: freeBytes - underWay, kept }
    return last
  }

  return {
    take(bytes: number) {
      taken += Math.max(0, bytes)
    },
    /**
     * Refuses STORE_FULL. When LevelDB merges, what it merges is on the disk twice for a while; a
     * merge that finds no room would end all writing until the store is opened again.
     */
    ensureFree(bytes: number, used: number, underWay: number) {
      const { free, kept } = look(underWay)
      const left = free - taken
      const limit = kept + Math.min(used + bytes, MERGE_BYTES_MAX)
      if (left - bytes >= limit) return
      const detail = `${bytes} bytes more, the disk has ${left} left and ${limit} of them are kept free`
      throw new Refusal('STORE_FULL', detail, {
        values: { asked: bytes, left: Math.max(0, left), limit },
      })
    },
  }
}
