/** A home: what is made, what is never written over, and what is said where there is none. */
import assert from 'node:assert/strict'
import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { test } from 'node:test'
import { readKeyFile } from '@planetary-mesh/peer'
import { Charter, hasRole, open, Refusal, seal } from '@planetary-mesh/spec'
import { createFoundersHome } from '../src/state/create-home.ts'
import { findMember } from '../src/state/find-member.ts'
import { foundFederation } from '../src/state/found-federation.ts'
import { openHome } from '../src/state/home.ts'
import { homeFolder, keyFile, nodeFolder } from '../src/state/places.ts'
import { runHere } from './run-here.ts'
import { scratchFolder } from './start-meshctl.ts'

const scratch = scratchFolder()
let homes = 0
const newHome = () => join(scratch, `home-${homes++}`)
const inHome = (home: string, ...args: string[]) => runHere(args, { meshHome: home })

const found = (over: { nodes?: number; federation?: number } = {}) =>
  foundFederation({
    member: 'alice',
    name: 'co-op',
    nodes: 3,
    federation: 3,
    nowMs: 1_700_000_000_000,
    ...over,
  })

test('a file where the home is to be, or above it, is a usage error', async () => {
  const file = newHome()
  writeFileSync(file, 'mine')
  for (const command of ['init', 'up']) {
    for (const path of [file, join(file, 'below')]) {
      const { status, stderr } = await inHome(path, command)
      assert.equal(status, 2, stderr)
      assert.match(stderr, /cannot make the home '.*': a file is in the way\n.*PLANETARY_MESH_HOME/)
    }
  }
  assert.equal(readFileSync(file, 'utf8'), 'mine')
})

test('init makes a key, a pinned charter, a token and the folders of six processes', async () => {
  const path = newHome()
  const { status, stdout } = await inHome(path, 'init', '--name', 'alice', '--json')
  assert.equal(status, 0)
  const made = JSON.parse(stdout)
  const home = await openHome({ folder: path })
  assert.deepEqual(
    [made.home, made.did, made.charter],
    [path, home.signer().did, `${home.genesis}`],
  )
  assert.deepEqual(made.processes.sort(), readdirSync(join(path, 'nodes')).sort())
  assert.equal(made.processes.length, 6)
  const charter = home.charter()
  const { threshold, floor, members, writer } = charter.body
  assert.deepEqual([threshold, floor, charter.author], [2, 'replay', made.did])
  const did = (name: string) => findMember(members, name).did
  assert.equal(writer, did('federation-1'))
  for (const [name, role] of [
    ['alice', 'member'],
    ['alice', 'admin'],
    ['federation-1', 'admin'],
    ['mesh-node-3', 'executor'],
  ] as const) {
    assert.ok(hasRole(charter, did(name), role), `${name} ${role}`)
  }
  const [token] = home.tokens()
  assert.equal(token?.body.holder, made.did)
  assert.deepEqual(made.token, {
    cid: `${token?.cid}`,
    amount: 1_000_000,
    scope: 'default',
    expiresAtMs: token?.body.expiresAtMs,
  })
  // each process has the very key that the charter says
  const { signer } = await readKeyFile(keyFile(nodeFolder(path, 'mesh-node-2')))
  assert.equal(signer.did, did('mesh-node-2'))
})

test('keys are for their owner alone', async () => {
  const path = newHome()
  assert.equal((await inHome(path, 'init')).status, 0)
  const secrets = ['key', 'issuer.key', 'nodes/federation-1/key', 'nodes/mesh-node-1/key']
  for (const secret of secrets) assert.equal(statSync(join(path, secret)).mode & 0o777, 0o600)
  assert.equal(statSync(path).mode & 0o077, 0)
})

test('a second init is refused and changes nothing', async () => {
  const path = newHome()
  await inHome(path, 'init')
  const before = readFileSync(join(path, 'key'), 'utf8')
  const again = await inHome(path, 'init', '--json')
  assert.equal(again.status, 1)
  assert.equal(JSON.parse(again.stdout).error.code, 'HOME_TAKEN')
  assert.equal(readFileSync(join(path, 'key'), 'utf8'), before)
  assert.match((await inHome(path, 'init')).stderr, /^meshctl: HOME_TAKEN: .+\n {2}next: /)
})

test('a home is made whole or not at all, and leaves what is there alone', async () => {
  const path = newHome()
  await inHome(path, 'init', '--charter', `${found().charter.cid}`)
  await assert.rejects(createFoundersHome(path, found()), { code: 'HOME_TAKEN' })
  assert.deepEqual(readdirSync(path).sort(), ['config.toml', 'genesis.cid', 'key', 'tokens'])
  assert.ok(!readdirSync(scratch).some((name) => name.startsWith('.')))
})

test('of two that make a home at once one does, and none of it is the other’s', async () => {
  const path = newHome()
  const both = [found(), found()]
  const made = await Promise.allSettled(both.map((each) => createFoundersHome(path, each)))
  const [won, ...rest] = both.filter((_, index) => made[index]?.status === 'fulfilled')
  assert.deepEqual(rest, [])
  const lost = made.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  assert.equal(lost.reason.code, 'HOME_TAKEN')
  const home = await openHome({ folder: path })
  assert.equal(`${home.genesis}`, `${won?.charter.cid}`)
  assert.equal(home.signer().did, home.tokens()[0]?.body.holder)
  assert.equal(home.charter().author, home.signer().did)
})

test('a home where no folder can be made is usage, and no wait without an end', async () => {
  // where Node's own mkdir would try for ever
  const { status, stderr } = await inHome('/proc/no/home', 'init')
  assert.equal(status, 2)
  assert.match(stderr, /cannot make the home '\/proc\/no\/home': ENOENT/)
})

test('a token or charter that was altered is refused with its file', async () => {
  const path = newHome()
  await createFoundersHome(path, found())
  const [token] = readdirSync(join(path, 'tokens'))
  for (const [file, code] of [
    [join(path, 'tokens', `${token}`), 'BLOCK_MALFORMED'],
    [join(path, 'charter.dag-cbor'), 'BLOCK_CID_MISMATCH'],
  ] as const) {
    const before = readFileSync(file)
    writeFileSync(file, 'x')
    const { status, stdout } = await inHome(path, 'token', 'list', '--json')
    const { error } = JSON.parse(stdout)
    assert.deepEqual([status, error.code], [1, code])
    assert.ok(error.detail.startsWith(`${file}: `), error.detail)
    writeFileSync(file, before)
  }
})

test('init --charter trusts a federation by CID, or by the block of its genesis', async () => {
  const { charter } = found()
  const byCid = newHome()
  assert.equal((await inHome(byCid, 'init', '--charter', `${charter.cid}`)).status, 0)
  const home = await openHome({ folder: byCid })
  assert.ok(home.genesis.equals(charter.cid))
  assert.throws(() => home.charter(), { code: 'CHARTER_UNKNOWN' })
  assert.deepEqual(home.tokens(), [])

  const file = join(scratch, 'charter.dag-cbor')
  writeFileSync(file, charter.bytes)
  const byFile = newHome()
  assert.equal((await inHome(byFile, 'init', '--charter', file)).status, 0)
  assert.equal((await openHome({ folder: byFile })).charter().body.name, 'co-op')
})

test('what is no genesis charter is refused as one', async () => {
  const { charter, member } = found()
  const body = { ...charter.body, version: 1, previous: charter.cid }
  const file = join(scratch, 'later.dag-cbor')
  writeFileSync(file, seal(Charter, body, member.signer).bytes)
  const later = await inHome(newHome(), 'init', '--charter', file)
  assert.equal(later.status, 2)
  assert.match(later.stderr, /version 1 of a charter, not its genesis/)
  const damaged = Uint8Array.from(charter.bytes)
  damaged[200] = (damaged[200] as number) ^ 1
  writeFileSync(file, damaged)
  const { status, stdout } = await inHome(newHome(), 'init', '--charter', file, '--json')
  assert.equal(status, 1)
  assert.match(JSON.parse(stdout).error.code, /^(RECORD|SIGNATURE|BLOCK|DID|KEY)_/)
  assert.equal((await inHome(newHome(), 'init', '--charter', join(scratch, 'none'))).status, 2)
  assert.equal((await inHome(newHome(), 'init', '--name', 'Alice B')).status, 2)
})

test('a charter in the home that is not the pinned one is refused', async () => {
  const path = newHome()
  await createFoundersHome(path, found())
  writeFileSync(join(path, 'charter.dag-cbor'), found().charter.bytes)
  await assert.rejects(openHome({ folder: path }), { code: 'BLOCK_CID_MISMATCH' })
})

test('without a home, and with one where nothing runs, the next step is said', async () => {
  const none = await inHome(newHome(), 'list-nodes')
  assert.deepEqual([none.status, none.stdout], [1, ''])
  assert.match(none.stderr, /^meshctl: HOME_MISSING: .+\n {2}next: run `meshctl init`/)
  const path = newHome()
  await createFoundersHome(path, found())
  const idle = await inHome(path, 'federation', 'status')
  assert.equal(idle.status, 1)
  assert.match(idle.stderr, /^meshctl: NODE_AWAY: .+mesh-node-1.+\n {2}next: run `meshctl up`/)
  const other = await inHome(path, 'list-nodes', '--node', 'mesh-node-9')
  assert.equal(other.status, 2)
  assert.match(other.stderr, /nobody is called 'mesh-node-9'\n {2}next: name one of alice, issuer/)
  const down = await inHome(path, 'down')
  assert.deepEqual([down.status, down.stdout], [0, 'Nothing was running.\n'])
})

test('a run file that a killed process left behind counts for nothing', async () => {
  const path = newHome()
  await createFoundersHome(path, found())
  const home = await openHome({ folder: path })
  const file = join(nodeFolder(path, 'mesh-node-1'), 'run.json')
  // the largest pid that Linux gives is 2^22
  const run = { pid: 2 ** 22 + 1, name: 'mesh-node-1', did: home.signer().did, addresses: [] }
  const control = { url: 'http://127.0.0.1:9', token: 'none' }
  writeFileSync(file, JSON.stringify({ ...run, control, startedAtMs: 1 }))
  await assert.rejects(home.control(), { code: 'NODE_AWAY' })
  const { status, stdout } = await inHome(path, 'down', '--json')
  assert.equal(status, 0)
  assert.deepEqual(JSON.parse(stdout), { stopped: [{ name: 'mesh-node-1', how: 'stale' }] })
  assert.throws(() => statSync(file), { code: 'ENOENT' })
})

test('down ends no process that only has the pid of one of ours', async () => {
  const path = newHome()
  await createFoundersHome(path, found())
  const home = await openHome({ folder: path })
  const file = join(nodeFolder(path, 'mesh-node-1'), 'run.json')
  const control = { url: 'http://127.0.0.1:9', token: 'none' }
  const run = { pid: process.pid, name: 'mesh-node-1', did: home.signer().did, addresses: [] }
  writeFileSync(file, JSON.stringify({ ...run, control, startedAtMs: 1 }))
  const { stdout } = await inHome(path, 'down', '--json')
  assert.deepEqual(JSON.parse(stdout), { stopped: [{ name: 'mesh-node-1', how: 'stale' }] })
})

/** With an input that stays open. */
const QUIET: SpawnOptions = { stdio: ['pipe', 'ignore', 'ignore'] }

test('down ends a process whose run file was lost or spoiled, and no other', async () => {
  const path = newHome()
  await createFoundersHome(path, found())
  const program = join(path, 'mesh-node.js')
  writeFileSync(program, 'setInterval(() => {}, 2 ** 30)')
  const configOf = (name: string) => join(nodeFolder(path, name), 'config.toml')
  const start = (...words: string[]) => spawn(words[0] as string, words.slice(1), QUIET)
  const daemons = ['mesh-node-1', 'mesh-node-2'].map((name) =>
    start(process.execPath, program, '--config', configOf(name)),
  )
  const words = `${process.execPath} ${program} --config ${configOf('mesh-node-1')}`
  const others = [
    start(process.execPath, program, '--config', configOf('mesh-node-1x')),
    // the same words, said to another program, and said by another script
    start('sh', '-c', 'read line', words, program, '--config', configOf('mesh-node-1')),
    start(process.execPath, '-e', 'setInterval(() => {}, 9e8)', '--', ...words.split(' ').slice(2)),
  ]
  const started = [...daemons, ...others]
  const ends = daemons.map((child) => once(child, 'exit'))
  try {
    await Promise.all(started.map((child) => once(child, 'spawn')))
    const file = join(nodeFolder(path, 'mesh-node-1'), 'run.json')
    writeFileSync(file, '{"pid": 1')
    const { status, stdout } = await inHome(path, 'down', '--json')
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout).stopped, [
      { name: 'mesh-node-1', how: 'stopped' },
      { name: 'mesh-node-2', how: 'stopped' },
    ])
    for (const end of ends) assert.deepEqual(await end, [null, 'SIGTERM'])
    for (const other of others) assert.equal(other.exitCode ?? other.signalCode, null)
    assert.throws(() => statSync(file), { code: 'ENOENT' })
    // nothing is left that it could mean
    writeFileSync(file, '{"pid": 1')
    const again = await inHome(path, 'down', '--json')
    assert.deepEqual(JSON.parse(again.stdout).stopped, [{ name: 'mesh-node-1', how: 'stale' }])
  } finally {
    for (const child of started) child.kill('SIGKILL')
  }
})

const OTHER_DISK = '/dev/shm'
const isOtherDisk =
  existsSync(OTHER_DISK) && statSync(OTHER_DISK).dev !== statSync(tmpdir()).dev
    ? false
    : `${OTHER_DISK} is no disk of its own here`

test('a home may be a disk of its own', { skip: isOtherDisk }, async () => {
  const disk = mkdtempSync(join(OTHER_DISK, 'meshctl-home-'))
  try {
    const path = newHome()
    symlinkSync(disk, path)
    const { status, stderr } = await inHome(path, 'init')
    assert.deepEqual([status, stderr], [0, ''])
    assert.equal((await openHome({ folder: path })).config.node, 'mesh-node-1')
    assert.ok(readdirSync(disk).every((name) => !name.startsWith('.')))
  } finally {
    rmSync(disk, { recursive: true })
  }
})

test('an empty HOME is none: the home is where the user is, not where she stands', () => {
  const { HOME, PLANETARY_MESH_HOME } = process.env
  Object.assign(process.env, { HOME: '', PLANETARY_MESH_HOME: '' })
  try {
    assert.ok(isAbsolute(homeFolder()), homeFolder())
  } finally {
    Object.assign(process.env, { HOME, PLANETARY_MESH_HOME })
    if (HOME === undefined) delete process.env.HOME
    if (PLANETARY_MESH_HOME === undefined) delete process.env.PLANETARY_MESH_HOME
  }
})

test('a home that was written by hand says which setting is wrong', async () => {
  const path = newHome()
  await createFoundersHome(path, found())
  const file = join(path, 'config.toml')
  for (const [text, sentence] of [
    ['node = 7\nfederation = "a"\n', /config\.toml: 'node' must be a text in quotes/],
    ['node = "a"\nfederation = "a"\ncolour = 1\n', /there is no setting 'colour'/],
    ['node = \n', /config\.toml: /],
  ] as const) {
    writeFileSync(file, text)
    const { status, stderr } = await inHome(path, 'list-nodes')
    assert.equal(status, 2, text)
    assert.match(stderr, sentence)
  }
})

test('a member is named by name, DID, or enough of its beginning', () => {
  const { charter, machines } = found({ nodes: 12 })
  const { members } = charter.body
  const [first] = machines
  assert.ok(first)
  const { did } = first.signer
  for (const text of [first.name, did, did.slice(0, 24), did.slice('did:key:'.length, 24)]) {
    assert.equal(findMember(members, text).did, did, text)
  }
  // a whole name that begins others is that name
  assert.equal(findMember(members, 'mesh-node-1').name, 'mesh-node-1')
  assert.throws(() => findMember(members, 'mesh-node'), /'mesh-node' begins several names/)
  assert.throws(() => findMember(members, 'mesh'), /nobody is called 'mesh'/)
  assert.throws(() => findMember(members, 'nobody-at-all'), /nobody is called 'nobody-at-all'/)
})

test('a federation of one verifier asks for one verdict', () => {
  assert.equal(found({ federation: 1 }).charter.body.threshold, 1)
  const { charter, token, issuer } = found()
  assert.ok(!(open(Charter, charter.bytes) instanceof Refusal))
  assert.equal(token.author, issuer.signer.did)
  assert.deepEqual(charter.body.issuers, [{ did: issuer.signer.did, scopes: ['default'] }])
})
