/** What the job commands say when something is wrong: one sentence, a code, and what to do next. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Process } from '@planetary-mesh/peer'
import {
  type Answer,
  type Bid,
  cidOf,
  LIMITS,
  parseCid,
  Refusal,
  toWireError,
} from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { type JobsStage, openJobsStage } from './jobs-stage.ts'
import { type Ended, guest } from './start-meshctl.ts'

let stage: JobsStage
/** A run ends when its gate opens. */
let gate = Promise.withResolvers<void>()

/** Among the jobs that chiara runs, those of this many units get another fuel than they took. */
const LIED_ABOUT = 13

before(async () => {
  stage = await openJobsStage({
    exec: (name, { blocks }) =>
      fakeExec(blocks, {
        gate: () => gate.promise,
        change: (result, { body }) =>
          name === 'chiara' && body.amount === LIED_ABOUT ? { ...result, fuel: 1 } : result,
      }),
  })
})
after(() => stage[Symbol.asyncDispose]())

const SUBMIT = ['submit-job', '--wasm', guest('echo'), '--description', 'x']
/** S1's own example, which nobody holds. */
const NOBODYS = 'bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze'
const UNKNOWN = `${cidOf('dag-cbor', Uint8Array.of(0xa0))}`

/** Refused with this code, in one line, with what to do next. */
function refused({ status, stdout, stderr }: Ended, code: string, next: RegExp) {
  assert.deepEqual([status, stdout], [1, ''], stderr)
  const [sentence, then, ...rest] = stderr.trimEnd().split('\n')
  assert.ok(sentence?.startsWith(`meshctl: ${code}: `), stderr)
  assert.match(then as string, /^ {2}next: /)
  assert.match(then as string, next)
  assert.deepEqual(rest, [])
}

const submitted = async (...more: string[]): Promise<string> =>
  (await stage.json(...SUBMIT, ...more)).jobs[0].job

test('an unknown job is refused with JOB_UNKNOWN by every command that names one', async () => {
  for (const command of ['get-bids', 'job-status', 'cancel-job', 'logs', 'result']) {
    refused(await stage.run(command, '--job-id', UNKNOWN), 'JOB_UNKNOWN', /list-jobs/)
  }
  const accepted = ['accept-bid', '--node-id', 'chiara', '--job-id', UNKNOWN]
  refused(await stage.run(...accepted), 'JOB_UNKNOWN', /list-jobs/)
  refused(await stage.run('job-status', '--job-id', 'bafyreizzzz'), 'JOB_UNKNOWN', /list-jobs/)
  refused(await stage.run('receipt', 'show', 'bafyreizzzz'), 'JOB_UNKNOWN', /list-jobs/)
  const { error } = await stage.json('job-status', '--job-id', UNKNOWN)
  assert.equal(error.code, 'JOB_UNKNOWN')
})

test('an id that is too short is a usage error', async () => {
  const { status, stderr } = await stage.run('job-status', '--job-id', 'bafyrei')
  assert.equal(status, 2)
  assert.match(stderr, /too short to name a job\n {2}next: give at least 8 characters/)
})

test('a module that nobody holds ends in one sentence, and not in a hang', async () => {
  const ended = await stage.run('submit-job', '--wasm', NOBODYS, '--description', 'x')
  refused(ended, 'BLOCK_MISSING', /meshctl put/)
  assert.match(ended.stderr, /module bafybeih7q27\w+ not found in the mesh/)
})

test('a file that is not there is usage, one that is no module is refused before it is sent', async () => {
  const missing = await stage.run('submit-job', '--wasm', 'no-such.wasm', '--description', 'x')
  assert.equal(missing.status, 2)
  assert.match(missing.stderr, /cannot read 'no-such\.wasm': there is no such file/)
  const text = stage.write('text.wasm', 'hello')
  const wrong = await stage.run('submit-job', '--wasm', text, '--description', 'x')
  refused(wrong, 'MODULE_REFUSED', /docs\/writing-jobs\.md/)
  const large = stage.write('large.wasm', new Uint8Array(16 * 1024 * 1024 + 1))
  const tooLarge = await stage.run('submit-job', '--wasm', large, '--description', 'x')
  refused(tooLarge, 'FILE_TOO_LARGE', /smaller/)
})

test('a token that cannot pay is refused with the reason', async () => {
  const unlucky: [code: string, ...options: string[]][] = [
    ['TOKEN_EXHAUSTED', '--resource-amount', '10001'],
    ['TOKEN_SCOPE_MISMATCH', '--scope', 'lab'],
    ['TOKEN_TYPE_MISMATCH', '--resource-type', 'storage'],
    ['TOKEN_UNKNOWN', '--token', UNKNOWN],
  ]
  for (const [code, ...options] of unlucky) {
    refused(await stage.run(...SUBMIT, ...options), code, /token/)
  }
  assert.deepEqual(
    stage.mesh.heard().filter(({ message }) => message.type === 'announce'),
    [],
  )
})

test('wrong words are usage errors, before anything is asked', async () => {
  const manyInputs = Array.from({ length: LIMITS.inputsMax + 1 }, (_, at) => [
    '--input',
    `n${at}=x`,
  ]).flat()
  const wrong: [args: string[], what: RegExp][] = [
    [['submit-job', '--wasm', guest('echo')], /needs a description/],
    [['submit-job', '--description', 'x'], /give --wasm FILE or --ccl FILE/],
    [[...SUBMIT, '--wait', '--detach'], /do not go together/],
    [[...SUBMIT, '--ccl', 'job.ccl'], /--description and --ccl do not go together/],
    [[...SUBMIT, '--priority', 'urgent'], /critical, high, medium, low/],
    [[...SUBMIT, '--resource-amount', '0'], /whole number of at least 1/],
    [[...SUBMIT, '--input', 'a/x', '--input', 'b/x'], /two inputs are to stand at \/in\/x/],
    [[...SUBMIT, ...manyInputs], /65 inputs, at most 64/],
    [['get-bids'], /required option '--job-id <id>'/],
  ]
  for (const [args, what] of wrong) {
    const { status, stderr } = await stage.run(...args)
    assert.deepEqual([status, what.test(stderr)], [2, true], stderr)
  }
})

test('--dry-run says in one paragraph what would be, and sends nothing', async () => {
  const before = stage.mesh.heard().length
  const { status, stdout } = await stage.run(...SUBMIT, '--resource-amount', '500', '--dry-run')
  assert.equal(status, 0)
  const said = stdout.replaceAll('\n', ' ')
  assert.match(said, /^Nothing was sent\. The job 'x' would run the module bafkrei\w+ \(/)
  assert.match(said, /It can cost at most 500 units of compute/)
  assert.match(said, /9,500 of 10,000 would be left on token bafyrei/)
  assert.match(said, /You decide which bid is taken, with accept-bid/)
  const auto = await stage.run(...SUBMIT, '--auto', '--dry-run')
  assert.match(auto.stdout.replaceAll('\n', ' '), /bruno, or any other home, takes the best bid/)
  const isJobs = ({ message }: { message: { type: string } }) =>
    ['announce', 'append'].includes(message.type)
  assert.deepEqual(stage.mesh.heard().slice(before).filter(isJobs), [])
})

test('when nobody bids, get-bids says why', async () => {
  const job = await submitted('--min-cpu', '1000')
  const { status, stdout } = await stage.run('get-bids', '--job-id', job)
  assert.equal(status, 0)
  assert.match(stdout, /^Nobody has bid\.\n\nWhy not:\n {2}\w+ +CAPACITY_MISSING: /)
  const { passes } = await stage.json('get-bids', '--job-id', job)
  assert.deepEqual(new Set(passes.map(({ code }: { code: string }) => code)).size, 1)
})

test('when nobody could take a job in time, --wait and get-bids name why, or that it is forgotten', async () => {
  const words = ['--auto', '--wait', '--deadline', '1']
  const { status, stdout, stderr } = await stage.run(...SUBMIT, ...words)
  assert.equal(status, 1)
  const why = /\nWhy not:\n {2}\w+ +DEADLINE_UNREACHABLE: the most work takes \d+ ms here/
  assert.match(stderr, /^Expired: no receipt came before its deadline/m)
  assert.match(stderr, why)
  const [, job = ''] = /^Job ID: (\w+)$/m.exec(stdout) ?? []
  const after = await stage.run('get-bids', '--job-id', job)
  assert.match(after.stdout, /^Nobody has bid\.\n/)
  assert.match(after.stdout, why)

  const { process } = stage.mesh.machine('bruno')
  const [forgetful] = await stage.open('bruno', { process: { ...process, call: forget(process) } })
  stage.points('bruno', forgetful.url)
  const forgotten = await stage.run('get-bids', '--job-id', job)
  const { passes, remembered } = await stage.json('get-bids', '--job-id', job)
  stage.points('bruno', stage.control.url)
  assert.doesNotMatch(forgotten.stdout, /Nobody has bid|Why not:/)
  assert.match(forgotten.stdout, /Why not is not known here: bruno does not remember/)
  assert.deepEqual([forgotten.status, passes, remembered], [0, [], false])
})

/** A home that was started again since: of a job that is over it knows nothing. */
function forget(process: Process): Process['call'] {
  const gone = toWireError(new Refusal('JOB_UNKNOWN', 'it is over'))
  return async (call) =>
    call.type === 'bids' ? { type: 'refused', error: gone } : process.call(call)
}

test('S1-8 a tampered bid is not listed, and the reader hears that one was left out', async () => {
  const job = await submitted()
  await stage.run('get-bids', '--job-id', job)
  const { process } = stage.mesh.machine('bruno')
  const [lying] = await stage.open('bruno', { process: { ...process, call: tamperBid(process) } })
  stage.points('bruno', lying.url)
  const { stdout, stderr } = await stage.run('get-bids', '--job-id', job)
  stage.points('bruno', stage.control.url)
  assert.doesNotMatch(stdout, /^chiara/m)
  assert.match(stdout, /^gita/m)
  assert.match(stderr, /1 bid does not open as signed bids on this job/)
})

/** A home that makes chiara's bid cheaper than she sealed it. */
function tamperBid(process: Process): Process['call'] {
  const { did } = stage.mesh.machine('chiara').process
  const cheaper = (bid: Bid): Bid => {
    if (bid.author !== did) return bid
    const bytes = Uint8Array.from(bid.bytes)
    const at = Buffer.from(bytes).indexOf('price') + 'price'.length
    bytes[at + 1] = (bytes[at + 1] as number) ^ 1
    return { ...bid, bytes }
  }
  return async (call) => {
    const answer: Answer = await process.call(call)
    return answer.type === 'bids' ? { ...answer, bids: answer.bids.map(cheaper) } : answer
  }
}

test('logs and result of a job that has not ended say that there is no receipt yet', async () => {
  const job = await submitted()
  for (const command of ['logs', 'result', 'verify']) {
    const named = command === 'verify' ? [job] : ['--job-id', job]
    refused(await stage.run(command, ...named), 'RECEIPT_UNKNOWN', /job-status --follow/)
  }
})

test('accept-bid that is interrupted says how to come back, and nothing is lost', async () => {
  const job = await submitted('--resource-amount', '7')
  const started = stage.start('accept-bid', '--job-id', job, '--node-id', 'chiara')
  await started.saw('Status: Running')
  started.child.kill('SIGINT')
  const { stderr, stdout } = await started.ended
  assert.equal(started.child.signalCode, 'SIGINT')
  assert.match(stderr, /the job goes on without you\. To come back:\n {2}npx meshctl job-status/)
  assert.doesNotMatch(stdout, /Receipt/)
  gate.resolve()
  const back = await stage.run('job-status', '--job-id', job, '--follow')
  gate = Promise.withResolvers()
  assert.equal(back.status, 0, back.stderr)
  assert.match(back.stdout, /Status: Completed\n.*\nReceipt anchored to DAG ✓\n/)
})

/** alice's node, but what is posted to `path` gets no answer: it may have arrived. */
async function openMuteNode(path: string) {
  const asked = Promise.withResolvers<void>()
  const { host } = new URL(stage.control.url)
  const server = createServer((incoming, outgoing) => {
    if (incoming.method === 'POST' && incoming.url === path) return asked.resolve()
    const { method, headers, url } = incoming
    const passed = request(`http://${host}${url}`, { method, headers: { ...headers, host } })
    passed.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.points('bruno', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    asked: asked.promise,
    close() {
      stage.points('bruno', stage.control.url)
      server.closeAllConnections()
      server.close()
    },
  }
}

test('interrupted before the node has answered, accept-bid and submit-job say how to go on', async () => {
  const job = await submitted()
  const accept = ['accept-bid', '--job-id', job, '--node-id', 'chiara']
  for (const [path, words, said] of [
    ['/v0/awards', accept, /To come back:\n {2}npx meshctl job-status --job-id bafy\w+ --follow\n/],
    ['/v0/jobs', SUBMIT, /whether job bafy\w+ was taken is not known: see job-status\n/],
  ] as const) {
    const mute = await openMuteNode(path)
    const started = stage.start(...words)
    await mute.asked
    started.child.kill('SIGINT')
    const { stderr } = await started.ended
    mute.close()
    assert.equal(started.child.signalCode, 'SIGINT')
    assert.match(stderr, said)
  }
})

test('S1-14 a receipt that the federation refutes has no check mark, and the exit code is 1', async () => {
  const job = await submitted('--resource-amount', `${LIED_ABOUT}`)
  gate.resolve()
  const ended = await stage.run('accept-bid', '--job-id', job, '--node-id', 'chiara')
  gate = Promise.withResolvers()
  assert.equal(ended.status, 1)
  assert.match(ended.stdout, /^Receipt CID: bafyrei\w+\nReceipt anchored to DAG ✓\n/m)
  assert.match(ended.stdout, /\nReceipt verified by federation ✗ {2}THRESHOLD_MISSING: .*invalid/)
  assert.match(ended.stderr, /the verifiers found another result: nothing was charged/)
  const shown = await stage.run('receipt', 'show', job)
  assert.match(shown.stdout, /Federation verification status \(derived\) +✗ /)
  refused(await stage.run('result', '--job-id', job), 'THRESHOLD_MISSING', /./)
})

test('cancel-job before a lease releases everything, and says so again as JOB_ENDED', async () => {
  const job = await submitted()
  const { status, stdout } = await stage.run('cancel-job', '--job-id', job)
  assert.deepEqual([status, stdout], [0, `Job cancelled successfully\nJob ID: ${job}\n`])
  await stage.mesh.until('the end', async () =>
    (await stage.client.job(parseCid(job))).status.state === 'cancelled' ? true : undefined,
  )
  refused(await stage.run('cancel-job', '--job-id', job), 'JOB_ENDED', /job-status/)
  const followed = await stage.run('job-status', '--job-id', job, '--follow')
  assert.equal(followed.status, 1)
  assert.match(followed.stdout, /^\nJob execution progress:\nStatus: Cancelled\n$/)
})

test('another node goes on with the job of a home that is gone', async () => {
  const job = await submitted('--resource-amount', '9')
  const [other] = await stage.open('gita')
  stage.points('gita', other.url)
  const { bids } = await stage.json('get-bids', '--job-id', job, '--node', 'gita')
  assert.ok(bids.length > 0)
  gate.resolve()
  const ended = await stage.json(
    ...['accept-bid', '--job-id', job, '--node-id', bids[0].node, '--node', 'gita'],
  )
  gate = Promise.withResolvers()
  assert.deepEqual([ended.ok, ended.state], [true, 'verified'])
})

test('list-jobs ends quietly when its reader has left', async () => {
  const started = stage.start('list-jobs')
  started.child.stdout?.destroy()
  const { status, stderr } = await started.ended
  assert.deepEqual([status, stderr], [0, ''])
})

test('a node that is started again while a job is followed is found again', async () => {
  const job = await submitted('--auto')
  const followed = stage.watch('job-status', '--job-id', job, '--follow')
  await followed.saw('Status: Running')
  await stage.control.close()
  await followed.saw('the job goes on without it, asking again')
  const [again] = await stage.open('bruno')
  stage.points('bruno', again.url)
  gate.resolve()
  const { status, stdout } = await followed.ended
  gate = Promise.withResolvers()
  assert.equal(status, 0)
  assert.match(stdout, /Status: Completed\n.*\nReceipt anchored to DAG ✓\n/)
})

test('a ledger that is away is waited for, in so many words', async () => {
  const job = await submitted()
  const isConnected = (did: string) => did !== stage.mesh.machine('dora').process.did
  const network = { isConnected, multiaddrs: () => [], pullLog: never }
  const [alone] = await stage.open('bruno', { network })
  stage.points('bruno', alone.url)
  const { stdout } = await stage.run('job-status', '--job-id', job)
  assert.match(stdout, /waiting for the ledger/)
  const followed = stage.start('job-status', '--job-id', job, '--follow')
  await followed.saw('waiting for the ledger …\n')
  followed.child.kill('SIGTERM')
  assert.match((await followed.ended).stderr, /nothing is lost/)
  stage.mesh.machine('dora').process.kill()
  const ended = await stage.run(...SUBMIT)
  assert.equal(ended.status, 1)
  assert.match(
    ended.stderr,
    /^waiting for the ledger …\nmeshctl: whether job \w+ was taken is not known/,
  )
  assert.match(ended.stderr, /LEDGER_AWAY: .*\n {2}next: waiting for the ledger/)
})

// biome-ignore lint/correctness/useYield: nobody is connected
async function* never(): AsyncGenerator<never> {
  throw new Error('nobody is connected')
}

test('a node that does not run or does not answer, and no home at all, each say what to do', async () => {
  const unused = 'http://127.0.0.1:9'
  stage.points('bruno', unused)
  refused(await stage.run('list-jobs'), 'NODE_AWAY', /meshctl up/)
  rmSync(`${stage.home}/nodes/bruno/run.json`)
  refused(await stage.run('list-jobs'), 'NODE_AWAY', /meshctl up/)
  rmSync(stage.home, { recursive: true })
  refused(await stage.run('list-jobs'), 'HOME_MISSING', /meshctl init/)
})
