// What an owner sets: a file of which every key is known, flags that count in its place, and a
// sentence with the place for whatever is wrong.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, parseHours, readConfig, writeConfig } from '@planetary-mesh/peer'
import { encodeBlock, signerFromSeed } from '@planetary-mesh/spec'
import { configure, parseFlags } from '../src/daemon/flags.ts'

const folder = mkdtempSync(join(tmpdir(), 'mesh-config-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const genesis = encodeBlock('a charter').cid.toString()
const writer = signerFromSeed(new Uint8Array(32).fill(7)).did
const LEAST = `name = "mesh-node-1"
roles = ["home", "executor"]
genesis = "${genesis}"
writer = "${writer}"
`

function file(text: string): string {
  const path = join(folder, 'config.toml')
  writeFileSync(path, text)
  return path
}

async function wrong(work: Promise<unknown>, sentence: RegExp, next?: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(error instanceof ConfigError, String(error))
    assert.match(error.message, sentence)
    if (next !== undefined) assert.match(error.next, next)
    return true
  })
}

test('the least there is to say gets the defaults of the mesh', async () => {
  const config = await readConfig(file(LEAST))
  assert.deepEqual(config.listen, ['/ip4/127.0.0.1/tcp/0'])
  assert.equal(config.control.port, 0)
  assert.equal(config.timing.bid_window_ms, 500)
  assert.equal(config.limits.hours, undefined)
  assert.ok(config.limits.slots >= 1 && config.limits.cores >= 1 && config.limits.memory_mib >= 1)
})

test('a limit is taken as it stands, and a wrong one is told with file, key and what came', async () => {
  const config = await readConfig(file(`${LEAST}[limits]\nslots = 3\nhours = "22:00-06:00"\n`))
  assert.equal(config.limits.slots, 3)
  assert.equal(config.limits.hours, '22:00-06:00')
  await wrong(readConfig(file(`${LEAST}[limits]\nslots = "two"\n`)), /limits\.slots: .*"two"/)
  await wrong(readConfig(file(`${LEAST}[limits]\nslots = 0\n`)), /limits\.slots: .*here is 0/)
  await wrong(
    readConfig(file(`${LEAST}[limits]\nhours = "late"\n`)),
    /limits\.hours: .*22:00-06:00/,
  )
})

test('a key that nobody knows is refused with those that are known there', async () => {
  await wrong(
    readConfig(file(`${LEAST}[limits]\nslot = 3\n`)),
    /limits\.slot: no such key/,
    /slots/,
  )
  await wrong(readConfig(file(`${LEAST}color = "red"\n`)), /color: no such key/, /genesis/)
})

test('what has to be said and is not is named', async () => {
  await wrong(readConfig(file('name = "a"\n')), /roles: .*missing/)
  await wrong(readConfig(file(LEAST.replace('executor', 'king'))), /roles\.1: .*"king"/)
  await wrong(readConfig(file(LEAST.replace(genesis, 'bafy'))), /genesis: expected a CID/)
  await wrong(readConfig(file(`listen = ["/ip4/x"]\n${LEAST}`)), /listen\.0: expected a multiaddr/)
})

test('a file that is no TOML is told with its line, one that is not there with its path', async () => {
  await wrong(readConfig(file(`${LEAST}[limits\n`)), /config\.toml:5:\d+: /)
  await wrong(readConfig(join(folder, 'none.toml')), /none\.toml is not there/)
})

test('what is written is read again, by its owner alone', async () => {
  const path = join(folder, 'deep/config.toml')
  const bootstrap = ['/ip4/127.0.0.1/tcp/4801']
  await writeConfig(path, { name: 'f-1', roles: ['ledger'], genesis, writer, bootstrap })
  const config = await readConfig(path)
  assert.deepEqual([config.roles, config.bootstrap], [['ledger'], bootstrap])
  assert.equal(statSync(path).mode & 0o077, 0)
  await wrong(writeConfig(path, { name: 'F 1', roles: ['ledger'], genesis, writer }), /name: /)
})

test('a flag counts in place of the file, and a list is replaced whole', async () => {
  const path = file(`${LEAST}listen = ["/ip4/10.0.0.1/tcp/1"]\n[limits]\nslots = 3\ncores = 2\n`)
  const flags = parseFlags(['--config', path, '--slots=5', '--listen', '/ip4/127.0.0.1/tcp/0'])
  const { config, folder: state } = await configure(flags)
  assert.equal(state, folder)
  assert.deepEqual([config.limits.slots, config.limits.cores], [5, 2])
  assert.deepEqual(config.listen, ['/ip4/127.0.0.1/tcp/0'])
})

test('flags alone are enough, and a wrong one is told by its name', async () => {
  const named = ['--folder', join(folder, 'empty'), '--genesis', genesis, '--writer', writer]
  const roles = ['--role', 'home', '--role', 'executor']
  const { config } = await configure(parseFlags([...named, '--name', 'n-1', ...roles]))
  assert.deepEqual(config.roles, ['home', 'executor'])
  await wrong(configure(parseFlags([...named, ...roles])), /the flags: name: .*missing/)
  assert.throws(() => parseFlags(['--slots', 'many']), /--slots: expected a whole number/)
  assert.throws(() => parseFlags(['--colour']), /--colour/)
  assert.throws(() => parseFlags(['stray']), ConfigError)
  await wrong(configure(parseFlags([])), /no state folder is named/)
})

test('hours are two times of a day', () => {
  const { fromMinute, untilMinute } = parseHours('22:00-06:30') ?? {}
  assert.deepEqual([fromMinute, untilMinute], [1320, 390])
  for (const text of ['24:00-06:00', '22:00', '22:00-22:00', '9:00-17:00', '22:60-06:00']) {
    assert.equal(parseHours(text), undefined, text)
  }
})
