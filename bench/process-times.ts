/** What a process and the slots of its sandbox used, as Linux counts it. */
import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of a clock by which the kernel tells times to programs: 100 a second on Linux. */
const TICK_MS = 10

/** Processor time of a process and those it started, in ms. */
export function cpuMsOf(pid: number): number {
  const own = [pid, ...childrenOf(pid)].map((one) => {
    const stat = readFileSync(`/proc/${one}/stat`, 'utf8')
    // after the name in brackets, which may hold anything: user and system time are 12th and 13th
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return own.reduce((sum, ticks) => sum + ticks, 0) * TICK_MS
}

/** Processor time of the threads that a process has now, in ms, by the clock of the scheduler. */
export function fineCpuMsOf(pid: number): number {
  const ns = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return Number(ran)
  })
  return ns.reduce((sum, ran) => sum + ran, 0) / 1e6
}

/** A line such as `VmHWM` (the most memory ever) or `RssAnon` (now, without files), in bytes. */
export function memoryOf(pid: number, line: 'VmHWM' | 'RssAnon'): number {
  const [, kib] = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(statusOf(pid)) ?? []
  return Number(kib) * 1024
}

/** Memory that a process shares with no other, in bytes. */
export function privateMemoryOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const lines = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)]
  return lines.reduce((sum, [, kib]) => sum + Number(kib), 0) * 1024
}

const statusOf = (pid: number) => readFileSync(`/proc/${pid}/status`, 'utf8')

/** The pids of the processes that a process started. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  )
}
