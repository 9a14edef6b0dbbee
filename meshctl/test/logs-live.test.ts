/** `meshctl logs --follow`: what a guest says while it runs, and the receipt's word at the end. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type LiveJob, openLiveJobs } from '@planetary-mesh/peer'
import type { CID } from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { type JobsStage, openJobsStage } from './jobs-stage.ts'
import { guest } from './start-meshctl.ts'

let stage: JobsStage
let gate = Promise.withResolvers<void>()
const live = openLiveJobs()

before(async () => {
  stage = await openJobsStage({
    exec: (_name, { blocks }) => fakeExec(blocks, { gate: () => gate.promise }),
  })
  for (const name of ['bruno', 'chiara']) {
    const [control] = await stage.open(name, { live })
    stage.points(name, control.url)
  }
})
after(() => stage[Symbol.asyncDispose]())

/** A job that runs, as its executor hears it; it ends when the gate opens. */
async function running(): Promise<{ job: CID; run: LiveJob }> {
  gate = Promise.withResolvers()
  const submitted = await stage.mesh.submit()
  await stage.mesh.logged(submitted, 'the lease', ({ leases }) => leases[0], 'bruno')
  const job = submitted.manifest.cid
  return { job, run: live.begin(job) }
}

const bytes = (text: string) => new TextEncoder().encode(text)

test('it prints what comes, escaped, and at the end only what is left of the receipt', async () => {
  const { job, run } = await running()
  const logs = stage.start('logs', '--job-id', `${job}`, '--follow')
  run.output({ stream: 'stdout', bytes: bytes('job ') })
  run.progress({ done: 1, total: 3 })
  await logs.saw('job ')
  await logs.saw('progress 1/3\n')
  assert.equal(logs.stdout(), 'job ', 'the receipt is not there yet')
  run.output({ stream: 'stdout', bytes: bytes(`${job}`.slice(0, 5)) })
  await logs.saw(`job ${`${job}`.slice(0, 5)}`)
  run.end()
  gate.resolve()
  const { status, stdout, stderr } = await logs.ended
  assert.equal(status, 0, stderr)
  assert.equal(stdout, `job ${job}\n`)
})

test('where the receipt says something else, that is said and printed whole', async () => {
  const { job, run } = await running()
  const logs = stage.watch('logs', '--job-id', `${job}`, '--follow')
  run.output({ stream: 'stdout', bytes: bytes('a lie \u001b[2J') })
  await logs.saw('a lie \\u{1b}[2J')
  run.end()
  gate.resolve()
  const { status, stdout, stderr } = await logs.ended
  assert.equal(status, 0, stderr)
  assert.equal(stdout, `a lie \\u{1b}[2Jjob ${job}\n`)
  assert.match(stderr, /receipt's stdout is another than what was shown live/)
})

test('meshctl run prints what a guest writes and how far it is, while it runs', async () => {
  const run = stage.start('run', guest('watched'), '--arg', 'spin')
  await run.saw('begun\n')
  await run.saw('progress 1/4\n')
  await run.saw('progress 2/4 half of it\n')
  run.child.kill('SIGINT')
  assert.equal((await run.ended).stdout, 'begun\n')
})

test('progress that a guest writes as a line of its own is there once', async () => {
  const whole = stage.start('run', guest('watched'))
  const { stderr } = await whole.ended
  const said = stderr.split('\n').filter((line) => line.startsWith('progress'))
  assert.deepEqual(said, ['progress 1/4', 'progress 2/4 half of it', 'progress 4/4'])

  const { job, run } = await running()
  const logs = stage.start('logs', '--job-id', `${job}`, '--follow')
  run.output({ stream: 'stderr', bytes: bytes('progress 1/3 so f') })
  run.output({ stream: 'stderr', bytes: bytes('ar\n') })
  run.progress({ done: 1, total: 3 })
  run.progress({ done: 2, total: 3 })
  await logs.saw('progress 2/3\n')
  run.end()
  gate.resolve()
  assert.match((await logs.ended).stderr, /^progress 1\/3 so far\nprogress 2\/3\n/)
})

test('a reader that leaves ends nothing: the run has its own end and exit code', async () => {
  const run = stage.start('run', guest('steps'), '--arg', 'talk', '--fuel', '100M')
  await run.saw('step 0\n')
  run.child.stdout?.destroy()
  const { status, stderr } = await run.ended
  assert.equal(status, 1)
  assert.match(stderr, /ended by out-of-fuel/)
})
