/** Cancelling a run, and replaying the cancel: the same bits wherever and however it stopped. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  HostFault,
  LIMITS,
  Refusal,
  type RunInput,
  type RunResult,
  type Sandbox,
  sha256,
} from '@planetary-mesh/spec'
import { openSandbox, RUNTIME_PROFILE, runInProcess } from '../src/index.ts'
import { cancelledAtStart } from '../src/slot/cancelled-at-start.ts'
import { build, EMPTY, I32, op, sleb } from './admission/build.ts'
import { guest, runInput, text } from './run-input.ts'
import { reproducible } from './sandbox-exam.ts'

let sandbox: Sandbox
let elsewhere: Sandbox
before(async () => {
  sandbox = await openSandbox({ slots: 2, spares: 0 })
  elsewhere = await openSandbox({ slots: 1, spares: 0 })
})
after(() => Promise.all([sandbox.close(), elsewhere.close()]))

/** A program that never ends; see guests/steps.c. */
const endless = (...args: string[]): RunInput =>
  runInput({
    module: guest('steps'),
    args,
    limits: { fuelMax: LIMITS.fuelMax, memoryPagesMax: 1024 },
  })

const abortsAfter = (ms: number) => ({ signal: AbortSignal.timeout(ms) })

/** The result of a run that is cancelled later and later, until it had come to `enough`. */
async function cancelOnce(input: RunInput, enough: (result: RunResult) => boolean) {
  for (let ms = 100; ms < 20_000; ms *= 2) {
    const result = await sandbox.run(input, abortsAfter(ms))
    assert.equal(result.outcome.type, 'cancelled')
    if (enough(result)) return result
  }
  return assert.fail('the guest never came so far')
}

/** Asserts that the cancel is as whoever replays it finds it: elsewhere, here, and in no slot. */
async function assertReplays(input: RunInput, cancelled: RunResult): Promise<void> {
  assert.deepEqual(cancelled.outcome, { type: 'cancelled', atFuel: cancelled.fuel })
  const replay = { ...input, cancelAtFuel: cancelled.fuel }
  const expected = flat(cancelled)
  assert.deepEqual(flat(await elsewhere.run(replay)), expected)
  assert.deepEqual(flat(await sandbox.run(replay)), expected)
  assert.deepEqual(flat(runInProcess(replay)), expected)
}

/** All that two machines must agree on, whatever class holds the bytes. */
function flat(result: RunResult) {
  const { stdout, stderr, hostCallDigest, outputs, ...plain } = reproducible(result)
  const bytes = [stdout, stderr, hostCallDigest].map((part) => Buffer.from(part))
  return { ...plain, bytes, outputs: outputs.map(({ path, bytes }) => [path, Buffer.from(bytes)]) }
}

test('a guest that talks to the host is cancelled midway, with what it had done', async () => {
  const input = endless('talk')
  const grown = ({ stdout, stderr, outputs }: RunResult) =>
    stdout.length > 0 && stderr.length > 0 && outputs.length > 0
  const cancelled = await cancelOnce(input, grown)
  assert.match(text(cancelled.stdout), /^step 0\n/)
  assert.match(text(cancelled.stderr), /^step 1000\n/)
  assert(cancelled.memoryPages > 2, 'the guest had grown its memory')
  await assertReplays(input, cancelled)
})

test('a guest that falls silent ends at a call that it made before', async () => {
  const input = endless('then-spin', '20000')
  const cancelled = await cancelOnce(input, ({ stderr }) => stderr.length > 0)
  await assertReplays(input, cancelled)
  const full = runInProcess({ ...input, limits: { ...input.limits, fuelMax: 300_000_000 } })
  assert.deepEqual(full.outcome, { type: 'out-of-fuel' })
  assert(text(full.stderr).startsWith(text(cancelled.stderr)))
})

/** Counts for some 20 ms, so that it is asked at its one host call, and then spins for ever. */
const callsOnce = build({
  imports: [{ module: 'wasi_snapshot_preview1', name: 'sched_yield', results: [I32] }],
  functions: [
    {
      export: '_start',
      locals: [I32],
      code: [
        ...[op.i32, ...sleb(20_000_000), op.set, 0],
        ...[op.loop, EMPTY, op.get, 0, op.i32, 1, op.sub, op.tee, 0, op.brIf, 0, op.end],
        ...[op.call, 0, op.drop, op.loop, EMPTY, op.br, 0, op.end],
      ],
    },
  ],
})

test('told at its call or killed long after it, a guest ends there and not at 0', async () => {
  const input = { ...endless(), module: callsOnce }
  const call = flat(runInProcess({ ...input, cancelAtFuel: 1 }))
  let atMs = 50
  while ((await sandbox.run(input, abortsAfter(atMs))).fuel === 0) {
    assert(atMs < 20_000, 'the guest never came to its call')
    atMs *= 2
  }
  const killed = await sandbox.run(input, abortsAfter(atMs + 1000))
  assert.deepEqual(flat(killed), call)
})

test('a guest that spins is stopped, and the next job runs in its slot', async () => {
  for (const _ of [1, 2]) {
    const input = endless('spin')
    const cancelled = await elsewhere.run(input, abortsAfter(100))
    await assertReplays(input, cancelled)
    const next = await elsewhere.run(runInput({ args: ['7'] }))
    assert.deepEqual(next.outcome, { type: 'exited', code: 7 })
  }
})

test('a run that was cancelled before looks at nothing, not even at its module', async () => {
  for (const module of [guest('echo'), Buffer.from('no module')]) {
    const input = runInput({ module })
    const cancelled = await sandbox.run(input, { signal: AbortSignal.abort() })
    assert.deepEqual(reproducible(cancelled), {
      outcome: { type: 'cancelled', atFuel: 0 },
      stdout: new Uint8Array(0),
      stderr: new Uint8Array(0),
      outputs: [],
      fuel: 0,
      memoryPages: 0,
      hostCallDigest: sha256(new Uint8Array(0)),
      profile: RUNTIME_PROFILE,
    })
    await assertReplays(input, cancelled)
  }
})

test('a run that waits for its turn leaves the queue, and what runs goes on', async () => {
  const order: string[] = []
  const stops = [new AbortController(), new AbortController()] as const
  const say = (name: string) => (result: RunResult) => {
    order.push(name)
    return result
  }
  const running = elsewhere.run(endless('spin'), { signal: stops[0].signal }).then(say('running'))
  const waiting = elsewhere.run(runInput({}), { signal: stops[1].signal }).then(say('waiting'))
  const last = elsewhere.run(runInput({ args: ['9'] })).then(say('last'))
  stops[1].abort()
  assert.deepEqual(reproducible(await waiting), reproducible(cancelledAtStart()))
  stops[0].abort()
  assert.equal((await running).outcome.type, 'cancelled')
  assert.deepEqual((await last).outcome, { type: 'exited', code: 9 })
  assert.deepEqual(order, ['waiting', 'running', 'last'])
})

test('a signal that comes after the end changes nothing', async () => {
  const stop = new AbortController()
  const input = runInput({ args: ['3'] })
  const result = await elsewhere.run(input, { signal: stop.signal })
  stop.abort()
  assert.deepEqual(result.outcome, { type: 'exited', code: 3 })
  const again = await elsewhere.run(input)
  assert.deepEqual(reproducible(again), reproducible(result))
})

test('whenever the signal comes, a run ends as it would have or as a cancel that replays', async () => {
  const input = runInput({ module: guest('files') })
  const plain = flat(await elsewhere.run(input))
  for (const ms of [0, 1, 2, 3, 5, 8, 13, 21]) {
    const result = await elsewhere.run(input, abortsAfter(ms))
    if (result.outcome.type === 'cancelled') await assertReplays(input, result)
    else assert.deepEqual(flat(result), plain)
  }
})

test('the other slot does not notice', async () => {
  const stop = new AbortController()
  const cancelled = sandbox.run(endless('spin'), { signal: stop.signal })
  const input = runInput({ module: guest('files') })
  const expected = flat(runInProcess(input))
  const first = await sandbox.run(input)
  stop.abort()
  const [second] = await Promise.all([sandbox.run(input), cancelled])
  assert.deepEqual(flat(first), expected)
  assert.deepEqual(flat(second), expected)
  assert.equal((await cancelled).outcome.type, 'cancelled')
})

test('closing ends a run that is being cancelled', async () => {
  const closing = await openSandbox({ slots: 1, spares: 0 })
  const stop = new AbortController()
  const run = closing.run(endless('spin'), { signal: stop.signal })
  const ended = assert.rejects(run, (thrown) => {
    assert(thrown instanceof HostFault, String(thrown))
    return thrown.reason === 'closed'
  })
  stop.abort()
  await closing.close()
  await ended
  await assert.rejects(closing.run(runInput({}), { signal: AbortSignal.abort() }), HostFault)
})

test('every host call is a place to cancel, named by the fuel used before it', () => {
  const input = runInput({ args: ['1', 'two'], stdin: Buffer.from('three') })
  const full = runInProcess(input)
  const stops: RunResult[] = []
  for (let from = 1; ; from = (stops.at(-1)?.fuel ?? 0) + 1) {
    const stopped = runInProcess({ ...input, cancelAtFuel: from })
    if (stopped.outcome.type === 'exited') {
      assert.deepEqual(flat(stopped), flat(full))
      break
    }
    assert(stopped.fuel >= from, 'the first call that is not before it')
    stops.push(stopped)
  }
  // echo asks for arguments and environment, their sizes first, reads twice and writes
  assert(stops.length > 7, `${stops.length} host calls`)
  const digests = new Set(stops.map((stop) => Buffer.from(stop.hostCallDigest).toString('hex')))
  assert.equal(digests.size, stops.length, 'each has one finished call more')
  assert.deepEqual(stops[0]?.hostCallDigest, sha256(new Uint8Array(0)))
  assert(stops.at(-1)?.stderr.length, 'the last comes after the output')
  for (const stop of stops) {
    assert(text(full.stdout).startsWith(text(stop.stdout)))
    assert.deepEqual(flat(runInProcess({ ...input, cancelAtFuel: stop.fuel })), flat(stop))
  }
})

test('the calls of AssemblyScript are such places too', () => {
  const input = runInput({ module: guest('assemblyscript') })
  const stopped = runInProcess({ ...input, cancelAtFuel: 1 })
  assert.equal(stopped.outcome.type, 'cancelled')
  assert.equal(stopped.stderr.length, 0)
  const past = runInProcess({ ...input, cancelAtFuel: stopped.fuel + 1 })
  assert.deepEqual(past.outcome, { type: 'trapped', trap: 'unreachable' })
})

test('a cancel that the run never comes to is its ordinary end, traps and want of fuel too', () => {
  const ends: [string, Partial<RunInput['limits']>, string][] = [
    ['exit', {}, 'exited'],
    ['divide', {}, 'trapped'],
    ['loop', { fuelMax: 1_000_000 }, 'out-of-fuel'],
    ['recursion', {}, 'depth'],
    ['flood', { outputBytesMax: 10_000 }, 'output-limit'],
  ]
  for (const [way, limits, type] of ends) {
    const input = runInput({ module: guest('traps'), args: [way], limits })
    const plain = runInProcess(input)
    assert.equal(plain.outcome.type, type)
    assert.deepEqual(flat(runInProcess({ ...input, cancelAtFuel: LIMITS.fuelMax })), flat(plain))
  }
})

test('a guest without fuel at a host call is out of fuel, not cancelled', () => {
  const input = endless('talk')
  const stopped = runInProcess({ ...input, cancelAtFuel: 1_000_000 })
  const limits = { ...input.limits, fuelMax: stopped.fuel - 1 }
  const plain = runInProcess({ ...input, limits })
  assert.deepEqual(plain.outcome, { type: 'out-of-fuel' })
  const replay = { ...input, limits, cancelAtFuel: limits.fuelMax }
  assert.deepEqual(flat(runInProcess(replay)), flat(plain))
})

test('a fuel to cancel at that no run can have is refused', async () => {
  for (const cancelAtFuel of [-1, 0.5, LIMITS.fuelMax + 1]) {
    await assert.rejects(elsewhere.run({ ...runInput({}), cancelAtFuel }), (thrown) => {
      assert(thrown instanceof Refusal, String(thrown))
      return thrown.code === 'LIMIT_EXCEEDED'
    })
  }
})
