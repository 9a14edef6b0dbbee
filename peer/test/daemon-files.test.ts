// The small files of a state folder: a key that only its owner reads, a join line, a pid.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive, parseJoinLine, readKeyFile, writeKeyFile } from '@planetary-mesh/peer'
import { encodeBlock, signerFromSeed } from '@planetary-mesh/spec'
import { forOthers } from '../src/daemon/addresses.ts'
import { formatJoinLine } from '../src/daemon/join-line.ts'
import { refuses } from './exams/refuses.ts'

const folder = mkdtempSync(join(tmpdir(), 'mesh-files-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const SEED = new Uint8Array(32).fill(9)
const alice = signerFromSeed(SEED)

test('a key is read as it was written, and is its owner’s alone', async () => {
  const path = join(folder, 'key')
  assert.equal(await writeKeyFile(path, SEED), alice.did)
  const { seed, signer } = await readKeyFile(path)
  assert.deepEqual(seed, SEED)
  assert.equal(signer.did, alice.did)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(readFileSync(path, 'utf8'), /^did:key:z\S+ [\w-]{43}\n$/)
})

test('a key file is never written over', async () => {
  const path = join(folder, 'taken')
  await writeKeyFile(path, SEED)
  await refuses(() => writeKeyFile(path, new Uint8Array(32).fill(1)), 'KEY_FILE_REFUSED')
  assert.equal((await readKeyFile(path)).signer.did, alice.did)
})

test('a key file that is missing, altered or open to others is refused', async () => {
  const path = join(folder, 'damaged')
  await refuses(() => readKeyFile(path), 'KEY_FILE_REFUSED')
  await writeKeyFile(path, SEED)
  const line = readFileSync(path, 'utf8')
  chmodSync(path, 0o640)
  await refuses(() => readKeyFile(path), 'KEY_FILE_REFUSED')
  chmodSync(path, 0o600)
  const other = `${signerFromSeed(new Uint8Array(32).fill(2)).did} ${line.split(' ')[1]}`
  for (const text of ['', 'secret', other, line.slice(0, -3)]) {
    writeFileSync(path, text)
    await refuses(() => readKeyFile(path), 'KEY_FILE_REFUSED')
  }
  writeFileSync(path, line)
  assert.equal((await readKeyFile(path)).signer.did, alice.did)
})

const LINE = {
  genesis: encodeBlock('a charter').cid,
  writer: alice.did,
  address: '/ip4/192.0.2.1/tcp/4801',
  secret: new Uint8Array(32).fill(3),
  role: 'executor' as const,
  expiresAtMs: 1_800_000_000_000,
}

test('a join line is one line that says the same again', () => {
  const text = formatJoinLine(LINE)
  assert.match(text, /^mesh-join:[\w-]+$/)
  assert.deepEqual(parseJoinLine(`  ${text}\n`), LINE)
})

test('what is no join line, or a damaged one, is refused', async () => {
  const text = formatJoinLine(LINE)
  const wrong = encodeBlock({ ...LINE, role: 'admin' }).bytes
  const admin = `mesh-join:${Buffer.from(wrong).toString('base64url')}`
  const long = `mesh-join:${'a'.repeat(5000)}`
  for (const one of ['', 'mesh-join:', text.slice(0, -4), text.replace(':', '-'), admin, long]) {
    await refuses(async () => parseJoinLine(one), 'INVITE_MALFORMED')
  }
})

test('who is elsewhere is told the addresses that lead here first', () => {
  const local = '/ip4/127.0.0.1/tcp/4801/p2p/a'
  const wide = '/ip4/192.0.2.1/tcp/4801/p2p/a'
  assert.deepEqual(forOthers([local, wide]), [wide, local])
  assert.deepEqual(forOthers([local]), [local])
})

test('a process that has ended is not there, even while nobody asks how it ended', {
  skip: process.platform !== 'linux' && 'the states of processes are read from /proc',
}, async () => {
  assert.equal(isAlive(process.pid), true)
  // the shell becomes a program that never asks for the end of its child
  const script = '/bin/cat <&3 & echo $!; exec /bin/sleep 60'
  const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const becomes = async (state: () => boolean) => {
    for (let looks = 0; !state() && looks < 1000; looks++) await wait(5)
    assert(state())
  }
  try {
    const [line] = await once(parent.stdout as Readable, 'data')
    const pid = Number(line)
    await becomes(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n')
    assert.equal(isAlive(pid), true)
    const input = parent.stdio[3] as Writable
    input.end()
    await becomes(() => !isAlive(pid))
    assert.equal(process.kill(pid, 0), true, 'its number is still taken')
  } finally {
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  }
  assert.equal(isAlive(parent.pid as number), false)
})
