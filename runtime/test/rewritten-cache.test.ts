/** The cache of rewritten modules on disk: what it holds is run, what was changed in it never. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { HostFault } from '@planetary-mesh/spec'
import { openSandbox, runInProcess } from '../src/index.ts'
import { Admitting } from '../src/slot/admitting.ts'
import { admitJob, hashOf, ModuleCache } from '../src/slot/module-cache.ts'
import { openRewrittenCache, type RewrittenCache } from '../src/slot/rewritten-cache.ts'
import { runJob } from '../src/slot/run-job.ts'
import { SlotProcess } from '../src/slot/slot-process.ts'
import { guest, runInput, text } from './run-input.ts'
import { reproducible } from './sandbox-exam.ts'

const PAGES = runInput({}).limits.memoryPagesMax
const echo = guest('echo')
const hello = guest('hello')
const folders: string[] = []
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rewritten-'))
  folders.push(folder)
})
after(() => {
  for (const each of folders) rmSync(each, { recursive: true })
})

const rewritten = (module: Uint8Array) => admitJob(module, PAGES, 'fast')

/** What `echo` says in a new sandbox over the folder: its own, or what the cache holds for it. */
async function stdoutOfEcho(): Promise<string> {
  const sandbox = await openSandbox({ slots: 1, spares: 0, cacheFolder: folder })
  try {
    return text((await sandbox.run(runInput({ module: echo, args: ['0'] }))).stdout)
  } finally {
    await sandbox.close()
  }
}

function fileOfFolder(): string {
  const [name = ''] = readdirSync(folder)
  return join(folder, name)
}

test('what is in the cache is run, and a flipped bit anywhere in it is not', async () => {
  const cache = await openRewrittenCache(folder)
  // another module's code under this one's name: so it shows which of them ran
  await cache.keep(hashOf(echo), PAGES, rewritten(hello))
  assert.equal(await stdoutOfEcho(), '0..................\n')

  const path = fileOfFolder()
  const whole = readFileSync(path)
  for (const at of [0, 31, 32, 40, 300, whole.length - 1]) {
    const flipped = Buffer.from(whole)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
    writeFileSync(path, flipped)
    assert.equal(await cache.find(hashOf(echo), PAGES), undefined)
    assert.deepEqual(readdirSync(folder), [], 'it is deleted')
  }
  writeFileSync(path, whole.subarray(0, -1))
  assert.equal(await cache.find(hashOf(echo), PAGES), undefined)
})

test('a file under the name of another module, limit or profile is not that of this one', async () => {
  const cache = await openRewrittenCache(folder)
  await cache.keep(hashOf(hello), PAGES, rewritten(hello))
  const whole = readFileSync(fileOfFolder())
  assert.equal(await cache.find(hashOf(hello), PAGES + 1), undefined)
  rmSync(fileOfFolder())
  await cache.keep(hashOf(echo), PAGES, rewritten(echo))
  writeFileSync(fileOfFolder(), whole)
  assert.equal(await cache.find(hashOf(echo), PAGES), undefined)
})

test('a module is rewritten for the cache in a process that ran no guest', async () => {
  const disk = await openRewrittenCache(folder)
  const { promise: kept, resolve } = Promise.withResolvers<void>()
  const cache: RewrittenCache = {
    find: disk.find,
    keep: (...given) => disk.keep(...given).finally(resolve),
  }
  const lent: SlotProcess[] = []
  const slot = await SlotProcess.start()
  const admitting = new Admitting(cache, (use) => {
    lent.push(slot)
    return use(slot)
  })
  admitting.add(Buffer.from('no module'), PAGES) // refused there: nothing is kept of it
  admitting.add(hello, PAGES)
  await kept
  await admitting.close()
  assert.equal(slot.ranGuest, false)
  await slot.kill(new HostFault('closed', 'the test is over'))
  assert.equal(lent.length, 2)
  assert.deepEqual(await disk.find(hashOf(hello), PAGES), rewritten(hello))
})

test('a sandbox with a folder fills it from what it runs', async () => {
  const sandbox = await openSandbox({ slots: 1, cacheFolder: folder })
  const filled = watch(folder)[Symbol.asyncIterator]()
  const first = filled.next()
  const ran = await sandbox.run(runInput({ module: hello }))
  for (let seen = await first; !seen.done; seen = await filled.next()) {
    if (seen.value.filename?.endsWith('.rewritten')) break
  }
  await filled.return?.()
  const again = await sandbox.run(runInput({ module: hello }))
  await sandbox.close()
  assert.deepEqual(reproducible(again), reproducible(ran))
  const disk = await openRewrittenCache(folder)
  assert.deepEqual(await disk.find(hashOf(hello), PAGES), rewritten(hello))
})

test('a run from the cache is the run without it, traps with their fuel included', async () => {
  const cache = await openRewrittenCache(folder)
  for (const input of [
    runInput({ module: guest('traps'), args: ['divide'] }),
    runInput({ module: guest('files') }),
  ]) {
    const hash = hashOf(input.module)
    await cache.keep(hash, PAGES, rewritten(input.module))
    const admitted = await cache.find(hash, PAGES)
    assert(admitted !== undefined)
    const module = { hash, bytes: () => input.module, admitted }
    const result = runJob({ ...input, module }, new ModuleCache())
    assert.deepEqual(reproducible(result), reproducible(runInProcess(input)))
  }
})

test('the cache stays within its bytes: the file unused for longest goes', async () => {
  const size = 20_000
  const cache = await openRewrittenCache(folder, 2 * size)
  const module = { ...rewritten(hello), bytes: new Uint8Array(size * 0.8) }
  const hashes = ['a', 'b', 'c']
  for (const [index, hash] of hashes.entries()) {
    await cache.keep(hash, PAGES, module)
    if (index === 1) assert.notEqual(await cache.find('a', PAGES), undefined)
  }
  const found = await Promise.all(hashes.map((hash) => cache.find(hash, PAGES)))
  assert.deepEqual(
    found.map((each) => each !== undefined),
    [true, false, true],
  )
  await cache.keep('d', PAGES, { ...module, bytes: new Uint8Array(3 * size) })
  assert.equal(await cache.find('d', PAGES), undefined)
})
