/**
 * Writes files of strangers below a folder of the user's choice: never outside it, never through a
 * link, and over what is there only with `force`.
 */
import { lstat, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { VirtualFile } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'

/** Writes all of them or, when one is in the way, none. Refuses paths that leave the folder. */
export async function writeOutputs(
  folder: string,
  files: readonly VirtualFile[],
  force: boolean,
): Promise<void> {
  for (const { path } of files) await ensureFree(folder, path, force)
  await mkdir(folder, { recursive: true })
  for (const { path, bytes } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeNew(join(folder, path), bytes, force)
  }
}

/** Writes one file that the user named. */
export async function writeNew(path: string, bytes: Uint8Array, force: boolean): Promise<void> {
  try {
    if (force) await rm(path, { force: true })
    await using file = await open(path, 'wx')
    await file.writeFile(bytes)
  } catch (thrown) {
    throw writeError(path, thrown)
  }
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
    if (isLast && there.isDirectory()) throw inTheWay(at)
    if (isLast && !force) throw inTheWay(at)
    if (!isLast && !there.isDirectory()) throw inTheWay(at)
  }
}

const inTheWay = (path: string) =>
  new UsageError(`'${path}' is already there`, 'give another folder, or --force to write over it')

function writeError(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown)) return thrown
  if (thrown.code === 'EEXIST') return inTheWay(path)
  return new UsageError(`cannot write '${path}': ${thrown.code}`, 'check the path')
}
