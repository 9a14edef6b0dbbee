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
import { type DemoOptions, runDemo } from '@planetary-mesh/meshctl'
import { type Car, readCar, writeCar } from '@planetary-mesh/peer'
import { attempt, type Block, type CID, encodeFile, openAny, Refusal } from '@planetary-mesh/spec'
import { awaitPids, gone, pidsOf } from '../meshctl/test/processes.ts'
import { MESHCTL } from '../meshctl/test/start-meshctl.ts'
import { judge } from './attacks/judge.ts'

const ROOT = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'mesh-demo-test-'))
after(() => rmSync(work, { recursive: true, force: true }))

const CAR = join(work, 'demo.car')
const ENV = { PATH: process.env.PATH, HOME: work, npm_config_update_notifier: 'false' }

function meshctl(...args: string[]) {
  const options = { encoding: 'utf8', cwd: work, env: ENV, timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [...MESHCTL, ...args], options)
  return { status, stdout, stderr }
}

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

test('without a pinned charter verify says that the file itself named it', () => {
  const { status, stdout } = meshctl('verify', '--from', CAR, '--no-replay')
  assert.equal(status, 0)
  assert.match(stdout, /named by the file itself/)
  assert.match(stdout, /Whoever made the file chose this charter/)
  assert.match(stdout, /that the module gives this result: not run here, as --no-replay asked/)
})

test('a charter pinned in the home counts, and another one than the file follows is ✗', () => {
  const home = join(work, 'home')
  mkdirSync(home, { recursive: true })
  const pin = (cid: CID) => writeFileSync(join(home, 'genesis.cid'), `${cid}\n`)
  const verify = () => {
    const args = [...MESHCTL, 'verify', '--from', CAR, '--no-replay', '--json']
    const env = { ...ENV, PLANETARY_MESH_HOME: home }
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env })
    return { status, ...JSON.parse(stdout) }
  }
  pin(charter)
  const own = verify()
  assert.deepEqual([own.status, own.ok, own.trusted.charterFrom], [0, true, 'home'])
  pin(receipt)
  const other = verify()
  assert.deepEqual([other.status, other.ok], [1, false])
  assert.equal(other.anchored.mark, '✗')
  assert.equal(other.verified.mark, '✗')
})

test('verify --json names both marks, the verdicts and the witnesses', () => {
  const { status, stdout } = meshctl('verify', `${receipt}`.slice(0, 20), '--from', CAR, '--json')
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

test('receipt show gives the fields of S1 by the job or the receipt, derived ones marked', () => {
  const job = /^Job ID: (\w+)$/m.exec(demo.stdout)?.[1] as string
  const { status, stdout } = meshctl('receipt', 'show', job, '--from', CAR)
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
  const shown = meshctl('receipt', 'show', `${receipt}`, '--from', CAR, '--json')
  assert.equal(JSON.parse(shown.stdout).job, job)
})

test('get reads the result out of the file by the CID in the receipt', () => {
  const shown = meshctl('receipt', 'show', `${receipt}`, '--from', CAR, '--json')
  const { output } = JSON.parse(shown.stdout).result
  const got = meshctl('get', output.cid, '--from', CAR, '-o', join(work, 'result'))
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
  const { status, stdout } = meshctl('verify', '--from', tampered, '--charter', `${charter}`)
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
    const { status, stdout } = meshctl('verify', '--from', join(work, 'header.car'), '--json')
    assert.equal(status, 1, `byte ${at}`)
    const { ok = false, error } = JSON.parse(stdout)
    assert.ok(ok === false && (error === undefined || typeof error.code === 'string'))
  }
})

test('a file without its end, and one that is no file of blocks, say so with a code', () => {
  const cut = join(work, 'cut.car')
  writeFileSync(cut, readFileSync(CAR).subarray(0, 5000))
  const { status, stdout } = meshctl('verify', '--from', cut, '--json')
  assert.equal(status, 1)
  assert.match(JSON.parse(stdout).error.code, /^[A-Z_]+$/)
  writeFileSync(join(work, 'text.car'), 'no blocks\n')
  const text = meshctl('verify', '--from', join(work, 'text.car'))
  assert.equal(text.status, 1)
  assert.match(text.stderr, /FILE_MALFORMED/)
})

/** A job of a few thousand instructions, for what must be run more than once. */
function smallExample(): string {
  const folder = join(work, 'small')
  mkdirSync(folder, { recursive: true })
  const wasm = readFileSync(join(ROOT, 'runtime/test/guests/sum.wasm'))
  const input = new TextEncoder().encode('a few bytes\n')
  writeFileSync(join(folder, 'sum.wasm'), wasm)
  writeFileSync(join(folder, 'numbers.txt'), input)
  writeFileSync(
    join(folder, 'job.ccl'),
    `execution {
  submit_job(
    wasm_cid: "${encodeFile(wasm).cid}",
    description: "Add up some bytes",
    resource_type: "compute",
    resource_amount: 10,
    priority: "high",
    inputs: { "numbers.txt": "${encodeFile(input).cid}" },
    args: ["numbers.txt", "/out/copy.txt"]
  );
}
`,
  )
  return folder
}

async function smallDemo(over: Pick<DemoOptions, 'tamper'> = {}) {
  const said: string[] = []
  const exit = await runDemo({
    example: smallExample(),
    out: join(work, 'small.car'),
    json: true,
    print: (text) => said.push(text),
    ...over,
  })
  return { exit, report: JSON.parse(said.join('')) }
}

test('any example can be shown, and a block altered on its way to the reader costs the marks', async () => {
  const altered: string[] = []
  const { exit, report } = await smallDemo({
    tamper: (block) => {
      const record = attempt(() => openAny(block.bytes, { cid: block.cid }))
      if (record instanceof Refusal || record.kind !== 'bid') return block
      altered.push(`${block.cid}`)
      const bytes = Uint8Array.from(block.bytes)
      bytes[40] = (bytes[40] as number) ^ 1
      return { cid: block.cid, bytes }
    },
  })
  assert.ok(altered.length > 0)
  assert.deepEqual([exit, report.ok], [1, false])
  assert.equal(report.verification.verified.code, 'BLOCK_CID_MISMATCH')
  // the file itself is whole: it was the reader who was lied to
  const { status, stdout } = meshctl('verify', '--from', join(work, 'small.car'), '--json')
  assert.deepEqual([status, JSON.parse(stdout).ok], [0, true])
  assert.equal(report.state, 'verified')
  assert.deepEqual(report.status, ['Assigned', 'Running', 'Completed'])
  assert.equal(report.selection.winner, 'mesh-node-2')
})

test('with two of three verifiers stopped the demo fails at "verified"', () => {
  const stop = 'federation-2,federation-3'
  const ended = meshctl('demo', '--example', smallExample(), '--stop', stop, '--json')
  const { status, stdout, stderr } = ended
  assert.equal(status, 1, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.ok, false)
  const { anchored, verified } = report.verification
  assert.deepEqual([anchored.mark, verified.mark], ['✓', '…'])
  assert.match(stderr, /^meshctl: the demo stopped at "verified": 1 of 2 verdicts, and no other/)
  assert.equal(report.charged, null)
})

test('a winner that seals its receipt with another key fails the demo at the receipt', () => {
  const extra = 'mesh-node-2=--seal-receipts-with-another-key'
  const ended = meshctl('demo', '--example', smallExample(), '--extra', extra, '--json')
  assert.equal(ended.status, 1, ended.stderr)
  const { code, detail } = JSON.parse(ended.stdout).error
  assert.equal(code, 'RECEIPT_UNKNOWN')
  assert.match(detail, /^the demo stopped at the receipt: no receipt of mesh-node-2 that/)
})

test('a program whose module nobody has is refused with what is missing', async () => {
  const folder = smallExample()
  rmSync(join(folder, 'sum.wasm'))
  const { status, stdout } = meshctl('demo', '--example', folder, '--json')
  assert.equal(status, 1)
  assert.equal(JSON.parse(stdout).error.code, 'BLOCK_MISSING')
})

/** `npm run demo` on a small example, with temporary files of its own to know its processes by. */
async function startNpm(name: string) {
  const folder = join(work, name)
  mkdirSync(folder)
  const out = join(folder, 'demo.car')
  const args = ['run', '--silent', 'demo', '--', '--example', smallExample(), '--out', out]
  // npm keeps a cache of its own in TMPDIR if it is not told where
  const env = { ...ENV, TMPDIR: folder, NODE_COMPILE_CACHE: join(work, 'compiled') }
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
