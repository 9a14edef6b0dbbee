// One daemon by itself: it says when it serves, stops when it is told to and leaves nothing, ends
// with whoever started it, and says in one sentence why it does not start.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFileOf, keyFileOf } from '@planetary-mesh/peer'
import {
  childrenOf,
  folderOf,
  found,
  isServing,
  runFileOf,
  runOf,
  type Started,
  serveFrom,
  signerOf,
  start,
  writeIn,
} from './daemons.ts'

const TIMEOUT = { timeout: 60_000 }

/** Ends it by the signal and gives its exit code. */
async function stop({ child, ended }: Started, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal)
  const [code] = await ended
  return code
}

async function ask(name: string, path: string): Promise<Response> {
  const { url, token } = runOf(name).control
  return fetch(`${url}/v0/${path}`, { headers: { authorization: `Bearer ${token}` } })
}

/** Whether there is a process of that pid. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('it serves, says where, and after SIGTERM leaves nothing', TIMEOUT, async () => {
  await found('federation-1', ['ledger', 'witness', 'verifier'])
  const daemon = await serveFrom('federation-1')
  const run = runOf('federation-1')
  assert.equal(run.pid, daemon.child.pid)
  assert.equal(run.did, signerOf('federation-1').did)
  assert.match(run.addresses[0] ?? '', /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//)
  assert.equal(statSync(runFileOf('federation-1')).mode & 0o777, 0o600)
  const node = await (await ask('federation-1', 'node')).json()
  assert.deepEqual(Object(node).roles, ['ledger', 'witness', 'verifier'])
  const slots = childrenOf(run.pid)
  assert.ok(slots.length >= 1, 'the sandbox has a slot')
  assert.equal(await stop(daemon, 'SIGTERM'), 0)
  assert.equal(isServing('federation-1'), false)
  assert.deepEqual(slots.filter(isAlive), [])
  assert.equal(daemon.stderr().includes(run.control.token), false, 'no secret is logged')
  for (const line of daemon.lines) {
    assert.deepEqual([typeof line.level, line.name], ['string', 'federation-1'])
  }
})

test(
  'killed before anybody hears of the first anchor, it goes on from there',
  TIMEOUT,
  async () => {
    await found('crashing', ['ledger'], { name: 'federation-1' }, { key: 'federation-1' })
    const args = ['--config', configFileOf(folderOf('crashing'))]
    const killed = start('federation', [...args, '--kill-at', 'before-broadcast/log'])
    assert.deepEqual(await killed.ended, [null, 'SIGKILL'])
    assert.equal(killed.stderr().includes('charter in force'), false)
    const again = start('federation', args)
    await again.says('charter in force')
    await again.says('serving')
    const { log } = Object(await (await ask('crashing', 'node')).json())
    assert.equal(log.size, 1)
    assert.equal(await stop(again, 'SIGTERM'), 0)
  },
)

test('a second start on the same folder is refused; the first goes on', TIMEOUT, async () => {
  const name = 'federation-1'
  const first = await serveFrom(name, ['--role', 'ledger'])
  const second = start('federation', ['--config', configFileOf(folderOf(name))])
  assert.deepEqual(await second.ended, [1, null])
  assert.match(second.stderr(), /federation: STORE_LOCKED: .+\n {2}next: /)
  assert.equal(runOf(name).pid, first.child.pid)
  assert.equal((await ask(name, 'node')).status, 200)
  first.child.disconnect()
  assert.deepEqual(await first.ended, [0, null], 'it ends with whoever started it')
})

test('what is wrong with a configuration is one sentence, and exit code 2', TIMEOUT, async () => {
  await found('mesh-node-1', ['home'])
  writeIn('mesh-node-1', 'wrong.toml', 'name = "mesh-node-1"\n[limits]\nslots = "two"\n')
  const wrong = start('mesh-node', ['--config', join(folderOf('mesh-node-1'), 'wrong.toml')])
  assert.deepEqual(await wrong.ended, [2, null])
  assert.match(wrong.stderr(), /^mesh-node: .*wrong\.toml: \w+: .+\n {2}next: .+\n$/)
  const config = configFileOf(folderOf('mesh-node-1'))
  const other = start('mesh-node', ['--config', config, '--role', 'ledger'])
  assert.deepEqual(await other.ended, [2, null])
  assert.match(other.stderr(), /mesh-node does not serve 'ledger'/)
  const point = start('mesh-node', ['--config', config, '--kill-at', 'some-day'])
  assert.deepEqual(await point.ended, [2, null])
  const unknown = start('mesh-node', ['--colour'])
  assert.deepEqual(await unknown.ended, [2, null])
  assert.equal(isServing('mesh-node-1'), false)
})

test('a key that others may read is refused before anything is opened', TIMEOUT, async () => {
  const folder = folderOf('mesh-node-1')
  chmodSync(keyFileOf(folder), 0o644)
  const daemon = start('mesh-node', ['--config', configFileOf(folder)])
  assert.deepEqual(await daemon.ended, [1, null])
  assert.match(daemon.stderr(), /^mesh-node: KEY_FILE_REFUSED: /)
  assert.equal(existsSync(join(folder, 'store')), false)
  chmodSync(keyFileOf(folder), 0o600)
})

test('a port that is taken is refused with its address', TIMEOUT, async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const config = configFileOf(folderOf('mesh-node-1'))
  const places = [
    ['--listen', `/ip4/127.0.0.1/tcp/${port}`],
    ['--control-port', String(port)],
  ]
  for (const place of places) {
    const daemon = start('mesh-node', ['--config', config, ...place])
    assert.deepEqual(await daemon.ended, [1, null])
    assert.ok(
      daemon.stderr().includes(`mesh-node: EADDRINUSE: address already in use 127.0.0.1:${port}`),
    )
  }
  taken.close()
})

test('it ends when its parent is no longer the one that was named', TIMEOUT, async () => {
  const config = configFileOf(folderOf('mesh-node-1'))
  const orphan = start('mesh-node', ['--config', config, '--parent-pid', String(process.ppid)])
  assert.deepEqual(await orphan.ended, [0, null])
  assert.equal(orphan.lines.at(-1)?.message, 'stopping')
})

test('started without a flag of Node it stands in for a process that has it', TIMEOUT, async () => {
  const shim = start('mesh-node', ['--config', configFileOf(folderOf('mesh-node-1'))], [])
  await shim.says('serving')
  const { pid } = runOf('mesh-node-1')
  assert.notEqual(pid, shim.child.pid)
  assert.equal(await stop(shim, 'SIGINT'), 0)
  assert.equal(isAlive(pid), false)
  assert.equal(isServing('mesh-node-1'), false)
})
