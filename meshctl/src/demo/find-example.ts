/**
 * The files of an example: its CCL text, and whatever lies beside it, found by content. Files that
 * are too large to keep in a repository are made by the example's own `make-….ts`, as its README
 * says, in a process of its own.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type CID, type EncodedFile, encodeFile, LIMITS } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { readHostFile } from '../files/host-files.ts'

const NAME = join('examples', '01-voting-analysis')
const PROGRAM = 'job.ccl'
const MAKER = /^make-[a-z-]+\.[jt]s$/
const MAKER_MS = 60_000

/** A file as it is and as the mesh has it. */
export type Found = { file: EncodedFile; bytes: Uint8Array }

export type Example = { folder: string; file: string; text: string }

/** The example in `folder`; without one the first example, as installed or in the checkout. */
export async function findExample(folder?: string): Promise<Example> {
  const installed = dirname(import.meta.dirname)
  const places = folder === undefined ? [installed, dirname(dirname(installed))] : []
  const found = places.map((place) => join(place, NAME)).find((place) => existsSync(place))
  const chosen = folder ?? found
  if (chosen === undefined) throw new UsageError('the example is not installed', 'give --example')
  const file = join(chosen, PROGRAM)
  const bytes = await readHostFile(file, LIMITS.cclSourceBytesMax)
  return { folder: chosen, file, text: new TextDecoder().decode(bytes) }
}

/**
 * The files with these CIDs: those in the example's folder, else what its makers write into
 * `scratch`. The ones that nobody has are absent from the map.
 */
export async function filesByCid(
  { folder }: Example,
  wanted: readonly CID[],
  { scratch, signal }: { scratch: string; signal: AbortSignal },
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  const missing = new Set(wanted.map(String))
  const take = async (path: string) => {
    const bytes = await readHostFile(path, LIMITS.inputBytesMax)
    const file = encodeFile(bytes)
    if (missing.delete(`${file.cid}`)) found.set(`${file.cid}`, { file, bytes })
  }
  const entries = (await readdir(folder, { withFileTypes: true })).filter((one) => one.isFile())
  for (const { name } of entries) if (missing.size > 0) await take(join(folder, name))
  for (const { name } of entries.filter((entry) => MAKER.test(entry.name))) {
    if (missing.size === 0) break
    const made = join(scratch, `${name}.out`)
    await promisify(execFile)(process.execPath, [join(resolve(folder), name), made], {
      timeout: MAKER_MS,
      signal,
    })
    await take(made)
  }
  return found
}
