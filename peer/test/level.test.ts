// Journal and blocks on LevelDB pass the exams of their ports; what only a folder can do is below.
import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLevelDisk } from '@planetary-mesh/peer'
import { type Block, cidOf, LIMITS, Refusal } from '@planetary-mesh/spec'
import { blockKey } from '../src/level/level-blocks.ts'
import { journalKey } from '../src/level/level-journal.ts'
import { openSnapshotFile } from '../src/level/snapshot-file.ts'
import { openLevelStorage } from '../src/level/storage.ts'
import { examineBlocks } from './exams/blocks-exam.ts'
import { examineJournal } from './exams/journal-exam.ts'
import { blockOf, bytesOf, collect, gate, refuses } from './exams/refuses.ts'
import { examineSnapshots } from './exams/snapshots-exam.ts'
import { makeFolder } from './level-faults.ts'

const flipped = (value: Uint8Array) => {
  const copy = value.slice()
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

examineBlocks('blocks on level', async ({ others, ...wish } = {}) => {
  const folder = await makeFolder(wish)
  return {
    open: async () => (await folder.disk()).openBlocks(others && { fetch: others }),
    crash: folder.crash,
    corrupt: (cid, bytes) => folder.change(blockKey(cid), () => bytes),
  }
})

examineJournal('a journal on level', async (wish) => {
  const folder = await makeFolder(wish)
  return {
    open: async () => (await folder.disk()).openJournal(),
    crash: folder.crash,
    corrupt: (append) => folder.change(journalKey(append), flipped),
  }
})

examineSnapshots('a snapshot in a file', async () => {
  const { path } = await makeFolder()
  return { open: async () => openSnapshotFile(path) }
})

test('half a snapshot is no snapshot, and one longer than any is not read', async () => {
  const { path } = await makeFolder()
  const snapshots = openSnapshotFile(path)
  await snapshots.write(bytesOf('old'))
  await writeFile(join(path, 'log-snapshot.new'), 'ne')
  assert.deepEqual(await snapshots.read(), bytesOf('old'))
  await snapshots.write(bytesOf('new'))
  assert.deepEqual(await snapshots.read(), bytesOf('new'))
  assert.ok(!(await readdir(path)).includes('log-snapshot.new'))
  await truncate(join(path, 'log-snapshot'), LIMITS.snapshotBytesMax + 1)
  assert.equal(await snapshots.read(), undefined)
})

test('a folder has one disk at a time: the second is refused until the first is closed', async () => {
  const folder = await makeFolder()
  const first = await folder.disk()
  await refuses(() => openLevelDisk(folder.path), 'STORE_LOCKED')
  await first.close()
  await (await openLevelDisk(folder.path)).close()
})

test('a disk that is opened again has its journal, its blocks and its count of bytes', async () => {
  const folder = await makeFolder()
  const before = await openLevelDisk(folder.path)
  await before.openBlocks().put([blockOf(100)])
  await before.openJournal().append([bytesOf('a'), bytesOf('bc')])
  await before.openNotes().set('name', bytesOf('note'))
  const used = before.usedBytes
  await before.close()
  const after = await openLevelDisk(folder.path)
  assert.equal(after.usedBytes, used)
  assert.equal(used, 100 + 3)
  assert.equal((await after.openBlocks().get(blockOf(100).cid))?.length, 100)
  assert.deepEqual(await collect(after.openJournal().read()), [bytesOf('a'), bytesOf('bc')])
  assert.deepEqual(await collect(after.openNotes().all()), [['name', bytesOf('note')]])
  await after.close()
})

test('closing waits for what is being written, and ends every handle', async () => {
  const { pass, open } = gate()
  const folder = await makeFolder({ sync: () => pass })
  const disk = await folder.disk()
  const blocks = disk.openBlocks()
  const put = refuses(() => blocks.put([blockOf('a')]), 'STORE_CLOSED')
  const closed = disk.close()
  open()
  await Promise.all([put, closed])
  await refuses(() => blocks.get(blockOf('a').cid), 'STORE_CLOSED')
  const after = await openLevelDisk(folder.path)
  assert.equal(await after.openBlocks().has(blockOf('a').cid), true)
  await after.close()
})

test('what comes while the disk is writing shares the next write', async () => {
  let syncs = 0
  const folder = await makeFolder({
    sync: async () => {
      syncs += 1
    },
  })
  const disk = await folder.disk()
  const journal = disk.openJournal()
  const blocks = disk.openBlocks()
  const appends = Array.from({ length: 200 }, (_, at) => journal.append([bytesOf(`${at}`)]))
  const puts = Array.from({ length: 200 }, (_, at) => blocks.put([blockOf(`${at}`)]))
  await Promise.all([...appends, ...puts])
  assert.equal(syncs, 2)
  assert.equal((await collect(journal.read())).length, 200)
})

test('an append that the disk refused leaves no gap behind it', async () => {
  let broken = false
  const sync = async () => {
    if (broken) throw Object.assign(new Error('IO error: log: No space left on device'))
  }
  const folder = await makeFolder({ sync })
  const disk = await folder.disk()
  const journal = disk.openJournal()
  await journal.append([bytesOf('a')])
  const { usedBytes } = disk
  broken = true
  await refuses(() => journal.append([bytesOf('lost')]), 'STORE_FULL')
  await refuses(() => disk.openBlocks().put([blockOf('lost')]), 'STORE_FULL')
  assert.equal(disk.usedBytes, usedBytes)
  broken = false
  await journal.append([bytesOf('b')])
  assert.deepEqual(await collect(journal.read()), [bytesOf('a'), bytesOf('b')])
})

test('a disk error that is no lack of room is passed on as it is', async () => {
  const sync = async () => {
    throw new Error('IO error: log: Input/output error')
  }
  const journal = (await (await makeFolder({ sync })).disk()).openJournal()
  await assert.rejects(() => journal.append([bytesOf('a')]), /Input\/output/)
})

test('a journal without its newest appends is rot, unless its mark rotted too', async () => {
  const folder = await makeFolder()
  const disk = await folder.disk()
  const journal = disk.openJournal()
  for (const text of ['a', 'b', 'c']) await journal.append([bytesOf(text)])
  await disk.close()
  const storage = await openLevelStorage(folder.path)
  await storage.batch([{ type: 'del', key: journalKey(2) }])
  await storage.close()
  const shorter = await openLevelDisk(folder.path)
  await refuses(() => collect(shorter.openJournal().read()), 'JOURNAL_CORRUPT')
  await shorter.close()
  await writeFile(join(folder.path, 'journal-mark'), '3 nothing\n')
  const unmarked = await openLevelDisk(folder.path)
  assert.equal((await collect(unmarked.openJournal().read())).length, 2)
  await unmarked.close()
})

test('of a mark whose newest line is torn the line before counts', async () => {
  const folder = await makeFolder()
  for (const texts of [['a', 'b'], ['c']]) {
    const disk = await openLevelDisk(folder.path)
    const journal = disk.openJournal()
    for (const text of texts) await journal.append([bytesOf(text)])
    await disk.close()
  }
  const mark = join(folder.path, 'journal-mark')
  const whole = await readFile(mark, 'utf8')
  const [two, three] = whole.split('\n').slice(0, 2).sort() as [string, string]
  assert.deepEqual([two[0], three[0]], ['2', '3'])
  await writeFile(mark, whole.replace(three, three.slice(0, 40).padEnd(three.length)))
  const storage = await openLevelStorage(folder.path)
  await storage.batch([1, 2].map((append) => ({ type: 'del', key: journalKey(append) })))
  await storage.close()
  const shorter = await openLevelDisk(folder.path)
  await refuses(() => collect(shorter.openJournal().read()), 'JOURNAL_CORRUPT')
  await shorter.close()
})

test('an append that is gone from the middle of the journal is rot', async () => {
  const folder = await makeFolder()
  const journal = (await folder.disk()).openJournal()
  for (const text of ['a', 'b', 'c']) await journal.append([bytesOf(text)])
  let second = bytesOf('')
  await folder.change(journalKey(1), (value) => {
    second = value.slice()
    return value
  })
  await folder.change(journalKey(2), () => second)
  await refuses(() => collect(journal.read()), 'JOURNAL_CORRUPT')
})

test('two codecs of one multihash are two blocks', async () => {
  const blocks = (await (await makeFolder()).disk()).openBlocks()
  const bytes = Uint8Array.of(0xa0)
  const [raw, record] = [cidOf('raw', bytes), cidOf('dag-cbor', bytes)]
  await blocks.put([{ cid: raw, bytes }])
  assert.equal(await blocks.has(record), false)
  await blocks.put([{ cid: record, bytes }])
  const all = await collect(blocks.all())
  assert.deepEqual(all.map(({ cid }) => cid.toString()).sort(), [`${raw}`, `${record}`].sort())
})

test('blocks that were deleted are gone, and their room is free', async () => {
  const folder = await makeFolder({ bytesMax: 1000 })
  const disk = await folder.disk()
  const blocks = disk.openBlocks()
  await blocks.put([blockOf(400, 1), blockOf(500, 2)])
  await blocks.delete([blockOf(400, 1).cid, blockOf('never there').cid])
  assert.equal(await blocks.has(blockOf(400, 1).cid), false)
  assert.equal(disk.usedBytes, 500)
  await blocks.put([blockOf(400, 3)])
})

test('when files have filled the disk, records and the journal still have room', async () => {
  const folder = await makeFolder({ bytesMax: 1000 })
  const disk = await folder.disk()
  const blocks = disk.openBlocks()
  await refuses(() => blocks.put([blockOf(951)]), 'STORE_FULL')
  await blocks.put([blockOf(950)])
  const bytes = new Uint8Array(30)
  await blocks.put([{ cid: cidOf('dag-cbor', bytes), bytes }])
  const journal = disk.openJournal()
  await journal.append([new Uint8Array(20)])
  await refuses(() => journal.append([new Uint8Array(1)]), 'STORE_FULL')
})

test('whatever bit turns in its log, a disk gives no wrong block, and no shorter journal', async () => {
  const folder = await makeFolder()
  const disk = await folder.disk()
  const blocks = Array.from({ length: 40 }, (_, at) => blockOf(`${at}`.repeat(100)))
  const journal = disk.openJournal()
  for (const [at, block] of blocks.entries()) {
    await disk.openBlocks().put([block])
    await journal.append([bytesOf(`entry ${at}`)])
  }
  await disk.close()
  const [name] = (await readdir(folder.path)).filter((file) => file.endsWith('.log'))
  const log = join(folder.path, name as string)
  const whole = await readFile(log)
  const copy = (await makeFolder()).path
  const findings = new Set<string>()
  for (let at = 50; at < whole.length; at += Math.floor(whole.length / 60)) {
    await rm(copy, { recursive: true, force: true })
    await cp(folder.path, copy, { recursive: true })
    const turned = Buffer.from(whole)
    turned[at] = (turned[at] ?? 0) ^ 4
    await writeFile(join(copy, name as string), turned)
    findings.add(await findingOf(copy, blocks))
  }
  assert.deepEqual([...findings], ['JOURNAL_CORRUPT'])
})

/** What reading everything comes to. LevelDB itself would only leave out what is behind the bit. */
async function findingOf(path: string, blocks: readonly Block[]): Promise<string> {
  try {
    const disk = await openLevelDisk(path)
    try {
      const open = disk.openBlocks()
      for (const { cid, bytes } of blocks) {
        const got = await open.get(cid)
        if (got !== undefined && Buffer.compare(got, bytes) !== 0) return 'wrong'
      }
      const entries = await collect(disk.openJournal().read())
      const isPrefix = entries.every((entry, at) => Buffer.from(entry).toString() === `entry ${at}`)
      if (!isPrefix) return 'wrong'
      return entries.length < blocks.length ? 'shorter' : 'whole'
    } finally {
      await disk.close()
    }
  } catch (error) {
    return error instanceof Refusal ? error.code : 'refused by the disk'
  }
}
