/** Processes of this machine, to see that none is left: those that name a folder, and theirs. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

type Listed = { pid: number; parent: number; words: string }

/** Undefined for one that ended, also while nobody has waited for it. */
function processOf(pid: number): Listed | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return state === 'Z' ? undefined : { pid, parent: Number(parent), words }
  } catch {
    // it ended while we looked
    return undefined
  }
}

function allProcesses(): Listed[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? [])
}

/** The pids of the processes with `text` in their command, and of all below them. */
export function pidsOf(text: string): number[] {
  const all = allProcesses()
  const found = new Set(all.filter(({ words }) => words.includes(text)).map(({ pid }) => pid))
  found.delete(process.pid)
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}

/** Resolves with the pids when there are at least so many, asking a few times a second. */
export async function awaitPids(text: string, least: number): Promise<number[]> {
  for (;;) {
    const pids = pidsOf(text)
    if (pids.length >= least) return pids
    await wait(100)
  }
}

/** Resolves when none of these pids is there any more. */
export async function gone(pids: readonly number[]): Promise<void> {
  const left = new Set(pids)
  for (;;) {
    for (const pid of left) if (processOf(pid) === undefined) left.delete(pid)
    if (left.size === 0) return
    await wait(50)
  }
}
