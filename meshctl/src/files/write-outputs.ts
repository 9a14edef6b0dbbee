/**
 * Writes files of strangers below a folder of the user's choice: never outside it, never through a
 * link, and over what is there only with `force`.
 */
import type { Stats } from 'node:fs'
import { lstat, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { VirtualFile } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { inTheWay, writeError } from './host-errors.ts'
import { makeFolder } from './make-folder.ts'

/** Writes all of them or, when one is in the way, none. Refuses paths that leave the folder. */
export async function writeOutputs(
  folder: string,
  files: readonly VirtualFile[],
  force: boolean,
): Promise<void> {
  for (const { path } of files) await ensureFree(folder, path, force)
  await ensureFolder(folder)
  for (const { path, bytes } of files) {
    await ensureFolder(dirname(join(folder, path)))
    await writeNew(join(folder, path), bytes, force)
  }
}

/** Also one that is there; a file in its place, or above it, is in the way. */
async function ensureFolder(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (thrown) {
    throw writeError(path, thrown)
  }
}

/** Writes one file that the user named. */
export async function writeNew(path: string, bytes: Uint8Array, force: boolean): Promise<void> {
  let isOurs = false
  try {
    if (force) await removeFile(path)
    await using file = await open(path, 'wx')
    isOurs = true
    await file.writeFile(bytes)
  } catch (thrown) {
    // a part of it would be taken for the whole
    if (isOurs) await rm(path, { force: true })
    throw writeError(path, thrown)
  }
}

/** A device or a folder is not what `--force` is for. */
async function removeFile(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined)
  if (there !== undefined && !isReplaceable(there)) throw inTheWay(path)
  await rm(path, { force: true })
}

async function ensureFree(folder: string, path: string, force: boolean): Promise<void> {
  const names = path.split('/')
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) {
    throw new UsageError(`the output '${path}' has a name that cannot be written`)
  }
  let at = folder
  for (const [index, name] of names.entries()) {
    at = join(at, name)
    const there = await lstat(at).catch(() => undefined)
    if (there === undefined) return
    const isLast = index === names.length - 1
    if (isLast && !(force && isReplaceable(there))) throw inTheWay(at)
    if (!isLast && !there.isDirectory()) throw inTheWay(at)
  }
}

const isReplaceable = (there: Stats) => there.isFile() || there.isSymbolicLink()
