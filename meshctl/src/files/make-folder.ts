/** A folder that a person names, with those above it. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder that is not there, and those above it: one by one, since where none can be made
 * (below /proc, for one) Node's own recursion never ends. `mode` is of the last alone. Throws the
 * system's errors.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (thrown) {
    if (await isFolder(path)) return
    const above = dirname(resolve(path))
    if (Object(thrown).code !== 'ENOENT' || (await isFolder(above))) throw thrown
    await makeFolder(above)
    await makeFolder(path, mode)
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (there) => there.isDirectory(),
    () => false,
  )
