/** The snapshot of a process in a file of its own: the old one is there until the new one is. */
import { open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS, Refusal } from '@planetary-mesh/spec'
import { isMissing } from '../daemon/write-file.ts'
import type { Snapshots } from '../ports.ts'

const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT']

/** Beside the store in `folder`, whose lock keeps others away. */
export function openSnapshotFile(folder: string): Snapshots {
  const path = join(folder, 'log-snapshot')
  // always the same one, so that a process that is killed often leaves no more than this
  const draft = `${path}.new`
  return {
    async read() {
      try {
        const { size } = await stat(path)
        return size > LIMITS.snapshotBytesMax ? undefined : new Uint8Array(await readFile(path))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async write(bytes) {
      try {
        const file = await open(draft, 'w', 0o600)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, path)
      } catch (error) {
        if (!FULL.includes(Object(error).code)) throw error
        throw new Refusal('STORE_FULL', 'the disk has no room left', { cause: error })
      }
    },
  }
}
