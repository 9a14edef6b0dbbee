/** Files of a state folder: whole or not there, whatever happens while they are written. */
import { randomBytes } from 'node:crypto'
import { access, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export type FileOptions = {
  /** Permission bits; 0o600 for what is secret. */
  mode: number
  /** Never in place of a file that is there: throws the system's EEXIST. */
  isNew?: boolean
}

/** Durable when it resolves; a reader sees the old file or the new one. Makes the folder, 0700. */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  { mode, isNew = false }: FileOptions,
): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    if (isNew) await link(draft, path)
    else await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(folder)
}

/** Else the name could be gone after a power loss, with the bytes safe. */
async function syncFolder(folder: string): Promise<void> {
  // on Windows a folder cannot be opened, and a rename is durable without it
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const isMissing = (error: unknown) =>
  ['ENOENT', 'ENOTDIR'].includes(String(Object(error).code))

export async function hasFile(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
