/**
 * Files of this machine, copied into memory: every read is bounded, and nothing is written. Out of
 * a folder only what lies in it is taken: a symbolic link that leads outside is left out.
 */
import { constants, type Dirent } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { LIMITS, Refusal, type VirtualFile } from '@planetary-mesh/spec'
import { readError } from './host-errors.ts'

const CHUNK_BYTES = 1024 * 1024

/**
 * The bytes of a file, a pipe or, as `-`, of our own stdin. Refuses with FILE_TOO_LARGE above
 * `bytesMax`; what cannot be read is a usage error.
 */
export async function readHostFile(path: string, bytesMax: number): Promise<Uint8Array> {
  if (path === '-') return collect(process.stdin, 'stdin', bytesMax)
  try {
    await using file = await open(path)
    const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false })
    return await collect(stream, path, bytesMax)
  } catch (thrown) {
    throw readError(path, thrown)
  }
}

/** What may still be copied: one allowance for all folders of a command. */
export type Room = { files: number; bytes: number }

export const roomForInputs = (): Room => ({
  files: LIMITS.guestNodesMax,
  bytes: LIMITS.inputBytesMax,
})

/**
 * The regular files below a folder, by relative path, and the paths that were left out: links that
 * lead outside or nowhere, and what is neither file nor folder. Refuses with FILE_TOO_LARGE.
 */
export async function readHostFolder(
  folder: string,
  room: Room,
): Promise<{ files: VirtualFile[]; skipped: string[] }> {
  const found = { files: [] as VirtualFile[], skipped: [] as string[] }
  const root = await realpath(folder).catch((thrown) => {
    throw readError(folder, thrown)
  })
  await walk({ root, room, found }, { real: root, path: '', above: [root] })
  return found
}

type Walk = { root: string; room: Room; found: { files: VirtualFile[]; skipped: string[] } }
type Place = { real: string; path: string; above: readonly string[] }

async function walk(walked: Walk, { real, path, above }: Place): Promise<void> {
  const entries = await readdir(real, { withFileTypes: true }).catch((thrown) => {
    throw readError(real, thrown)
  })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`
    walked.room.files -= 1
    if (walked.room.files < 0) {
      throw new Refusal('FILE_TOO_LARGE', `more than ${LIMITS.guestNodesMax} files and folders`)
    }
    const target = await insideOf(walked.root, real, entry)
    const kind = target === undefined ? undefined : await stat(target)
    if (target !== undefined && kind?.isDirectory() === true && !above.includes(target)) {
      await walk(walked, { real: target, path: inner, above: [...above, target] })
    } else if (target !== undefined && kind?.isFile() === true) {
      const bytes = await readRegular(target, walked.room.bytes)
      walked.room.bytes -= bytes.length
      walked.found.files.push({ path: inner, bytes })
    } else {
      walked.found.skipped.push(inner)
    }
  }
}

/** Where an entry really is, if that is below `root`. */
async function insideOf(root: string, folder: string, entry: Dirent): Promise<string | undefined> {
  const path = join(folder, entry.name)
  if (!entry.isSymbolicLink()) return path
  const target = await realpath(path).catch(() => undefined)
  if (target === undefined) return undefined
  const [first] = relative(root, target).split(sep)
  return first === '..' ? undefined : target
}

/** A file that turned into a link since it was looked at is not followed. */
async function readRegular(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false })
    return await collect(stream, path, bytesMax)
  } catch (thrown) {
    throw readError(path, thrown)
  }
}

async function collect(
  stream: AsyncIterable<Uint8Array>,
  path: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > bytesMax) {
      throw new Refusal('FILE_TOO_LARGE', `${path} has more than ${bytesMax} bytes`)
    }
    chunks.push(chunk)
  }
  // not Buffer.concat: its shared pool would lend the bytes of other files
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
