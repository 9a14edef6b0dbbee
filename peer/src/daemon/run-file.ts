/**
 * `run.json` in a state folder, 0600: that the process serves, where, and the token by which its
 * owner's tools ask it. It is written when the process serves and goes when it stops; a file whose
 * pid is no more was left by a kill and says nothing.
 */
import { readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Did, isDid } from '@planetary-mesh/spec'
import { isMissing, writeWhole } from './write-file.ts'

export type RunFile = {
  pid: number
  name: string
  did: Did
  /** Multiaddrs with the peer id. */
  addresses: string[]
  control: { url: string; token: string }
  startedAtMs: number
}

export const runFileOf = (folder: string) => join(folder, 'run.json')

export async function writeRunFile(folder: string, run: RunFile): Promise<void> {
  await writeWhole(runFileOf(folder), `${JSON.stringify(run)}\n`, { mode: 0o600 })
}

export async function removeRunFile(folder: string): Promise<void> {
  await rm(runFileOf(folder), { force: true })
}

/** What the process of this folder last wrote, dead or alive; undefined without a whole file. */
export async function readRunFile(folder: string): Promise<RunFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(runFileOf(folder), 'utf8'))
    return isRunFile(value) ? value : undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError || isMissing(thrown)) return undefined
    throw thrown
  }
}

/** The file of a process that is there now: not one that a killed process left behind. */
export async function readLiveRunFile(folder: string): Promise<RunFile | undefined> {
  const run = await readRunFile(folder)
  return run !== undefined && isAlive(run.pid) ? run : undefined
}

/**
 * Whether a process of that pid is there; one that may not be signalled counts. One that has ended
 * does not, though in a container without an init nobody may ever ask for its exit code.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (thrown) {
    if (Object(thrown).code !== 'EPERM') return false
  }
  return !hasEnded(pid)
}

/** Linux: the state after the name in parentheses, proc_pid_stat(5); unknown elsewhere. */
function hasEnded(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

function isRunFile(value: unknown): value is RunFile {
  const { pid, name, did, addresses, control, startedAtMs } = Object(value)
  return (
    Number.isSafeInteger(pid) &&
    pid > 0 &&
    typeof name === 'string' &&
    typeof did === 'string' &&
    isDid(did) &&
    Array.isArray(addresses) &&
    addresses.every((address) => typeof address === 'string') &&
    typeof Object(control).url === 'string' &&
    typeof Object(control).token === 'string' &&
    Number.isSafeInteger(startedAtMs)
  )
}
