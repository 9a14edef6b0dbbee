/**
 * What a disk says of the paths that people name, as usage errors with the path and the reason:
 * nothing of it is a mistake in meshctl.
 */
import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'it is no folder',
  EACCES: 'it may not be read',
}

/** Refusals, and what is no error of the disk, stay as they are. */
export function readError(path: string, thrown: unknown): unknown {
  const code = codeOf(thrown)
  if (code === undefined) return thrown
  return new UsageError(`cannot read '${path}': ${WHY[code] ?? code}`, 'check the path')
}

export function writeError(path: string, thrown: unknown): unknown {
  const code = codeOf(thrown)
  if (code === undefined) return thrown
  if (code === 'EEXIST') return inTheWay(path)
  return new UsageError(`cannot write '${path}': ${code}`, 'check the path')
}

export const inTheWay = (path: string) =>
  new UsageError(`'${path}' is already there`, 'give another folder, or --force to write over it')

/**
 * Asked before the work whose result goes there. What is there already must be a plain file: one is
 * written beside it and takes its name, which would be the end of a device.
 */
export async function ensureWritable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there !== undefined && !there.isFile()) {
    throw new UsageError(`cannot write '${path}': it is no plain file`, 'check the path')
  }
  try {
    await access(`${dirname(resolve(path))}/.`, constants.W_OK)
  } catch (thrown) {
    throw writeError(path, thrown)
  }
}

function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown instanceof Refusal) return undefined
  const code = Object(thrown).code
  return typeof code === 'string' && code.startsWith('E') ? code : undefined
}
