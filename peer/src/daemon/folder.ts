/** What lies in the state folder of one process, and how it is read when the process starts. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { admit, Charter, type CID, open, parseCid } from '@planetary-mesh/spec'
import type { DaemonConfig } from './config.ts'
import { ConfigError } from './config.ts'
import { hasFile, isMissing, writeWhole } from './write-file.ts'

export const configFileOf = (folder: string) => join(folder, 'config.toml')
export const keyFileOf = (folder: string) => join(folder, 'key')
export const storeFolderOf = (folder: string) => join(folder, 'store')
/** Modules as the sandbox has rewritten them: may be deleted at any time. */
export const modulesFolderOf = (folder: string) => join(folder, 'modules')
export const inviteFileOf = (folder: string) => join(folder, 'invites.json')
/** There once the log writer of this folder has begun its log, also where its store is lost. */
const begunFileOf = (folder: string) => join(folder, 'log-begun')
/** The block of the pinned genesis charter. */
export const charterFileOf = (folder: string) => join(folder, 'charter.dag-cbor')

/**
 * The pinned charter. Throws ConfigError where it is missing; refuses BLOCK_CID_MISMATCH where it
 * is not the one that the configuration names, CHARTER_UNKNOWN where the writer is not.
 */
export async function readCharter(folder: string, config: DaemonConfig): Promise<Charter> {
  const path = charterFileOf(folder)
  const bytes = await readFile(path).catch((error) => {
    if (!isMissing(error)) throw error
    throw new ConfigError(`${path} is not there`, 'put the block of the genesis charter there')
  })
  const cid: CID = parseCid(config.genesis)
  const charter = open(Charter, new Uint8Array(bytes), { cid })
  const { writer } = charter.body
  admit(
    writer === config.writer,
    'CHARTER_UNKNOWN',
    `the charter names the writer ${writer}, the configuration ${config.writer}`,
  )
  return charter
}

export async function writeCharter(folder: string, charter: Charter): Promise<void> {
  await writeWhole(charterFileOf(folder), charter.bytes, { mode: 0o600 })
}

export const hasBegunLog = (folder: string) => hasFile(begunFileOf(folder))

export async function markLogBegun(folder: string, genesis: CID): Promise<void> {
  await writeWhole(begunFileOf(folder), `${genesis}\n`, { mode: 0o600 })
}
