// Four hosts with four networks and four disks. One founds a federation; the others join it by one
// command with a line of text, bid, and run a job. A host without a line hears nothing.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  configFileOf,
  keyFileOf,
  parseJoinLine,
  writeCharter,
  writeConfig,
  writeKeyFile,
} from '@planetary-mesh/peer'
import { Charter, open } from '@planetary-mesh/spec'
import { childrenOf, memoryOf } from '../../bench/process-times.ts'
import { seedOf, signerOf } from '../daemons/daemons.ts'
import { type Host, type Hosts, hostsForbidden, openHosts, type Started, soon } from './hosts.ts'

const ROOT = join(import.meta.dirname, '../..')
const NODE_BIN = join(ROOT, 'mesh-node/bin/mesh-node.js')
const SUM = join(ROOT, 'runtime/test/guests/sum.wasm')
const LABS = ['lab-1', 'lab-2', 'lab-3'] as const
const BALLOTS = 'yes\nno\nyes\n'
const MB = 1_000_000
const INPUT_BYTES = 50 * MB
const TIMEOUT = { timeout: 120_000 }

let hosts: Hosts
/** A line for each of the laboratories. */
let lines: readonly string[]
const joined = new Map<string, Started>()

const harbour = () => hosts.hosts[0] as Host
const lab = (name: string) => hosts.hosts.find((host) => host.name === name) as Host
const listenAt = ({ address }: Host) => `/ip4/${address}/tcp/4801`

/** What a command prints with --json; it must end with 0. */
async function json(host: Host, ...args: string[]) {
  const started = host.meshctl(...args, '--json')
  assert.equal(await started.ended, 0, started.stdout() + started.stderr())
  return JSON.parse(started.stdout())
}

/** What a process on the harbour has logged so far. */
function logOf(name: string): { message: string; from?: string; detail?: string }[] {
  const file = harbour().seenAs(join(hosts.disk, 'home/nodes', name, 'log.jsonl'))
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

describe('on hosts of their own', { skip: hostsForbidden() }, () => {
  before(async () => {
    hosts = await openHosts(['harbour', ...LABS])
    const { address } = harbour()
    const listen = `/ip4/${address}/tcp/0`
    const size = ['--nodes', '1', '--federation', '1']
    await json(harbour(), 'up', ...size, '--listen', listen, '--detach')
    const invited = LABS.map(() => json(harbour(), 'federation', 'invite', '--expires', '10m'))
    lines = (await Promise.all(invited)).map(({ line }) => line)
  }, TIMEOUT)
  after(() => hosts?.[Symbol.asyncDispose](), TIMEOUT)

  test('no host sees the disk of another', () => {
    const home = join(hosts.disk, 'home')
    assert.ok(existsSync(harbour().seenAs(home)))
    assert.equal(existsSync(lab('lab-1').seenAs(home)), false)
    assert.equal(existsSync(home), false)
  })

  test('a host that finds the federation but was not invited is no member', TIMEOUT, async () => {
    const host = lab('lab-3')
    // the door is open for somebody else, who has this line
    const [line = ''] = lines
    const folder = join(hosts.disk, 'mallory')
    await foundStranger(host, folder, parseJoinLine(line))
    const stranger = host.start(NODE_BIN, '--config', configFileOf(folder))
    await stranger.saw('"serving"')
    const { did } = signerOf('mallory')
    await soon(
      () => logOf('federation-1').some(({ message }) => message === 'a stranger was refused'),
      'the stranger to be refused',
    )
    stranger.child.kill('SIGTERM')
    assert.equal(await stranger.ended, 0, stranger.stderr())
    assert.doesNotMatch(stranger.stderr(), /charter in force/)
    assert.equal(
      logOf('mesh-node-1').some(({ from }) => from === did),
      false,
    )
  })

  test('each of three hosts joins by one command', TIMEOUT, async () => {
    const joining = LABS.map(async (name, at) => {
      const host = lab(name)
      const words = [
        '--join',
        lines[at] ?? '',
        '--name',
        name,
        '--listen',
        listenAt(host),
        '--json',
      ]
      const node = host.meshctl('node', 'start', ...words)
      joined.set(name, node)
      await node.saw('"started"')
    })
    await Promise.all(joining)
    const members = () =>
      logOf('mesh-node-1').filter(({ message }) => message === 'member connected')
    await soon(() => new Set(members().map(({ from }) => from)).size === 4, 'all to be connected')
    const { nodes } = await json(harbour(), 'list-nodes')
    const shown = nodes.map(({ name, state }: Record<string, string>) => `${name} ${state}`)
    const labs = LABS.map((name) => `${name} online`)
    assert.deepEqual(shown.sort(), ['federation-1 online', ...labs, 'mesh-node-1 self'])
  })

  test('a host that joined bids, runs the job, and its receipt verifies', TIMEOUT, async () => {
    const ballots = join(hosts.disk, 'ballots')
    writeFileSync(harbour().seenAs(ballots), BALLOTS)
    const asked = ['--wasm', SUM, '--input', ballots, '--arg', '/in/ballots']
    const submitted = await json(harbour(), 'submit-job', ...asked, '--description', 'sum')
    const [{ job }] = submitted.jobs
    const accepted = await acceptFrom('lab-2', job)
    assert.deepEqual([accepted.outcome, accepted.exitCode], ['exited', 0])
    assert.deepEqual([accepted.anchored.mark, accepted.verified.mark], ['✓', '✓'])
    // read from a third host, over its own node and its own copy of the log
    const proof = await json(lab('lab-3'), 'verify', job)
    assert.deepEqual([proof.ok, proof.replayed.done], [true, true])
    assert.deepEqual([proof.receipt, proof.trusted.charterFrom], [accepted.receipt, 'home'])
  })

  test('a big input crosses once, and fits into the memory of each', TIMEOUT, async () => {
    const measurements = join(hosts.disk, 'measurements')
    writeFileSync(harbour().seenAs(measurements), bigInput())
    const asked = ['--wasm', SUM, '--input', measurements, '--arg', '/in/measurements']
    const crossed: number[] = []
    for (const description of ['the first job', 'a second one']) {
      const before = receivedBytes(lab('lab-2'))
      const submitted = await json(harbour(), 'submit-job', ...asked, '--description', description)
      const [{ job }] = submitted.jobs
      const accepted = await acceptFrom('lab-2', job)
      assert.equal(accepted.verified.mark, '✓')
      crossed.push(receivedBytes(lab('lab-2')) - before)
    }
    const [first = 0, second = 0] = crossed
    assert.ok(first > INPUT_BYTES, `${first} bytes came with the first job`)
    assert.ok(second < INPUT_BYTES / 100, `${second} bytes came with the second job`)
    for (const { name, pid } of everyProcess()) {
      const peak = memoryOf(pid, 'VmHWM')
      assert.ok(peak < 3 * INPUT_BYTES + 300 * MB, `${name}: ${Math.round(peak / MB)} MB`)
    }
  })
})

/** Bytes that repeat nowhere: no two blocks of the file are the same. */
function bigInput(): Uint8Array {
  const words = new Uint32Array(INPUT_BYTES / 4)
  for (let at = 0, word = 1; at < words.length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0
    words[at] = word
  }
  return new Uint8Array(words.buffer)
}

/** What came over the wire to a host since it is there. */
function receivedBytes(host: Host): number {
  const [, bytes] = /^ *eth0: *(\d+)/m.exec(host.interfaces()) ?? []
  return Number(bytes)
}

/** Waits for the bid of that node and takes it. */
async function acceptFrom(node: string, job: string) {
  const bidders: string[] = []
  while (!bidders.includes(node)) {
    const { bids } = await json(harbour(), 'get-bids', '--job-id', job)
    bidders.splice(0, Number.POSITIVE_INFINITY, ...bids.map((bid: { node: string }) => bid.node))
  }
  return json(harbour(), 'accept-bid', '--job-id', job, '--node-id', node)
}

/** All that serve, by what they wrote into their folders, and the slots of their sandboxes. */
function everyProcess(): { name: string; pid: number }[] {
  const nodes = join(hosts.disk, 'home/nodes')
  return hosts.hosts.flatMap((host) =>
    readdirSync(host.seenAs(nodes)).flatMap((name) => {
      const run = JSON.parse(readFileSync(host.seenAs(join(nodes, name, 'run.json')), 'utf8'))
      return [run.pid, ...childrenOf(run.pid)].map((pid: number) => ({ name, pid }))
    }),
  )
}

/** A process with all that is public of the federation, and a key that is not in its charter. */
async function foundStranger(
  host: Host,
  folder: string,
  { genesis, writer, address }: ReturnType<typeof parseJoinLine>,
): Promise<void> {
  const here = host.seenAs(folder)
  mkdirSync(here, { mode: 0o700 })
  const block = readFileSync(harbour().seenAs(join(hosts.disk, 'home/charter.dag-cbor')))
  await writeCharter(here, open(Charter, Uint8Array.from(block), { cid: genesis }))
  await writeKeyFile(keyFileOf(here), seedOf('mallory'))
  await writeConfig(configFileOf(here), {
    name: 'mallory',
    roles: ['home', 'executor'],
    genesis: `${genesis}`,
    writer,
    listen: [listenAt(host)],
    bootstrap: [address],
    limits: { slots: 1, memory_mib: 1024, cores: 1 },
  })
}
