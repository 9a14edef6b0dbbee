/** The snapshot of a process in memory: what was not synced before a crash never was. */
import type { Snapshots } from '../ports.ts'
import type { Medium } from './memory-disk.ts'

export function createSnapshotShelf(medium: Medium): { open(): Snapshots } {
  let kept: Uint8Array | undefined
  return {
    open() {
      const handle = medium.handle()
      return {
        async read() {
          handle.ensureOpen()
          return kept?.slice()
        },
        async write(bytes) {
          handle.ensureOpen()
          const copy = bytes.slice()
          await handle.sync()
          kept = copy
        },
      }
    },
  }
}
