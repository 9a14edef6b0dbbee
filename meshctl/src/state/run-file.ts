/**
 * What a process writes into its state folder while it serves: its pid, its addresses, and where
 * and with which token it is asked. The file goes when the process stops gracefully.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Did, isDid } from '@planetary-mesh/spec'

export type RunFile = {
  pid: number
  name: string
  did: Did
  addresses: string[]
  control: { url: string; token: string }
  startedAtMs: number
}

export const runFile = (folder: string) => join(folder, 'run.json')

/** What the process of this folder last wrote, dead or alive; undefined without a whole file. */
export async function readRunFile(folder: string): Promise<RunFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(runFile(folder), 'utf8'))
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

/** Whether a process of that pid is there; one that may not be signalled counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return Object(thrown).code === 'EPERM'
  }
}

export const isMissing = (thrown: unknown) =>
  ['ENOENT', 'ENOTDIR'].includes(String(Object(thrown).code))

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
