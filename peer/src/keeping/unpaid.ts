/**
 * What a home has had kept for jobs that are not in the log: nobody holds units for them yet, or
 * ever. It is counted, so that one member cannot fill the others' disks for nothing.
 */
import { admit, type CID, type Did, LIMITS, textOf } from '@planetary-mesh/spec'

type Unpaid = { bytes: number; untilMs: number }

export type UnpaidCount = {
  /**
   * Counts `bytes` more for `home`, until the job is logged or an hour is over. Refuses
   * LIMIT_EXCEEDED above 2 GiB, OVERLOADED above 1024 jobs.
   */
  add(home: Did, job: CID, bytes: number): void
}

export function openUnpaidCount(given: {
  isLogged: (job: string) => boolean
  nowMs: () => number
}): UnpaidCount {
  const homes = new Map<Did, Map<string, Unpaid>>()

  const isOver = (job: string, { untilMs }: Unpaid) =>
    untilMs <= given.nowMs() || given.isLogged(job)

  /** What is left for this home; others are looked at when they ask. */
  const left = (home: Did): Map<string, Unpaid> => {
    const jobs = homes.get(home) ?? new Map<string, Unpaid>()
    homes.set(home, jobs)
    for (const [job, unpaid] of jobs) if (isOver(job, unpaid)) jobs.delete(job)
    return jobs
  }

  return {
    add(home, job, bytes) {
      const jobs = left(home)
      const key = textOf(job)
      const most = LIMITS.keepsUnpaidMax
      admit(jobs.size < most, 'OVERLOADED', `${most} jobs of ${home} are not in the log`)
      const before = jobs.get(key)?.bytes ?? 0
      const total = bytes + [...jobs.values()].reduce((sum, unpaid) => sum + unpaid.bytes, 0)
      const max = LIMITS.keepUnpaidBytesMax
      admit(
        total <= max,
        'LIMIT_EXCEEDED',
        `${total} bytes for jobs not in the log, at most ${max}`,
      )
      jobs.set(key, { bytes: before + bytes, untilMs: given.nowMs() + LIMITS.keepUnpaidMs })
    },
  }
}
