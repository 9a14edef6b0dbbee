/**
 * The memory of processes over time, and how fast it grows: what is theirs alone. Pages of programs
 * and of the store's files are the system's, which drops them when it wants the room.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { childrenOf, memoryOf } from '../../bench/process-times.ts'
import type { RunningMesh } from '../../bench/running-mesh.ts'

const SAMPLE_MS = 10_000
const SAMPLES_PER_LINE = 12
const MIB = 1024 * 1024
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

type Sample = { atMs: number; bytes: number }
export type Slope = { what: string; first: number; last: number; percentAnHour: number }

/** Of each name two lines: the process itself, and the slots of its sandbox together. */
export function openMemorySamples(
  mesh: RunningMesh,
  names: readonly string[],
  say: (text: string) => void,
) {
  const lines = new Map<string, Sample[]>()
  const startedAtMs = performance.now()
  const take = (what: string, bytes: number) => {
    const samples = lines.get(what) ?? []
    lines.set(what, samples)
    samples.push({ atMs: performance.now() - startedAtMs, bytes })
  }
  return {
    async run(over: AbortSignal): Promise<void> {
      for (let taken = 1; !over.aborted; taken++) {
        for (const name of names) {
          const { pid } = mesh.run(name)
          take(name, memoryOf(pid, 'RssAnon'))
          take(`${name}, slots`, slotsOf(pid))
        }
        if (taken % SAMPLES_PER_LINE === 0) say(lineOf(lines))
        await wait(SAMPLE_MS, undefined, { signal: over }).catch(() => {})
      }
    },
    /** What was sampled after so many minutes; lines of fewer than three samples are left out. */
    slopes(afterMinutes: number): Slope[] {
      return [...lines].flatMap(([what, all]) => {
        const samples = all.filter(({ atMs }) => atMs >= afterMinutes * MINUTE_MS)
        if (samples.length < 3) return []
        const [first, last] = [samples[0] as Sample, samples.at(-1) as Sample]
        return [
          {
            what,
            first: mibOf(first.bytes),
            last: mibOf(last.bytes),
            percentAnHour: growth(samples),
          },
        ]
      })
    },
  }
}

/** What each took at the last look. */
function lineOf(lines: ReadonlyMap<string, readonly Sample[]>): string {
  const last = [...lines].flatMap(([what, samples]) => {
    const bytes = samples.at(-1)?.bytes ?? 0
    return bytes === 0 ? [] : [`${what} ${mibOf(bytes)} MiB`]
  })
  return last.join(' · ')
}

const mibOf = (bytes: number) => Math.round(bytes / MIB)

/** One that ends while we look counts no more. */
function slotsOf(pid: number): number {
  let bytes = 0
  for (const child of childrenOf(pid)) {
    try {
      bytes += memoryOf(child, 'RssAnon')
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(Object(error).code)) throw error
    }
  }
  return bytes
}

/** The slope of the line of least squares, in percent an hour of the mean. */
export function growth(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const time = mean(({ atMs }) => atMs)
  const bytes = mean((sample) => sample.bytes)
  const spread = mean(({ atMs }) => (atMs - time) ** 2)
  const together = mean((sample) => (sample.atMs - time) * (sample.bytes - bytes))
  return (100 * HOUR_MS * together) / spread / bytes
}
