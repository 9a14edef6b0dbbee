/**
 * From a checkout, stripping the types of its sources is most of the start of a slot's process.
 * Node keeps stripped sources in its compile cache, which under the permission model wants leave
 * to write there. The process has that leave until its program is loaded, and no longer: it gives
 * it back before it says that it is ready. Installed, nothing is stripped and nothing granted.
 */
import { mkdirSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '@planetary-mesh/spec/bare'
import { packageRootOf } from './readable-paths.ts'

/** From a checkout the sources run as they are; installed, what was built from them. */
export const fromSource = import.meta.url.endsWith('.ts')

const ROOM = packageRootOf(fileURLToPath(import.meta.url))
const FOLDER = join(dirname(ROOM), 'node_modules', '.cache', 'node-compile')
/** The first major version of Node whose `process.permission` can be given back. */
const DROPS_SINCE = 26
/** Loads `child.ts` with the cache on: it has to be on before the first source is read. */
const ENTRY = join(ROOM, 'bin', 'slot-from-source.js')

/** How the process is started so that it finds its sources stripped; undefined where it cannot. */
export function strippedStart(): { flags: readonly string[]; entry: string } | undefined {
  const major = Number.parseInt(process.versions.node, 10)
  if (!fromSource || major < DROPS_SINCE) return undefined
  try {
    mkdirSync(FOLDER, { recursive: true })
  } catch {
    return undefined // a checkout that may only be read
  }
  const leave = [`--allow-fs-read=${FOLDER}`, `--allow-fs-write=${FOLDER}`]
  return { flags: leave, entry: ENTRY }
}

/** In the process itself, when every source is loaded: what was stripped is kept, writing ends. */
export function giveBackWriting(): void {
  // undefined without the permission model
  const permission: typeof process.permission | undefined = process.permission
  if (permission?.has('fs.write', FOLDER) !== true) return
  module.flushCompileCache()
  permission.drop('fs.write', FOLDER)
  assert(!permission.has('fs.write', FOLDER), 'a slot’s process writes no file')
}
