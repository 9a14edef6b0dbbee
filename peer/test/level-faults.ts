/** A disk in a folder of its own that fails the way disks do, between our code and LevelDB. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type LevelDisk, type LevelDiskOptions, openLevelDisk } from '../src/level/level-disk.ts'
import { openLevelStorage, type Storage } from '../src/level/storage.ts'

export type Folder = {
  path: string
  /** Opens the disk, or gives the one that is open. */
  disk(): Promise<LevelDisk>
  /** Power loss: what `sync` did not resolve for is gone; open disks are dead. */
  crash(): Promise<void>
  /** Changes the value of a key behind the store's back. */
  change(key: Uint8Array, change: (value: Uint8Array) => Uint8Array): Promise<void>
}

export async function makeFolder(
  options: { sync?: () => Promise<void> } & Omit<LevelDiskOptions, 'openStorage'> = {},
): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'mesh-level-'))
  let open: { disk: LevelDisk; inner: Storage; alive: boolean } | undefined
  let closing = Promise.resolve()

  const openOne = async () => {
    await closing
    const inner = await openLevelStorage(path)
    const state = { inner, alive: true } as NonNullable<typeof open>
    const openStorage = async (): Promise<Storage> => ({
      ...inner,
      async batch(writes) {
        await options.sync?.()
        if (!state.alive) throw notOpen()
        await inner.batch(writes)
      },
      async close() {
        if (state.alive) await inner.close()
      },
    })
    const { sync: _sync, ...room } = options
    state.disk = await openLevelDisk(path, { openStorage, ...room })
    open = state
    return state.disk
  }

  const crash = async () => {
    if (open === undefined) return
    const { inner } = open
    open.alive = false
    open = undefined
    closing = inner.close()
    await closing
  }

  after(async () => {
    await crash()
    await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  })

  return {
    path,
    disk: async () => open?.disk ?? openOne(),
    crash,
    async change(key, change) {
      const value = open?.inner.getSync(key)
      if (value === undefined) throw new Error('there is no such key')
      await open?.inner.batch([{ type: 'put', key, value: change(value) }])
    },
  }
}

function notOpen(): Error {
  return Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
}
