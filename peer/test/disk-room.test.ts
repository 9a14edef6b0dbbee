// A disk that is full, whoever filled it: files are refused while records and the log still fit.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Block, cidOf, LIMITS } from '@planetary-mesh/spec'
import { type LevelDisk, openLevelDisk } from '../src/level/level-disk.ts'
import { blockOf, collect, gate, refuses } from './exams/refuses.ts'
import { makeFolder } from './level-faults.ts'

const MIB = 1024 * 1024

/** A file system of 1 GiB with so much of it free, and a clock, which a test moves. */
function fakeDisk(freeBytes: number) {
  const disk = { freeBytes, allBytes: 1024 * MIB, looks: 0, nowMs: 1_000_000 }
  return {
    disk,
    options: {
      nowMs: () => disk.nowMs,
      spaceOf: () => {
        disk.looks += 1
        return disk
      },
    },
  }
}

const recordOf = (bytes: Uint8Array): Block => ({ cid: cidOf('dag-cbor', bytes), bytes })

test('without a limit of its owner too, files are refused before the disk is full, records are not', async () => {
  const { disk, options } = fakeDisk(LIMITS.storeReserveBytesMax + 3 * MIB)
  const level = await (await makeFolder(options)).disk()
  const blocks = level.openBlocks()
  await blocks.put([blockOf(MIB, 1)])
  // what is in the store may be on the disk twice for a while: 1 and 1, and 1 and 1 more are four
  await refuses(() => blocks.put([blockOf(MIB, 2)]), 'STORE_FULL')
  await blocks.put([recordOf(new Uint8Array(MIB))])
  await level.openJournal().append([new Uint8Array(2 * MIB)])
  disk.freeBytes = LIMITS.storeReserveBytesMax + 100 * MIB
  disk.nowMs += LIMITS.storeLookMs
  await blocks.put([blockOf(MIB, 2)])
})

test('what others write is seen within a second, and what they free', async () => {
  const { disk, options } = fakeDisk(500 * MIB)
  const blocks = (await (await makeFolder(options)).disk()).openBlocks()
  await blocks.put([blockOf(100, 1)])
  disk.freeBytes = MIB
  disk.nowMs += LIMITS.storeLookMs - 1
  await blocks.put([blockOf(100, 2)])
  disk.nowMs += 1
  await refuses(() => blocks.put([blockOf(100, 3)]), 'STORE_FULL')
  disk.freeBytes = 500 * MIB
  disk.nowMs -= 60 * 60_000
  await blocks.put([blockOf(100, 3)])
})

test('the disk is not asked at each write, and a flood between two looks finds the same end', async () => {
  const { disk, options } = fakeDisk(LIMITS.storeReserveBytesMax + 4 * MIB)
  const level = await (await makeFolder(options)).disk()
  const blocks = level.openBlocks()
  const kib = 64
  const puts = Array.from({ length: 200 }, (_, at) => blocks.put([blockOf(kib * 1024, at)]))
  const done = await Promise.allSettled(puts)
  const taken = done.filter(({ status }) => status === 'fulfilled').length
  // the free room did not move: what went in was counted here, once as it is and once for merging
  assert.equal(taken, (4 * 1024) / kib / 2)
  assert.equal(disk.looks, 1)
})

test('what is on its way to the disk is counted when the disk is asked, too', async () => {
  const { pass, open } = gate()
  const { disk, options } = fakeDisk(LIMITS.storeReserveBytesMax + 4 * MIB)
  const level = await (await makeFolder({ ...options, sync: () => pass })).disk()
  const blocks = level.openBlocks()
  const first = blocks.put([blockOf(2 * MIB, 1)])
  disk.nowMs += LIMITS.storeLookMs
  const second = refuses(() => blocks.put([blockOf(1024, 2)]), 'STORE_FULL')
  assert.equal(disk.looks, 2)
  open()
  await Promise.all([first, second])
})

test('a third of a small disk is kept, and one that does not say how large it is has no end', async () => {
  const small = fakeDisk(40 * MIB)
  small.disk.allBytes = 40 * MIB
  const blocks = (await (await makeFolder(small.options)).disk()).openBlocks()
  await blocks.put([blockOf(13 * MIB, 1)])
  small.disk.freeBytes -= 13 * MIB
  await refuses(() => blocks.put([blockOf(MIB, 2)]), 'STORE_FULL')
  const silent = { spaceOf: () => undefined }
  await (await (await makeFolder(silent)).disk()).openBlocks().put([blockOf(20 * MIB, 1)])
})

test('on a real disk of 40 MB the log goes on after files have filled it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-full-'))
  let isMounted = false
  let disk: LevelDisk | undefined
  t.after(async () => {
    await disk?.close()
    if (isMounted) execFileSync('umount', [folder])
    rmSync(folder, { recursive: true, force: true })
  })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'none', folder], { stdio: 'pipe' })
    isMounted = true
  } catch {
    t.skip('mounting a file system of 40 MB is not allowed here')
    return
  }
  disk = await openLevelDisk(join(folder, 'store'))
  const blocks = disk.openBlocks()
  const journal = disk.openJournal()
  const files: Block[] = []
  const fill = async (seed: number) => {
    for (let at = 0; at < 60; at++) {
      const block = blockOf(MIB, seed + at)
      await blocks.put([block])
      files.push(block)
    }
  }
  await refuses(() => fill(1), 'STORE_FULL')
  assert.ok(files.length >= 8, `${files.length} MiB of files found room`)
  for (let at = 0; at < 400; at++) {
    const bytes = new Uint8Array(4096).fill(at % 251)
    bytes[0] = at >> 8
    await blocks.put([recordOf(bytes)])
    await journal.append([bytes])
  }
  await refuses(() => blocks.put([blockOf(MIB, 1000)]), 'STORE_FULL')
  writeFileSync(join(folder, 'log'), new Uint8Array(64 * 1024))
  assert.equal((await collect(journal.read())).length, 400)
  for (const { cid, bytes } of files) assert.deepEqual(await blocks.get(cid), bytes)
})
