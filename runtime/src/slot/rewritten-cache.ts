/**
 * Rewritten modules on disk, so that a module admitted once starts at once after a restart. A file
 * is `sha-256 of what follows | u32 length of the head | head (JSON) | rewritten bytes`, under a
 * name that the module, the memory limit and the profile give. Whatever is not exactly that is
 * deleted and never run. What stands in a file was rewritten by a process that ran no guest.
 */
import { hash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Admitted } from '../admission/admit.ts'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { FrameError } from './frames.ts'
import { admittedOf } from './messages.ts'

const HASH_BYTES = 32
const LENGTH_BYTES = 4
const EXTENSION = '.rewritten'

export type RewrittenCache = {
  find(module: string, memoryPagesMax: number): Promise<Admitted | undefined>
  /** Never throws: a full disk costs time later and nothing now. */
  keep(module: string, memoryPagesMax: number, admitted: Admitted): Promise<void>
}

/**
 * A cache in `folder`, which is made where it is missing; at most `bytesMax`, the file unused for
 * longest goes first. Throws what the file system does when the folder cannot be made.
 */
export async function openRewrittenCache(
  folder: string,
  bytesMax: number = LIMITS.moduleFilesBytesMax,
): Promise<RewrittenCache> {
  await mkdir(folder, { recursive: true })
  const pathOf = (name: string) => join(folder, `${name}${EXTENSION}`)
  return {
    async find(module, memoryPagesMax) {
      const name = nameOf(module, memoryPagesMax)
      const path = pathOf(name)
      const file = await readFile(path).catch(() => undefined)
      if (file === undefined) return undefined
      const admitted = decode(file, name)
      if (admitted === undefined) await rm(path, { force: true }).catch(() => {})
      else await markUsed(path)
      return admitted
    },
    async keep(module, memoryPagesMax, admitted) {
      const name = nameOf(module, memoryPagesMax)
      const file = encode(admitted, name)
      if (file.length > bytesMax) return
      const draft = join(folder, `${name}.${process.pid}.draft`)
      try {
        await makeRoom(folder, bytesMax - file.length)
        await writeFile(draft, file, { mode: 0o600 })
        await rename(draft, pathOf(name))
      } catch {
        await rm(draft, { force: true }).catch(() => {})
      }
    },
  }
}

/** The order of use is in the files' times, finer than a millisecond. */
async function markUsed(path: string): Promise<void> {
  const seconds = (performance.timeOrigin + performance.now()) / 1000
  await utimes(path, seconds, seconds).catch(() => {})
}

const nameOf = (module: string, memoryPagesMax: number) =>
  hash('sha256', JSON.stringify([RUNTIME_PROFILE, module, memoryPagesMax]))

function encode({ bytes, ...head }: Admitted, name: string): Buffer {
  const text = Buffer.from(JSON.stringify({ name, ...head }))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(text.length)
  const body = Buffer.concat([length, text, bytes])
  return Buffer.concat([hash('sha256', body, 'buffer'), body])
}

/** Undefined when a bit is not as it was written, or the file stands under another's name. */
function decode(file: Buffer, name: string): Admitted | undefined {
  const body = file.subarray(HASH_BYTES)
  if (!hash('sha256', body, 'buffer').equals(file.subarray(0, HASH_BYTES))) return undefined
  const end = LENGTH_BYTES + body.readUInt32LE()
  const head = JSON.parse(body.toString('utf8', LENGTH_BYTES, end))
  if (head.name !== name) return undefined
  try {
    return admittedOf(head, new Uint8Array(body.subarray(end)))
  } catch (thrown) {
    if (!(thrown instanceof FrameError)) throw thrown
    return undefined
  }
}

async function makeRoom(folder: string, bytesLeft: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION))
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const { size, mtimeMs } = await stat(path)
      return { path, size, mtimeMs }
    }),
  )
  let total = files.reduce((sum, { size }) => sum + size, 0)
  for (const { path, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= bytesLeft) return
    await rm(path, { force: true })
    total -= size
  }
}
