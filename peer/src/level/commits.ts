/**
 * Group commit: what comes while the disk is writing shares the next write. One fsync costs the
 * same for one entry and for a thousand.
 */
import { LIMITS } from '@planetary-mesh/spec'
import type { Write } from './storage.ts'

/** One caller's writes; made when its group is formed, since they may be numbered by it. */
export type Commit = {
  /** About how many bytes `writes` gives. */
  bytes: number
  /** What it adds to the used room, once it is on the disk. */
  growth: number
  writes(): Write[]
  /** The group was not written: the room and the numbers it took are free again. */
  undo(): void
}

export type Commits = {
  /** Resolves when it is on the disk, in the order of the calls; rejects with the disk's error. */
  add(commit: Commit): Promise<void>
  /** Resolves when nothing waits. */
  idle(): Promise<void>
}

type Waiting = Commit & { resolve: () => void; reject: (error: unknown) => void }

/** `batch` writes all or nothing, and counts what grew with the same write. */
export function openCommits(batch: (writes: Write[], growth: number) => Promise<void>): Commits {
  let waiting: Waiting[] = []
  let working: Promise<void> | undefined

  const takeGroup = (): Waiting[] => {
    let bytes = 0
    const end = waiting.findIndex((commit, at) => {
      bytes += commit.bytes
      return at > 0 && bytes > LIMITS.commitBytesMax
    })
    const group = end < 0 ? waiting : waiting.slice(0, end)
    waiting = waiting.slice(group.length)
    return group
  }

  const work = async () => {
    while (waiting.length > 0) {
      const group = takeGroup()
      try {
        const growth = group.reduce((sum, commit) => sum + commit.growth, 0)
        await batch(
          group.flatMap((commit) => commit.writes()),
          growth,
        )
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { undo } of [...group].reverse()) undo()
        for (const { reject } of group) reject(error)
      }
    }
    working = undefined
  }

  return {
    add(commit) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ ...commit, resolve, reject })
      working ??= work()
      return promise
    },
    idle: async () => working,
  }
}
