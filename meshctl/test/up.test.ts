/** The processes of a home, as real ones: up, seen, restarted, joined, down, and none left. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gone, pidsOf } from './processes.ts'
import { MESHCTL, meshctl, scratchFolder } from './start-meshctl.ts'

const scratch = scratchFolder()
const home = join(scratch, 'home')
const TIMEOUT = { timeout: 180_000 }

const run = (...args: string[]) => meshctl(args, { meshHome: home })
/** What it prints with --json; it must end with 0. */
function json(...args: string[]) {
  const { status, stdout, stderr } = run(...args, '--json')
  assert.equal(status, 0, stdout + stderr)
  return JSON.parse(stdout)
}
const folderOf = (name: string) => join(home, 'nodes', name)
const runOf = (name: string) => JSON.parse(readFileSync(join(folderOf(name), 'run.json'), 'utf8'))

/** Starts a command that stays; `saw` resolves when its stdout has the text. */
function start(meshHome: string, ...args: string[]) {
  const child = spawn(process.execPath, [...MESHCTL, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: scratch, TMPDIR: tmpdir(), PLANETARY_MESH_HOME: meshHome },
  })
  let said = ''
  const saw = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => said.includes(text) && resolve()
      const hear = (chunk: Buffer) => {
        said += chunk
        look()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', () => reject(new Error(`ended without '${text}':\n${said}`)))
      look()
    })
  return { child, saw, said: () => said }
}

async function endOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode !== null || child.signalCode !== null)
    return [child.exitCode, child.signalCode]
  return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
}

after(() => {
  for (const pid of pidsOf(scratch)) process.kill(pid, 'SIGKILL')
})

const SMALL = ['--nodes', '1', '--federation', '1'] as const

test('up makes a home, starts its processes and leaves them running with --detach', TIMEOUT, () => {
  const mesh = json('up', ...SMALL, '--detach')
  const names = mesh.map(({ name }: { name: string }) => name)
  assert.deepEqual(names, ['federation-1', 'mesh-node-1'])
  for (const { name, did, pid, addresses, control, started } of mesh) {
    const file = runOf(name)
    assert.deepEqual([file.did, file.pid, file.control.url], [did, pid, control])
    assert.equal(started, true)
    assert.match(addresses[0], /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/)
    assert.equal(statSync(join(folderOf(name), 'run.json')).mode & 0o777, 0o600)
    assert.ok(pidsOf(folderOf(name)).includes(pid))
  }
})

test('a second up leaves what runs as it is', TIMEOUT, () => {
  const before = runOf('mesh-node-1').pid
  const mesh = json('up', '--detach')
  assert.ok(mesh.every(({ started }: { started: boolean }) => !started))
  assert.equal(runOf('mesh-node-1').pid, before)
  const more = run('up', '--nodes', '2', '--detach')
  assert.equal(more.status, 2)
  assert.match(more.stderr, /--nodes 2: this home has 1\n {2}next: .+federation invite/)
})

test('the machines, the federation and its rules are shown', TIMEOUT, () => {
  const { nodes } = json('list-nodes')
  const shown = nodes.map(({ name, state }: Record<string, string>) => `${name} ${state}`)
  assert.deepEqual(shown, ['federation-1 online', 'mesh-node-1 self'])
  assert.equal(nodes[1].capacity.location, 'eu-north')
  assert.match(
    run('list-nodes').stdout,
    /^Node ID +Roles .+\n-+\n.+\nmesh-node-1 +home executor +self +1\/1 +1024 MiB/,
  )
  const status = json('federation', 'status')
  const { threshold, verifiers, floor, log } = status
  assert.deepEqual([threshold, verifiers, floor, log.writerConnected], [1, 1, 'replay', true])
  assert.match(run('federation', 'status').stdout, /^Log +\d+ entr\w+, written by federation-1$/m)
  const { policies, charter } = json('policy', 'show')
  assert.equal(charter, status.charter)
  assert.deepEqual(policies[0], {
    scope: 'default',
    resourceType: 'compute',
    policy: { type: 'quota', amount: 10_000_000 },
  })
  assert.match(run('policy', 'show').stdout, /^default +compute +quota +at most 10,000,000 units/m)
  assert.deepEqual(json('federation', 'verdicts'), { receipts: [] })
  const locked = run('gc', '--json')
  assert.deepEqual([locked.status, JSON.parse(locked.stdout).error.code], [1, 'STORE_LOCKED'])
})

test('a machine joins by one line, once, and is listed', TIMEOUT, async () => {
  const { stdout, status, stderr } = run('federation', 'invite', '--expires', '10m')
  assert.deepEqual([status, stderr], [0, ''])
  const [line = '', ...rest] = stdout.split('\n')
  assert.match(line, /^mesh-join:[\w-]+$/)
  assert.deepEqual(rest, [''])
  const other = join(scratch, 'other')
  const joined = start(other, 'node', 'start', '--join', line, '--name', 'lab-1')
  await joined.saw('serve')
  const { nodes } = json('list-nodes')
  const found = nodes.find(({ name }: { name: string }) => name === 'lab-1')
  assert.deepEqual([found.state, found.roles], ['online', ['home', 'executor']])
  // the other machine has a home now, where its own node is asked
  const there = meshctl(['list-nodes', '--json'], { meshHome: other })
  assert.equal(there.status, 0, there.stderr)
  const self = JSON.parse(there.stdout).nodes.find(
    ({ state }: { state: string }) => state === 'self',
  )
  assert.equal(self.name, 'lab-1')

  const again = meshctl(['node', 'start', '--join', line, '--name', 'lab-2', '--json'], {
    meshHome: join(scratch, 'third'),
  })
  assert.equal(again.status, 1)
  assert.equal(JSON.parse(again.stdout).error.code, 'INVITE_UNKNOWN')
  const pids = pidsOf(other)
  joined.child.kill('SIGTERM')
  await endOf(joined.child)
  await gone(pids)
})

test('node start without a line says where one comes from', () => {
  const { status, stderr } = run('node', 'start', '--name', 'lab-9')
  assert.equal(status, 2)
  assert.match(stderr, /there is no node 'lab-9' in .+\n {2}next: give --join LINE/)
  assert.match(run('node', 'start', '--join', 'nonsense').stderr, /INVITE_MALFORMED/)
  assert.equal(run('federation', 'invite', '--expires', 'soon').status, 2)
})

test(
  'after a kill -9 the next up starts that process again, on the same store',
  TIMEOUT,
  async () => {
    const { pid } = runOf('mesh-node-1')
    const pids = pidsOf(folderOf('mesh-node-1'))
    process.kill(pid, 'SIGKILL')
    await gone(pids)
    const away = run('list-nodes', '--json')
    assert.deepEqual([away.status, JSON.parse(away.stdout).error.code], [1, 'NODE_AWAY'])
    const mesh = json('up', '--detach')
    const started = mesh.map(({ name, started: did }: Record<string, unknown>) => [name, did])
    assert.deepEqual(started, [
      ['federation-1', false],
      ['mesh-node-1', true],
    ])
    assert.notEqual(runOf('mesh-node-1').pid, pid)
  },
)

test('down stops all of them, and none is left', TIMEOUT, async () => {
  const pids = pidsOf(home)
  assert.ok(pids.length >= 2)
  const { stopped } = json('down')
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

test('a process that cannot start is named with what it said, and the others end', TIMEOUT, () => {
  const file = join(folderOf('mesh-node-1'), 'key')
  const key = readFileSync(file, 'utf8')
  rmSync(file)
  const { status, stderr } = run('up', '--detach')
  writeFileSync(file, key, { mode: 0o600 })
  assert.equal(status, 1)
  assert.match(stderr, /^The last of .+mesh-node-1\/log\.jsonl:\n(?: {2}.*\n)*.*KEY_FILE_REFUSED/)
  assert.match(stderr, /\nmeshctl: NODE_FAILED: .+mesh-node-1 ended by itself \(exit code 1\)/)
  assert.deepEqual(pidsOf(home), [])
})

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`attached processes end with an up that ends by ${signal}`, TIMEOUT, async () => {
    const up = start(home, 'up')
    await up.saw('All 2 serve. Ctrl-C stops them.')
    const pids = pidsOf(home)
    assert.ok(pids.length >= 2)
    up.child.kill(signal)
    assert.deepEqual(await endOf(up.child), [null, signal])
    await gone(pids)
  })
}

test('down in another terminal ends an up that is attached', TIMEOUT, async () => {
  const up = start(home, 'up')
  await up.saw('Ctrl-C stops them.')
  assert.equal(json('down').stopped.length, 2)
  assert.deepEqual(await endOf(up.child), [0, null], up.said())
})

test('gc reads the stores of a home that is down', () => {
  const { deleted, nodes, running } = json('gc', '--dry-run')
  assert.deepEqual([deleted, running], [false, []])
  assert.deepEqual(nodes, [
    { name: 'federation-1', receipts: 0, blocks: 0, bytes: 0 },
    { name: 'mesh-node-1', receipts: 0, blocks: 0, bytes: 0 },
  ])
})
