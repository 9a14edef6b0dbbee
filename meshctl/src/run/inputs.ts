/**
 * What a run is given, from the words of the command line: `K=V` variables, `[NAME=]FILE` inputs
 * under `/in`, `GUEST=HOSTDIR` folders. Host files are copied; nothing the guest does reaches them.
 */
import { basename } from 'node:path'
import { LIMITS, type VirtualFile } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { note, printable } from '../cli/terminal.ts'
import { readHostFile, readHostFolder, roomForInputs } from '../files/host-files.ts'

export function environmentOf(pairs: readonly string[]): [name: string, value: string][] {
  const names = new Set<string>()
  return pairs.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new UsageError(`--env ${pair}: expected NAME=VALUE`)
    const name = pair.slice(0, at)
    if (names.has(name)) throw new UsageError(`--env ${name} is given twice`)
    names.add(name)
    return [name, pair.slice(at + 1)]
  })
}

/** `NAME=FILE`, or the base name of `FILE`; a slash before the first `=` makes it a path. */
export function splitInput(text: string): { name: string; path: string } {
  const at = text.indexOf('=')
  const named = at > 0 && !text.slice(0, at).includes('/')
  const path = named ? text.slice(at + 1) : text
  return { name: named ? text.slice(0, at) : basename(path), path }
}

/** Reads the inputs and folders. Refuses with FILE_TOO_LARGE; a name taken twice is usage. */
export async function filesOf(
  inputs: readonly string[],
  folders: readonly string[],
): Promise<VirtualFile[]> {
  const room = roomForInputs()
  const files = new Map<string, VirtualFile>()
  const add = (file: VirtualFile) => {
    if (files.has(file.path)) throw new UsageError(`two files are to stand at ${file.path}`)
    files.set(file.path, file)
  }
  for (const text of inputs) {
    const { name, path } = splitInput(text)
    if (path === '' || name === '') throw new UsageError(`--input ${text}: expected [NAME=]FILE`)
    const bytes = await readHostFile(path, room.bytes)
    room.bytes -= bytes.length
    add({ path: `/in/${name}`, bytes })
  }
  if (files.size > LIMITS.inputsMax) {
    throw new UsageError(`${files.size} inputs, at most ${LIMITS.inputsMax}`)
  }
  for (const text of folders) {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1) {
      throw new UsageError(`--dir ${text}: expected GUEST=HOSTDIR`, 'such as --dir /data=./data')
    }
    const guest = `/${text.slice(0, at).replace(/^\/+|\/+$/g, '')}`
    const { files: found, skipped } = await readHostFolder(text.slice(at + 1), room)
    for (const { path, bytes } of found) {
      add({ path: `${guest === '/' ? '' : guest}/${path}`, bytes })
    }
    for (const path of skipped) note(`meshctl: left out of ${guest}: ${printable(path)}\n`)
  }
  return [...files.values()]
}
