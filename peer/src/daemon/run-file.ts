/**
 * `run.json` in a state folder, 0600: that the process serves, where, and the token by which its
 * owner's tools ask it. It is written when the process serves and goes when it stops; a file whose
 * pid is no more was left by a kill and says nothing.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Did } from '@planetary-mesh/spec'
import { writeWhole } from './write-file.ts'

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
