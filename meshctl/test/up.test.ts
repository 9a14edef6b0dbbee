/** The processes of a home, as real ones: up, seen, restarted, joined, down, and none left. */
import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DAEMON_ENV, DAEMON_FLAGS } from '@planetary-mesh/peer/daemon-process'
import { createFoundersHome } from '../src/state/create-home.ts'
import { foundFederation } from '../src/state/found-federation.ts'
import { gone, pidsOf } from './processes.ts'
import { runHere } from './run-here.ts'
import { type Ended, meshctl, type Started, scratchFolder, startMeshctl } from './start-meshctl.ts'

const scratch = scratchFolder()
const home = join(scratch, 'home')
const TIMEOUT = { timeout: 180_000 }

const run = (...args: string[]) => runHere(args, { meshHome: home })
/** What it prints with --json; it must end with 0. */
const json = async (...args: string[]) => jsonIn(await run(...args, '--json'))
function jsonIn({ status, stdout, stderr }: Ended) {
  assert.equal(status, 0, stdout + stderr)
  return JSON.parse(stdout)
}
const folderOf = (name: string, of = home) => join(of, 'nodes', name)
const runOf = (name: string) => JSON.parse(readFileSync(join(folderOf(name), 'run.json'), 'utf8'))

after(() => {
  for (const pid of pidsOf(scratch)) process.kill(pid, 'SIGKILL')
})

const SMALL = ['--nodes', '1', '--federation', '1'] as const

test('up makes a home, starts its processes and leaves them running with --detach', TIMEOUT, () => {
  const mesh = jsonIn(meshctl(['up', ...SMALL, '--detach', '--json'], { meshHome: home }))
  const names = mesh.map(({ name }: { name: string }) => name)
  assert.deepEqual(names, ['federation-1', 'mesh-node-1'])
  for (const { name, did, pid, addresses, control, started } of mesh) {
    const file = runOf(name)
    assert.deepEqual([file.did, file.pid, file.control.url], [did, pid, control])
    assert.equal(started, true)
    assert.match(addresses[0], /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/)
    assert.equal(statSync(join(folderOf(name), 'run.json')).mode & 0o777, 0o600)
    assert.ok(pidsOf(folderOf(name)).includes(pid))
    // started as a daemon is that shall stay small: with its flags and variables
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
    for (const flag of DAEMON_FLAGS) assert.ok(words.includes(flag), flag)
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
    for (const [name, value] of Object.entries(DAEMON_ENV)) {
      assert.ok(variables.includes(`${name}=${value}`), name)
    }
  }
})

test('a second up leaves what runs as it is', TIMEOUT, async () => {
  const before = runOf('mesh-node-1').pid
  const mesh = await json('up', '--detach')
  assert.ok(mesh.every(({ started }: { started: boolean }) => !started))
  assert.equal(runOf('mesh-node-1').pid, before)
  const more = await run('up', '--nodes', '2', '--detach')
  assert.equal(more.status, 2)
  assert.match(more.stderr, /--nodes 2: this home has 1\n {2}next: .+federation invite/)
})

test('the machines, the federation and its rules are shown', TIMEOUT, async () => {
  const { nodes } = await json('list-nodes')
  const shown = nodes.map(({ name, state }: Record<string, string>) => `${name} ${state}`)
  assert.deepEqual(shown, ['federation-1 online', 'mesh-node-1 self'])
  assert.equal(nodes[1].capacity.location, 'eu-north')
  assert.match(
    (await run('list-nodes')).stdout,
    /^Node ID +Roles .+\n-+\n.+\nmesh-node-1 +home executor +self +1\/1 +1024 MiB/,
  )
  const status = await json('federation', 'status')
  const { threshold, verifiers, floor, log } = status
  assert.deepEqual([threshold, verifiers, floor, log.writerConnected], [1, 1, 'replay', true])
  assert.match(
    (await run('federation', 'status')).stdout,
    /^Log +\d+ entr\w+, written by federation-1$/m,
  )
  const { policies, charter } = await json('policy', 'show')
  assert.equal(charter, status.charter)
  assert.deepEqual(policies[0], {
    scope: 'default',
    resourceType: 'compute',
    policy: { type: 'quota', amount: 10_000_000 },
  })
  assert.match(
    (await run('policy', 'show')).stdout,
    /^default +compute +quota +at most 10,000,000 units/m,
  )
  assert.deepEqual(await json('federation', 'verdicts'), { receipts: [] })
  const locked = await run('gc', '--json')
  assert.deepEqual([locked.status, JSON.parse(locked.stdout).error.code], [1, 'STORE_LOCKED'])
})

test('a machine joins by one line, once, and is listed', TIMEOUT, async () => {
  const { stdout, status, stderr } = await run('federation', 'invite', '--expires', '10m')
  assert.deepEqual([status, stderr], [0, ''])
  const [line = '', ...rest] = stdout.split('\n')
  assert.match(line, /^mesh-join:[\w-]+$/)
  assert.deepEqual(rest, [''])
  const other = join(scratch, 'other')
  const words = ['node', 'start', '--join', line, '--name', 'lab-1']
  const joined = startMeshctl(words, { meshHome: other })
  await joined.saw('serve')
  const { nodes } = await json('list-nodes')
  const found = nodes.find(({ name }: { name: string }) => name === 'lab-1')
  assert.deepEqual([found.state, found.roles], ['online', ['home', 'executor']])
  // the other machine has a home now, where its own node is asked
  const there = jsonIn(await runHere(['list-nodes', '--json'], { meshHome: other }))
  const self = there.nodes.find(({ state }: { state: string }) => state === 'self')
  assert.equal(self.name, 'lab-1')

  const again = await runHere(['node', 'start', '--join', line, '--name', 'lab-2', '--json'], {
    meshHome: join(scratch, 'third'),
  })
  assert.equal(again.status, 1)
  assert.equal(JSON.parse(again.stdout).error.code, 'INVITE_UNKNOWN')
  // what was not let in is no process: the home around it starts and stops as before
  const taken = jsonIn(await runHere(['federation', 'invite', '--json'], { meshHome: home }))
  const refused = ['node', 'start', '--join', taken.line, '--name', 'mesh-node-1', '--json']
  const { stdout: said } = await runHere(refused, { meshHome: other })
  assert.equal(JSON.parse(said).error.code, 'NAME_TAKEN')
  const running = jsonIn(await runHere(['up', '--detach', '--json'], { meshHome: other }))
  assert.deepEqual(
    running.map(({ name }: { name: string }) => name),
    ['lab-1'],
  )
  const pids = pidsOf(other)
  joined.child.kill('SIGTERM')
  await joined.ended
  await gone(pids)
})

test('node start without a line says where one comes from', async () => {
  const { status, stderr } = await run('node', 'start', '--name', 'lab-9')
  assert.equal(status, 2)
  assert.match(stderr, /there is no node 'lab-9' in .+\n {2}next: give --join LINE/)
  assert.match((await run('node', 'start', '--join', 'nonsense')).stderr, /INVITE_MALFORMED/)
})

test('a name that no charter takes is usage, and makes no folder', async () => {
  const nobody = join(scratch, 'nobody', 'home')
  for (const name of ['../evil', 'Lab', '']) {
    const words = ['node', 'start', '--join', 'mesh-join:x', '--name', name]
    const { status, stderr } = await runHere(words, { meshHome: nobody })
    assert.deepEqual([status, stderr.split(':')[1]], [2, ` --name ${name}`])
  }
  assert.ok(!existsSync(join(scratch, 'nobody')))
})

test('where to listen is judged before anything is made', async () => {
  const nowhere = join(scratch, 'nowhere')
  for (const words of [['up'], ['node', 'start', '--join', 'mesh-join:x']]) {
    for (const listen of ['rubbish', '/ip4/127.0.0.1/tcp/99999']) {
      const { status, stderr } = await runHere([...words, '--listen', listen], {
        meshHome: nowhere,
      })
      assert.equal(status, 2)
      assert.ok(stderr.includes(`--listen ${listen}: expected a multiaddr\n  next: `), stderr)
    }
  }
  assert.ok(!existsSync(nowhere))
})

/** An `up` that stays, in another terminal. */
let attached: Started

test(
  'after a kill -9 the next up starts that process again, on the same store',
  TIMEOUT,
  async () => {
    const before = await json('federation', 'status', '--node', 'federation-1')
    const { pid } = runOf('federation-1')
    const pids = pidsOf(folderOf('federation-1'))
    process.kill(pid, 'SIGKILL')
    await gone(pids)
    const away = await run('list-nodes', '--node', 'federation-1', '--json')
    assert.deepEqual([away.status, JSON.parse(away.stdout).error.code], [1, 'NODE_AWAY'])
    // it judges no more: without a sandbox it starts for half the price
    const config = join(folderOf('federation-1'), 'config.toml')
    writeFileSync(config, readFileSync(config, 'utf8').replace(', "verifier"', ''))
    attached = startMeshctl(['up', '--json'], { meshHome: home })
    await attached.saw('\n]\n')
    const mesh = JSON.parse(attached.stdout())
    const started = mesh.map(({ name, started: did }: Record<string, unknown>) => [name, did])
    assert.deepEqual(started, [
      ['federation-1', true],
      ['mesh-node-1', false],
    ])
    assert.notEqual(runOf('federation-1').pid, pid)
    const again = await json('federation', 'status', '--node', 'federation-1')
    assert.deepEqual([again.version, again.charter], [1, before.charter])
    assert.equal(again.log.size, before.log.size)
  },
)

test('down stops all of them, and none is left', TIMEOUT, async () => {
  const pids = pidsOf(home)
  assert.ok(pids.length >= 2)
  const { stopped } = await json('down')
  assert.deepEqual(stopped, [
    { name: 'federation-1', how: 'stopped' },
    { name: 'mesh-node-1', how: 'stopped' },
  ])
  await gone(pids)
  assert.deepEqual(pidsOf(home), [])
  for (const name of readdirSync(join(home, 'nodes'))) {
    assert.ok(!existsSync(join(folderOf(name), 'run.json')), name)
  }
})

test('down in another terminal ends an up that is attached', TIMEOUT, async () => {
  const { status, stderr } = await attached.ended
  assert.equal(status, 0, stderr)
})

test('gc reads the stores of a home that is down', async () => {
  const { deleted, nodes, running } = await json('gc', '--dry-run')
  assert.deepEqual([deleted, running], [false, []])
  assert.deepEqual(nodes, [
    { name: 'federation-1', receipts: 0, blocks: 0, bytes: 0 },
    { name: 'mesh-node-1', receipts: 0, blocks: 0, bytes: 0 },
  ])
})

/** A home whose processes run no jobs: without a sandbox they start for half the price. */
const idle = join(scratch, 'idle')

test(
  'a process that cannot start is named with what it said, and the others end',
  TIMEOUT,
  async () => {
    const size = { nodes: 0, federation: 2 }
    const founded = foundFederation({ member: 'alice', name: 'idle', ...size, nowMs: Date.now() })
    const machines = founded.machines.map(({ roles, ...machine }) => {
      return { ...machine, roles: roles.filter((role) => role !== 'verifier') }
    })
    await createFoundersHome(idle, { ...founded, machines })
    const file = join(folderOf('federation-2', idle), 'key')
    const key = readFileSync(file, 'utf8')
    rmSync(file)
    const { status, stderr } = await runHere(['up', '--detach'], { meshHome: idle })
    writeFileSync(file, key, { mode: 0o600 })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^The last of .+federation-2\/log\.jsonl:\n(?: {2}.*\n)*.*KEY_FILE_REFUSED/,
    )
    assert.match(stderr, /\nmeshctl: NODE_FAILED: .+federation-2 ended by itself \(exit code 1\)/)
    assert.deepEqual(pidsOf(idle), [])
  },
)

test('two that start the same home at once share what they start', TIMEOUT, async () => {
  // a copy of a folder is left alone, and a folder may lie elsewhere
  cpSync(folderOf('federation-2', idle), folderOf('federation-2.bak', idle), { recursive: true })
  renameSync(folderOf('federation-2', idle), join(scratch, 'elsewhere'))
  symlinkSync(join(scratch, 'elsewhere'), folderOf('federation-2', idle))
  const words = ['up', '--detach', '--json']
  const both = [words, words].map((each) => startMeshctl(each, { meshHome: idle }))
  const meshes = await Promise.all(
    both.map(async ({ ended }) => {
      const { status, stdout, stderr } = await ended
      assert.equal(status, 0, stdout + stderr)
      assert.match(stderr, /federation-2\.bak is the folder of federation-2: it is not started\n/)
      return JSON.parse(stdout) as { name: string; pid: number; started: boolean }[]
    }),
  )
  const pidsBy = meshes.map((mesh) => mesh.map(({ name, pid }) => `${name} ${pid}`))
  assert.deepEqual(pidsBy[0], pidsBy[1])
  const started = meshes.flat().filter((one) => one.started)
  assert.deepEqual(started.map(({ name }) => name).sort(), ['federation-1', 'federation-2'])
  const { stopped } = jsonIn(await runHere(['down', '--json'], { meshHome: idle }))
  assert.equal(stopped.length, 2)
  assert.deepEqual(pidsOf(idle), [])
})

// by SIGINT: policy.test.ts
test('attached processes end with an up that ends by SIGKILL', TIMEOUT, async () => {
  const up = startMeshctl(['up'], { meshHome: idle })
  await up.saw('All 2 serve. Ctrl-C stops them.')
  const pids = pidsOf(idle)
  assert.ok(pids.length >= 2)
  up.child.kill('SIGKILL')
  const { status, signal } = await up.ended
  assert.deepEqual([status, signal], [null, 'SIGKILL'])
  await gone(pids)
})
