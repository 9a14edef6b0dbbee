/** `meshctl put` and `get`: files into a CAR file and out of it again, every byte checked. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeCar } from '@planetary-mesh/peer'
import { Cancel, type CID, cidOf, encodeFile, seal, signerFromSeed } from '@planetary-mesh/spec'
import { findCid } from '../src/proof/find-cid.ts'
import { runHere } from './run-here.ts'
import { MESHCTL, meshctl, scratchFolder } from './start-meshctl.ts'

const work = scratchFolder()
const path = (name: string) => join(work, name)
const LARGE = Uint8Array.from({ length: 2_500_000 }, (_, index) => (index * index) >> 3)
writeFileSync(path('large.bin'), LARGE)
writeFileSync(path('small.txt'), 'small\n')
mkdirSync(path('folder/deep'), { recursive: true })
writeFileSync(path('folder/deep/leaf'), 'leaf')
writeFileSync(path('folder/top'), 'top')

const put = async (car: string, ...files: string[]) =>
  JSON.parse((await runHere(['put', ...files.map(path), '--to', path(car), '--json'])).stdout).files

test('put prints the CIDs that the files have everywhere, and get gives the files back', async () => {
  const { status, stdout } = await runHere(['put', path('small.txt'), '--to', path('one.car')])
  const cid = `${cidOf('raw', new TextEncoder().encode('small\n'))}`
  assert.equal(status, 0)
  assert.equal(stdout, `${cid}  6 bytes  ${path('small.txt')}\n`)
  assert.equal((await runHere(['get', cid, '--from', path('one.car')])).stdout, 'small\n')
  // also out of a process of its own, into a pipe
  assert.equal(meshctl(['get', cid, '--from', path('one.car')]).stdout, 'small\n')
})

test('a file of many blocks comes back whole, by the beginning of its CID', async () => {
  const [{ cid }] = await put('large.car', 'large.bin')
  assert.equal(cid, `${encodeFile(LARGE).cid}`)
  const out = path('large.out')
  assert.equal(
    (await runHere(['get', cid.slice(0, 16), '--from', path('large.car'), '-o', out])).status,
    0,
  )
  assert.deepEqual(new Uint8Array(readFileSync(out)), LARGE)
})

test('put adds to what a file holds already', async () => {
  const [first] = await put('both.car', 'small.txt')
  const [second] = await put('both.car', 'large.bin')
  for (const { cid } of [first, second]) {
    assert.equal((await runHere(['get', cid, '--from', path('both.car'), '--json'])).status, 0)
  }
})

test('a folder is one CID: listed without -o, written with it, never over what is there', async () => {
  const [{ cid }] = await put('folder.car', 'folder')
  const get = (...more: string[]) => runHere(['get', cid, '--from', path('folder.car'), ...more])
  assert.equal((await get()).stdout, 'deep/leaf  4 bytes\ntop  3 bytes\n')
  assert.equal((await get('-o', path('there'))).status, 0)
  assert.equal(readFileSync(path('there/deep/leaf'), 'utf8'), 'leaf')
  writeFileSync(path('there/top'), 'mine')
  assert.equal((await get('-o', path('there'))).status, 2)
  assert.equal(readFileSync(path('there/top'), 'utf8'), 'mine')
  assert.equal((await get('-o', path('there'), '--force')).status, 0)
  assert.equal(readFileSync(path('there/top'), 'utf8'), 'top')
})

test('a folder for a file, and a file for a folder, are usage errors that name the path', async () => {
  const [{ cid }] = await put('wrong.car', 'folder')
  const [small] = await put('wrong.car', 'small.txt')
  const from = ['--from', path('wrong.car')]
  const taken = path('small.txt')
  for (const words of [
    ['get', cid, ...from, '-o', taken],
    ['get', cid, ...from, '-o', taken, '--force'],
    ['get', cid, ...from, '-o', join(taken, 'below')],
    ['get', small.cid, ...from, '-o', join(taken, 'below')],
    ['get', cid, '--from', path('folder')],
    ['verify', '--from', path('folder')],
    ['put', taken, '--to', path('folder')],
  ]) {
    const { status, stdout, stderr } = await runHere(words)
    assert.deepEqual([status, stdout], [2, ''], words.join(' '))
    assert.match(stderr, new RegExp(path('(small.txt|folder)')))
  }
  assert.equal(readFileSync(taken, 'utf8'), 'small\n')
})

test('--force replaces files alone: a device or a pipe stays what it is', async () => {
  const [{ cid }] = await put('device.car', 'small.txt')
  const pipe = path('pipe')
  execFileSync('mkfifo', [pipe])
  const words = ['get', cid, '--from', path('device.car'), '-o', pipe, '--force']
  const { status, stderr } = await runHere(words)
  assert.equal(status, 2)
  assert.match(stderr, /already there/)
  assert.equal(statSync(pipe).isFIFO(), true)
})

test('a file that cannot be written to its end is not left there in part', async () => {
  writeFileSync(path('whole.bin'), LARGE)
  const [{ cid }] = await put('whole.car', 'whole.bin')
  const get = [...MESHCTL, 'get', cid, '--from', path('whole.car')]
  const out = path('part.bin')
  // as on a disk that is full: no file may be longer than 512 KiB
  const words = ['-c', 'ulimit -f 1024; exec "$0" "$@"', process.execPath, ...get, '-o', out]
  const { status, stderr } = spawnSync('sh', words, { encoding: 'utf8' })
  assert.deepEqual([status, existsSync(out)], [2, false])
  assert.match(stderr, /cannot write '.*part\.bin': EFBIG/)
})

test('a record is printed as JSON once its signature holds', async () => {
  const mallory = signerFromSeed(new Uint8Array(32).fill(7))
  const manifest = cidOf('dag-cbor', Uint8Array.of(0xa0))
  const record = seal(Cancel, { manifest }, mallory)
  await writeCar(path('record.car'), [record.cid], [record])
  const { stdout } = await runHere(['get', `${record.cid}`, '--from', path('record.car')])
  assert.deepEqual(JSON.parse(stdout), {
    cid: `${record.cid}`,
    type: 'record',
    kind: 'cancel',
    author: mallory.did,
    body: { manifest: { '/': `${manifest}` } },
  })
})

test('an altered block is refused by get and by put, with the code and exit code 1', async () => {
  const [{ cid }] = await put('altered.car', 'small.txt')
  const bytes = readFileSync(path('altered.car'))
  bytes.write('S', bytes.indexOf('small'))
  writeFileSync(path('altered.car'), bytes)
  const got = await runHere(['get', cid, '--from', path('altered.car')])
  assert.deepEqual([got.status, got.stdout], [1, ''])
  assert.match(got.stderr, /BLOCK_CID_MISMATCH/)
  const added = await runHere(['put', path('large.bin'), '--to', path('altered.car'), '--json'])
  assert.equal(added.status, 1)
  assert.equal(JSON.parse(added.stdout).error.code, 'BLOCK_CID_MISMATCH')
})

test('a CID that is not there, a file that is no CAR file and none at all each say so', async () => {
  await put('few.car', 'small.txt')
  const other = `${cidOf('raw', Uint8Array.of(1))}`
  const missing = await runHere(['get', other, '--from', path('few.car')])
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /BLOCK_MISSING/)
  const noCar = await runHere(['get', other, '--from', path('small.txt')])
  assert.equal(noCar.status, 1)
  assert.match(noCar.stderr, /FILE_MALFORMED/)
  assert.equal((await runHere(['get', other, '--from', path('no-such.car')])).status, 2)
  assert.equal((await runHere(['get', 'bafk', '--from', path('few.car')])).status, 2)
  assert.equal((await runHere(['put', path('no-such'), '--to', path('new.car')])).status, 2)
  assert.equal(existsSync(path('new.car')), false)
})

test('the beginning of a CID names it if it is long enough and nothing else begins so', () => {
  // the first two numbers of two bytes whose CIDs share 9 characters, found by counting up
  const known = [1, 8].map((number) => cidOf('raw', Uint8Array.of(0, number)))
  const [one] = known as [CID, CID]
  assert.equal(findCid(`${one}`.slice(0, 20), known, 'block'), one)
  // every CID of raw bytes begins with these 7 characters
  assert.throws(() => findCid('bafkrei', known, 'block'), /too short/)
  assert.throws(() => findCid('bafkreizz', known, 'block'), /no block in the file begins with/)
  assert.throws(
    () => findCid('bafkreifu', known, 'block'),
    (thrown: { message: string; next: string }) =>
      thrown.message.includes('begins several') &&
      known.every((cid) => thrown.next.includes(`${cid}`)),
  )
})
