/** A job's whole life by the commands of S1, over HTTP to real roles and a real sandbox. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import { Manifest, open, parseCid, type Sandbox } from '@planetary-mesh/spec'
import { alice, FEDERATION, nameOf } from '../../test/mesh/people.ts'
import { type JobsStage, openJobsStage } from './jobs-stage.ts'
import { guest } from './start-meshctl.ts'

let stage: JobsStage
let sandbox: Sandbox
let job: string

before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  stage = await openJobsStage({ sandbox })
})
after(async () => {
  await stage[Symbol.asyncDispose]()
  await sandbox.close()
})

test('S1-7 submit-job prints the words of S1 and an id that opens as her signed manifest', async () => {
  const module = stage.write('example.wasm', readFileSync(guest('echo')))
  const { status, stdout, stderr } = await stage.run(
    ...['submit-job', '--wasm', module, '--description', 'Data analysis'],
    ...['--resource-amount', '500', '--arg', '0'],
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^Job submitted successfully\nJob ID: bafyrei[a-z2-7]{52}\n$/)
  job = stdout.slice(-60, -1)
  const cid = parseCid(job.trim())
  job = `${cid}`
  const { author, body } = open(Manifest, await stage.client.block(cid), { cid })
  assert.equal(author, alice.did)
  assert.equal(body.module.bytes, readFileSync(module).length)
  assert.deepEqual([body.amount, body.resourceType, body.scope], [500, 'compute', 'default'])
  assert.deepEqual([body.priority, body.chooser, body.deadlineMs], ['medium', 'submitter', 600_000])
})

test('S1-8 get-bids prints the columns of S1', async () => {
  await stage.mesh.until('the bids', async () =>
    (await stage.client.bids(parseCid(job))).closed ? true : undefined,
  )
  const { stdout } = await stage.run('get-bids', '--job-id', job)
  assert.equal(
    stdout,
    [
      '',
      'Node ID         Bid      Est. Time     Reputation    Location',
      '----------------------------------------------------------------',
      'bruno           475      500s          50',
      'chiara          400      500s          50',
      'gita            450      500s          50',
      '',
    ].join('\n'),
  )
})

test('accept-bid of a node that has not bid, or of nobody, changes nothing', async () => {
  const federation = await stage.run('accept-bid', '--job-id', job, '--node-id', 'dora')
  assert.equal(federation.status, 1)
  assert.match(federation.stderr, /^meshctl: BID_UNKNOWN: .*bruno, chiara, gita\)\n {2}next: /)
  const nobody = await stage.run('accept-bid', '--job-id', job, '--node-id', 'zoe')
  assert.equal(nobody.status, 2)
  assert.match(nobody.stderr, /nobody is called 'zoe'/)
  assert.equal((await stage.client.job(parseCid(job))).status.state, 'bidding')
})

test('S1-9 accept-bid prints the progress of S1, and its check marks after its own check', async () => {
  const { status, stdout, stderr } = await stage.run(
    ...['accept-bid', '--job-id', job, '--node-id', 'chiara'],
  )
  const [, receipt = ''] = /^Receipt CID: (bafyrei\w{52})$/m.exec(stdout) ?? []
  assert.equal(
    stdout,
    [
      'Bid accepted successfully',
      '',
      'Job execution progress:',
      'Status: Assigned',
      'Status: Running',
      'Status: Completed',
      `Receipt CID: ${receipt}`,
      'Receipt anchored to DAG ✓',
      'Receipt verified by federation ✓',
      '',
    ].join('\n'),
    stderr,
  )
  assert.equal(status, 0)
  assert.deepEqual(stage.mesh.machine('chiara').runs, [job])
  assert.deepEqual(stage.mesh.machine('gita').runs, [])
})

test('job-status, by the beginning of the id, shows the same marks', async () => {
  const { status, stdout } = await stage.run('job-status', '--job-id', job.slice(0, 20))
  assert.equal(status, 0)
  assert.match(stdout, /^Job ID: bafyrei.*\nDescription: Data analysis\nStatus: Completed\n/)
  assert.match(stdout, /anchored to DAG ✓\nReceipt verified by federation ✓\n$/)
  const shown = await stage.json('job-status', '--job-id', job)
  assert.deepEqual(
    [shown.job, shown.word, shown.status.state, shown.verified.mark, shown.ledgerAway],
    [job, 'Completed', 'verified', '✓', false],
  )
})

test('list-jobs lists it, shortened in the table and whole in --json', async () => {
  const { stdout } = await stage.run('list-jobs')
  const [title, dashes, row] = stdout.split('\n')
  assert.match(title as string, /^Job ID {13}Status {5}Amount {2}Submitted {13}Description$/)
  assert.match(dashes as string, /^-+$/)
  assert.match(row as string, /^bafyrei\w{3}…\w{6} {2}Completed {2}500 .* Data analysis$/)
  const { jobs, more } = await stage.json('list-jobs', '--mine')
  assert.deepEqual([jobs.length, jobs[0].job, more], [1, job, false])
})

test('logs gives what the guest wrote, each on its own stream', async () => {
  const { status, stdout, stderr } = await stage.run('logs', '--job-id', job)
  assert.deepEqual([status, stdout, stderr], [0, 'arg 0: job\narg 1: 0\n', 'done\n'])
  const { stdout: text } = await stage.json('logs', '--job-id', job)
  assert.equal(text, 'arg 0: job\narg 1: 0\n')
})

test('verify and receipt show read the mesh, from another store than the executor has', async () => {
  const verified = await stage.run('verify', job)
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
  assert.match(verified.stderr, /^read from the store of bruno, through bruno\n/)
  assert.match(verified.stdout, /^Trusted\n {2}charter .*pinned in your home/)
  assert.match(verified.stdout, /the job run again gave the same result/)
  assert.match(verified.stdout, /Not established\n/)
  const { stdout } = await stage.run('receipt', 'show', job)
  assert.match(stdout, /^ {2}Executor node ID +chiara \(derived\)$/m)
  assert.match(stdout, /^ {2}Federation verification status \(derived\) +✓ /m)
})

test('token list and show say what the log says of her units', async () => {
  const { tokens } = await stage.json('token', 'list')
  const [{ token, amount, free, held, spent }] = tokens
  assert.deepEqual(
    [amount, held, free + spent, token],
    [10_000, 0, 10_000, `${stage.mesh.token.cid}`],
  )
  assert.ok(spent >= 1)
  const { stdout } = await stage.run('token', 'show', token.slice(0, 12))
  assert.match(stdout, /^Left +9,\d{3}$/m)
  assert.equal((await stage.run('token', 'show', 'bafyreizzzzzz')).status, 1)
})

test('--auto --wait needs nobody, and result writes the files, never over what is there', async () => {
  const out = stage.path('out')
  const ran = await stage.json(
    ...['submit-job', '--wasm', guest('files'), '--description', 'files', '--auto', '--wait'],
    ...['--input', `note.txt=${stage.write('given.txt', 'hello\n')}`],
  )
  const [{ job: id, chooser, ended, inputs }] = ran.jobs
  assert.equal(chooser, 'home')
  assert.deepEqual([inputs[0].name, inputs[0].bytes], ['note.txt', 6])
  assert.deepEqual([ended.ok, ended.verified.mark, ended.state], [true, '✓', 'verified'])
  assert.deepEqual(ended.words, ['Assigned', 'Running', 'Completed'])
  const listed = await stage.run('result', '--job-id', id)
  assert.equal(listed.stdout, 'a/hard  3 bytes\na/two  3 bytes\n')
  assert.equal((await stage.run('result', '--job-id', id, '-o', out)).status, 0)
  assert.equal(readFileSync(`${out}/a/two`, 'utf8').length, 3)
  const again = await stage.run('result', '--job-id', id, '-o', out)
  assert.equal(again.status, 2)
  assert.match(again.stderr, /is already there\n {2}next: .*--force/)
  assert.equal((await stage.run('result', '--job-id', id, '-o', out, '--force')).status, 0)
})

test('submit-job says it where nobody else keeps the files, and what to do', async () => {
  const words = ['submit-job', '--wasm', guest('echo'), '--description', 'kept', '--arg', '0']
  const kept = await stage.run(...words)
  assert.deepEqual([kept.status, /keeps the files/.test(kept.stderr)], [0, false], kept.stderr)
  const [{ keeper }] = (await stage.json(...words)).jobs
  assert.ok(FEDERATION.includes(nameOf(keeper)), keeper)

  const [{ url }] = await stage.open('chiara', { keeping: { find: async () => undefined } })
  stage.points('chiara', url)
  const alone = await stage.run(...words, '--node', 'chiara')
  assert.equal(alone.status, 0)
  assert.match(alone.stdout, /^Job submitted successfully\nJob ID: bafyrei[a-z2-7]{52}\n$/)
  const [sentence, ...others] = alone.stderr.split('\n').filter((line) => /files/.test(line))
  assert.match(sentence ?? '', /^no member but chiara .* keep it running until the job is over$/)
  assert.deepEqual(others, [])
  assert.equal((await stage.json(...words, '--node', 'chiara')).jobs[0].keeper, null)
})

test('--ccl submits what a program asks for, with modules found beside it', async () => {
  const module = stage.write('beside.wasm', readFileSync(guest('files')))
  const note = stage.write('note.txt', 'from ccl\n')
  const program = stage.path('job.ccl')
  const made = ['new', 'ccl', '--wasm', module, '--input', note, '--description', 'by a program']
  assert.equal((await stage.run(...made, '-o', program)).status, 0)
  const missing = await stage.run('submit-job', '--ccl', program)
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /BLOCK_MISSING: .*input note\.txt \w+ not found in the mesh/)
  const wrong = stage.write('wrong.txt', 'something else\n')
  const other = await stage.run('submit-job', '--ccl', program, '--input', `note.txt=${wrong}`)
  assert.equal(other.status, 1)
  assert.match(other.stderr, /BLOCK_CID_MISMATCH/)
  const { status, stdout, stderr } = await stage.run(
    ...['submit-job', '--ccl', program, '--input', note, '--auto', '--wait'],
  )
  assert.equal(status, 0, stderr)
  const [, id = ''] = /^Job submitted successfully\nJob ID: (\w+)\n/.exec(stdout) ?? []
  assert.match(stdout, /\n\nJob execution progress:\nStatus: Assigned\nStatus: Running\n/)
  const { body } = (await stage.client.job(parseCid(id))).manifest as Manifest
  assert.equal(body.description, 'by a program')
  assert.ok(body.program !== null, 'the program is named')
  assert.equal((await stage.client.block(body.program)).length > 0, true)
  const { stdout: said } = await stage.run('logs', '--job-id', id)
  assert.match(said, /note\.txt: from ccl/)
})

test('what a guest writes never steers a terminal', async () => {
  const { jobs } = await stage.json(
    ...['submit-job', '--wasm', guest('echo'), '--description', '\u001b]0;x\u0007', '--auto'],
    ...['--arg', '0', '--arg', '\u001b[2J', '--wait'],
  )
  const [{ job: id }] = jobs
  const logs = await stage.run('logs', '--job-id', id)
  assert.match(logs.stdout, /arg 2: \\u\{1b\}\[2J\n/)
  const raw = await stage.run('logs', '--job-id', id, '--raw')
  assert.ok(raw.stdout.includes('arg 2: \u001b[2J\n'))
  for (const args of [['list-jobs'], ['job-status', '--job-id', id]]) {
    assert.ok(!(await stage.run(...args)).stdout.includes('\u001b'), args.join(' '))
  }
})

test('a job that the home itself ran is checked from a federation store', async () => {
  const { jobs } = await stage.json(
    ...['submit-job', '--wasm', guest('echo'), '--description', 'at home', '--arg', '0'],
  )
  const id = jobs[0].job
  await stage.mesh.until('the bids', async () =>
    (await stage.client.bids(parseCid(id))).closed ? true : undefined,
  )
  const ended = await stage.json('accept-bid', '--job-id', id, '--node-id', 'bruno')
  assert.deepEqual([ended.ok, ended.verified.mark], [true, '✓'])
  const { stderr } = await stage.run('receipt', 'show', id)
  assert.match(stderr, /^read from the store of (dora|emil|fatou), through bruno\n/)
})

test('a guest that ends with another code is verified, and the exit code is 1', async () => {
  const { jobs } = await stage.json(
    ...['submit-job', '--wasm', guest('echo'), '--description', 'three', '--arg', '3', '--auto'],
  )
  const { status, stdout, stderr } = await stage.run(
    ...['job-status', '--job-id', jobs[0].job, '--follow'],
  )
  assert.equal(status, 1)
  assert.match(stdout, /Receipt verified by federation ✓\n$/)
  assert.match(stderr, /the guest exited with 3/)
})

test('put and get use the mesh when no file is named', async () => {
  const large = Uint8Array.from({ length: 2_500_000 }, (_, index) => (index * 7) >> 2)
  const { files } = await stage.json('put', stage.write('large.bin', large))
  const back = stage.path('back.bin')
  const got = await stage.run('get', files[0].cid, '-o', back)
  assert.equal(got.status, 0, got.stderr)
  assert.deepEqual(new Uint8Array(readFileSync(back)), large)
  assert.equal((await stage.run('get', files[0].cid, '-o', back)).status, 2)
  const { kind } = JSON.parse((await stage.run('get', job)).stdout)
  assert.equal(kind, 'manifest')
  assert.ok(!existsSync(stage.path('nothing')))
})
