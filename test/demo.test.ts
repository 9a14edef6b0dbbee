/**
 * The demo as a new user runs it, the file it leaves as a stranger checks it, and what becomes of
 * both when somebody lies or alters a byte.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Car, readCar, writeCar } from '@planetary-mesh/peer'
import { attempt, type Block, type CID, openAny, Refusal } from '@planetary-mesh/spec'
import { awaitPids, gone, pidsOf } from '../meshctl/test/processes.ts'
import { runHere } from '../meshctl/test/run-here.ts'
import { MESHCTL } from '../meshctl/test/start-meshctl.ts'
import { judge } from './attacks/judge.ts'
import { writeSmallExample } from './small-example.ts'

const ROOT = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'mesh-demo-test-'))
after(() => rmSync(work, { recursive: true, force: true }))

const CAR = join(work, 'demo.car')
const ENV = { PATH: process.env.PATH, HOME: work, npm_config_update_notifier: 'false' }
/** As the bins do in a checkout. */
const COMPILED = join(ROOT, 'node_modules/.cache/node-compile')

/** In a process of its own, as a person would. */
function meshctl(...args: string[]) {
  const options = { encoding: 'utf8', cwd: work, env: ENV, timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [...MESHCTL, ...args], options)
  return { status, stdout, stderr }
}

/** In this process: the same code behind the same arguments. */
const here = (...args: string[]) => runHere(args)

let demo: { status: number | null; stdout: string; stderr: string }
let car: Car
let receipt: CID
let charter: CID

before(async () => {
  demo = spawnSync('npm', ['run', '--silent', 'demo', '--', '--out', CAR], {
    encoding: 'utf8',
    cwd: ROOT,
    env: ENV,
    timeout: 120_000,
  })
  assert.equal(demo.status, 0, demo.stdout + demo.stderr)
  car = await readCar(CAR)
  ;[receipt, , charter] = car.roots as [CID, CID, CID]
})

test('npm run demo shows bids, choice, progress, both marks, the charge and the result', () => {
  const lines = [
    /^Job submitted successfully$/,
    /^Job ID: bafyrei\w+$/,
    /^Node ID {9}Bid {6}Est\. Time {5}Reputation {4}Location$/,
    /^-{64}$/,
    /^mesh-node-1 {5}\d+ +\d+s +50 +eu-north$/,
    /^mesh-node-2 {5}80 +\d+s +50 +us-east$/,
    /^mesh-node-3 {5}\d+ +\d+s +50 +eu-west$/,
    /^Chosen by the rule price 35 %, resources 15 %, reputation 40 %, timeliness 10 %:$/,
    /^ {2}mesh-node-2 \([\d,]+\), before mesh-node-\d \([\d,]+\), mesh-node-\d \([\d,]+\)$/,
    /^Bid accepted successfully$/,
    /^Job execution progress:$/,
    /^Status: Assigned$/,
    /^Status: Running$/,
    /^Status: Completed$/,
    new RegExp(`^Receipt CID: ${receipt}$`),
    /^Receipt anchored to DAG ✓$/,
    /^Receipt verified by federation ✓$/,
    /^Held +100 units$/,
    /^Charged +2 units, earned by mesh-node-2 \([\d,]+ fuel\)$/,
    /^Released +98 units$/,
    /^Result bafy\w+$/,
    /^220,000 ballots of \d+ members on 440 proposals$/,
    /^2020-Q1 .+ █+$/,
    /^A +\d+ +[\d.]+ % +M-\d{4}/,
    /^ {2}npx meshctl verify bafyrei\w+ --from .+ --charter bafyrei\w+$/,
  ]
  const said = demo.stdout.split('\n')
  let at = 0
  for (const line of lines) {
    const found = said.findIndex((text, index) => index >= at && line.test(text))
    assert.ok(found >= at, `${line} after line ${at} of\n${demo.stdout}`)
    at = found + 1
  }
  assert.equal(demo.stderr, '')
})

test('the command that the demo prints checks its file from another process', () => {
  const [, args = ''] = /npx meshctl (verify .+)/.exec(demo.stdout) ?? []
  const { status, stdout, stderr } = meshctl(...args.split(' '))
  assert.deepEqual([status, stderr], [0, ''])
  for (const verb of ['open', 'link', 'belong', 'account', 'replay']) {
    assert.match(stdout, new RegExp(`^ {2}${verb} +ok`, 'm'))
  }
  assert.match(stdout, /replay +ok: the job run again gave the same result/)
  assert.match(stdout, /^Receipt anchored to DAG ✓\nReceipt verified by federation ✓$/m)
  // what was trusted comes first, what was not established last
  assert.ok(stdout.startsWith(`Trusted\n  charter     ${charter} (given with --charter)\n`), stdout)
  assert.match(stdout, /Not established\n {2}who .+\n {2}wall-clock .+\n {2}that the inputs .+\n$/)
})

test('without a pinned charter verify says that the file itself named it', async () => {
  const { status, stdout } = await here('verify', '--from', CAR, '--no-replay')
  assert.equal(status, 0)
  assert.match(stdout, /named by the file itself/)
  assert.match(stdout, /Whoever made the file chose this charter/)
  assert.match(stdout, /that the module gives this result: not run here, as --no-replay asked/)
})

test('a charter pinned in the home counts, and another one than the file follows is ✗', async () => {
  const home = join(work, 'home')
  mkdirSync(home, { recursive: true })
  const pin = (cid: CID) => writeFileSync(join(home, 'genesis.cid'), `${cid}\n`)
  const verify = async () => {
    const args = ['verify', '--from', CAR, '--no-replay', '--json']
    const { status, stdout } = await runHere(args, { meshHome: home })
    return { status, ...JSON.parse(stdout) }
  }
  pin(charter)
  const own = await verify()
  assert.deepEqual([own.status, own.ok, own.trusted.charterFrom], [0, true, 'home'])
  pin(receipt)
  const other = await verify()
  assert.deepEqual([other.status, other.ok], [1, false])
  assert.equal(other.anchored.mark, '✗')
  assert.equal(other.verified.mark, '✗')
})

test('verify --json names both marks, the verdicts and the witnesses', async () => {
  const { status, stdout } = await here(
    'verify',
    `${receipt}`.slice(0, 20),
    '--from',
    CAR,
    '--json',
  )
  const report = JSON.parse(stdout)
  assert.equal(status, 0)
  assert.deepEqual(
    [report.ok, report.receipt, report.anchored.mark, report.verified.mark],
    [true, `${receipt}`, '✓', '✓'],
  )
  assert.deepEqual(report.replayed, { done: true, reason: null })
  assert.deepEqual(report.verbs, { open: [], link: [], belong: [], account: [], replay: [] })
  assert.ok(report.valid.length >= 2)
  assert.equal(report.invalid.length, 0)
  const witnesses = report.cosigned.map(({ name }: { name: string }) => name).sort()
  assert.deepEqual(witnesses, ['federation-1', 'federation-2', 'federation-3'])
})

test('receipt show gives the fields of S1 by the job or the receipt, derived ones marked', async () => {
  const job = /^Job ID: (\w+)$/m.exec(demo.stdout)?.[1] as string
  const { status, stdout } = await here('receipt', 'show', job, '--from', CAR)
  assert.equal(status, 0)
  for (const line of [
    new RegExp(`^  Job ID +${job}$`, 'm'),
    /^ {2}Executor node ID +mesh-node-2 \(derived\)$/m,
    /^ {2}Executor DID +did:key:z\w+$/m,
    /^ {2}outcome +exited with 0$/m,
    /^ {2}fuel +[\d,]+$/m,
    /^ {2}charged \(derived\) +2 of 100 held$/m,
    /^ {2}started +\d{4}-\d\d-\d\dT/m,
    new RegExp(`^  Receipt CID +${receipt}$`, 'm'),
    /^ {2}anchor \(derived\) +✓ in anchor bafyrei\w+$/m,
    /^ {2}Federation verification status \(derived\) +✓ \d valid, 0 invalid/m,
  ]) {
    assert.match(stdout, line)
  }
  const shown = await here('receipt', 'show', `${receipt}`, '--from', CAR, '--json')
  assert.equal(JSON.parse(shown.stdout).job, job)
  // the file itself says which receipt it is about
  assert.deepEqual(await here('receipt', 'show', '--from', CAR, '--json'), shown)
  const none = await here('receipt', 'show')
  assert.deepEqual([none.status, none.stdout], [2, ''])
  assert.match(none.stderr, /which receipt\?\n.*--from CAR/)
})

test('get reads the result out of the file by the CID in the receipt', async () => {
  const shown = await here('receipt', 'show', `${receipt}`, '--from', CAR, '--json')
  const { output } = JSON.parse(shown.stdout).result
  const got = await here('get', output.cid, '--from', CAR, '-o', join(work, 'result'))
  assert.equal(got.status, 0, got.stderr)
  assert.match(got.stdout, /^report\.txt .+\nsummary\.json .+\n$/)
  assert.equal(JSON.parse(readFileSync(join(work, 'result/summary.json'), 'utf8')).ballots, 220_000)
})

/** The blocks of the demo's file that are records of one kind. */
function recordsOf(kind: string): Block[] {
  return [...car.blocks.values()].filter((block) => {
    const record = attempt(() => openAny(block.bytes, { cid: block.cid }))
    return !(record instanceof Refusal) && record.kind === kind
  })
}

/** The demo's file with one bit of one block turned. */
async function withFlippedBit(block: Block): Promise<string> {
  const bytes = Uint8Array.from(block.bytes)
  const at = bytes.length >> 1
  bytes[at] = (bytes[at] as number) ^ 1
  const blocks = new Map(car.blocks).set(`${block.cid}`, { cid: block.cid, bytes })
  const path = join(work, 'tampered.car')
  await writeCar(path, car.roots, blocks.values())
  return path
}

for (const kind of ['charter', 'token', 'manifest', 'decision', 'lease', 'receipt', 'verdict']) {
  test(`one turned bit in the ${kind} makes the mark ✗ and the exit code 1`, async () => {
    const [block] = recordsOf(kind)
    assert.ok(block)
    const tampered = await withFlippedBit(block)
    const { exit, verified, codes } = await judge(tampered, charter)
    assert.deepEqual([exit, verified.mark], [1, '✗'])
    assert.ok(codes.includes('BLOCK_CID_MISMATCH'))
  })
}

test('the mark of an altered record says its code, and what is wrong is under its verb', async () => {
  const [block] = recordsOf('receipt')
  assert.ok(block)
  const tampered = await withFlippedBit(block)
  const { status, stdout } = await here('verify', '--from', tampered, '--charter', `${charter}`)
  assert.equal(status, 1)
  assert.match(stdout, /^Receipt verified by federation ✗ {2}[A-Z_]+: /m)
  assert.match(stdout, /^ {2}open +BLOCK_CID_MISMATCH /m)
})

test('one turned bit anywhere in the file is found: files, entries, header', async () => {
  const blocks = [...car.blocks.values()]
  const others = blocks.filter((_, index) => index % Math.ceil(blocks.length / 3) === 1)
  for (const block of others) {
    const tampered = await withFlippedBit(block)
    const { exit, verified } = await judge(tampered, charter, ['--no-replay'])
    assert.deepEqual([exit, verified.mark], [1, '✗'], `${block.cid}`)
  }
  const bytes = readFileSync(CAR)
  for (const at of [20, 120]) {
    const altered = Uint8Array.from(bytes)
    altered[at] = (altered[at] as number) ^ 1
    writeFileSync(join(work, 'header.car'), altered)
    const { status, stdout } = await here('verify', '--from', join(work, 'header.car'), '--json')
    assert.equal(status, 1, `byte ${at}`)
    const { ok = false, error } = JSON.parse(stdout)
    assert.ok(ok === false && (error === undefined || typeof error.code === 'string'))
  }
})

test('a file without its end, and one that is no file of blocks, say so with a code', async () => {
  const cut = join(work, 'cut.car')
  writeFileSync(cut, readFileSync(CAR).subarray(0, 5000))
  const { status, stdout } = await here('verify', '--from', cut, '--json')
  assert.equal(status, 1)
  assert.match(JSON.parse(stdout).error.code, /^[A-Z_]+$/)
  writeFileSync(join(work, 'text.car'), 'no blocks\n')
  const text = await here('verify', '--from', join(work, 'text.car'))
  assert.equal(text.status, 1)
  assert.match(text.stderr, /FILE_MALFORMED/)
})

const smallExample = () => writeSmallExample(join(work, 'small'))

test('a program whose module nobody has is refused with what is missing', async () => {
  const folder = smallExample()
  rmSync(join(folder, 'sum.wasm'))
  const { status, stdout } = await here('demo', '--example', folder, '--json')
  assert.equal(status, 1)
  assert.equal(JSON.parse(stdout).error.code, 'BLOCK_MISSING')
})

/** `npm run demo` on a small example, with temporary files of its own to know its processes by. */
async function startNpm(name: string) {
  const folder = join(work, name)
  mkdirSync(folder)
  const out = join(folder, 'demo.car')
  const args = ['run', '--silent', 'demo', '--', '--example', smallExample(), '--out', out]
  // npm makes a cache in TMPDIR if it is not told where one is
  const env = { ...ENV, TMPDIR: folder, NODE_COMPILE_CACHE: COMPILED }
  const child = spawn('npm', args, { cwd: ROOT, env, stdio: 'ignore', detached: true })
  // two processes of the mesh are there, and others are being started
  await awaitPids(join(folder, 'planetary-mesh-demo-'), 2)
  // npm and meshctl themselves name the folder, too
  return { child, folder, pids: pidsOf(folder) }
}

for (const [who, kill] of [
  ['npm alone is terminated', ({ pid }: ChildProcess) => process.kill(pid as number, 'SIGTERM')],
  ['Ctrl-C ends them all', ({ pid }: ChildProcess) => process.kill(-(pid as number), 'SIGINT')],
] as const) {
  test(`the demo leaves no process and no key behind when ${who}`, {
    timeout: 90_000,
  }, async () => {
    const { child, folder, pids } = await startNpm(`orphans-${who.length}`)
    kill(child)
    await gone(pids)
    assert.deepEqual(pidsOf(folder), [])
    assert.deepEqual(readdirSync(folder, { recursive: true }), [])
  })
}
