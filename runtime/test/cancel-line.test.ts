/** The line between a running guest and its sandbox: when it is asked, told, and not believed. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { HostFault, LIMITS, type RunInput } from '@planetary-mesh/spec'
import { openCancelLine } from '../src/slot/cancel-line.ts'
import { FrameError } from '../src/slot/frames.ts'
import { decodeReport } from '../src/slot/messages.ts'
import { Interrupted, SlotProcess } from '../src/slot/slot-process.ts'
import { build, EMPTY, op } from './admission/build.ts'
import { guest, runInput } from './run-input.ts'

/** A line over a clock that the test moves; `waitMs` passes during each answer. */
function lineOf(options: { waitMs: number; stopAt?: number }) {
  const asked: number[] = []
  const clock = { ms: 0 }
  const ask = (atFuel: number) => {
    asked.push(atFuel)
    clock.ms += options.waitMs
    return atFuel === options.stopAt
  }
  const check = openCancelLine(ask, () => clock.ms)
  const callAt = (ms: number, fuel: number) => {
    clock.ms = ms
    return check(() => fuel)
  }
  return { asked, callAt }
}

test('a run asks at its first host call after 5 ms, and again after 5 more', () => {
  const { asked, callAt } = lineOf({ waitMs: 0, stopAt: 5 })
  const calls = [4.9, 5, 9.9, 10, 15].map((ms, index) => callAt(ms, index + 1))
  assert.deepEqual(asked, [2, 4, 5])
  assert.deepEqual(calls, [false, false, false, false, true])
})

test('an answer that took long is not asked for again soon, but within 100 ms', () => {
  const slow = lineOf({ waitMs: 2 })
  for (const ms of [5, 46, 47]) slow.callAt(ms, ms)
  assert.deepEqual(slow.asked, [5, 47])
  const slower = lineOf({ waitMs: 1000 })
  for (const ms of [5, 1104, 1105]) slower.callAt(ms, ms)
  assert.deepEqual(slower.asked, [5, 1105])
})

test('a report names fuel that the run may have used; anything else is none', () => {
  assert.equal(decodeReport({ head: { atFuel: 7 }, parts: [] }, 7), 7)
  assert.equal(decodeReport({ head: { fuel: 7 }, parts: [] }, 7), undefined)
  for (const atFuel of [8, -1, 0.5, '7', null]) {
    assert.throws(() => decodeReport({ head: { atFuel }, parts: [] }, 7), FrameError)
  }
})

const talking: RunInput = runInput({
  module: guest('steps'),
  args: ['talk'],
  limits: { fuelMax: LIMITS.fuelMax },
})

/** One process for the tests that need a whole one, and another once a test ended it. */
let slot: SlotProcess | undefined
async function living(): Promise<SlotProcess> {
  if (!slot?.usable) slot = await SlotProcess.start()
  return slot
}
after(() => slot?.kill(new HostFault('closed', 'the tests are over')))

test('a run whose signal came before is not started, and its process stays', async () => {
  const slot = await living()
  await assert.rejects(slot.run(talking, { signal: AbortSignal.abort() }), Interrupted)
  assert.deepEqual((await slot.run(runInput({}))).outcome, { type: 'exited', code: 0 })
})

test('a guest that talks to the host is told to stop, and its process lives on', async () => {
  // on a machine that is too busy to answer in time it is killed, so: some time or other
  for (let time = 0; time < 10; time++) {
    const slot = await living()
    try {
      const { outcome } = await slot.run(talking, { signal: AbortSignal.timeout(300) })
      assert(outcome.type === 'cancelled' && outcome.atFuel > 0)
      assert(slot.usable)
      const next = await slot.run(runInput({ args: ['4'] }))
      assert.deepEqual(next.outcome, { type: 'exited', code: 4 })
      return
    } catch (thrown) {
      assert(thrown instanceof Interrupted, String(thrown))
    }
  }
  assert.fail('it was killed each time')
})

test('a guest that never calls the host is killed, and nothing is known of it', async () => {
  const code = [op.loop, EMPTY, op.br, 0, op.end]
  const module = build({ functions: [{ export: '_start', code }] })
  const slot = await living()
  const run = slot.run({ ...talking, module }, { signal: AbortSignal.timeout(50) })
  await assert.rejects(run, (thrown) => thrown instanceof Interrupted && thrown.atFuel === 0)
  assert.equal(slot.usable, false)
})

/** Runs a job in a process that says it is ready, takes the job and then does as `script` says. */
async function faultOf(script: string): Promise<string> {
  const slot = await SlotProcess.start([
    '--input-type=module',
    '-e',
    `import { readSync, writeSync } from 'node:fs'
    const say = (head) => {
      const json = Buffer.from(JSON.stringify({ ...head, parts: [] }))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(json.length)
      writeSync(1, Buffer.concat([length, json]))
    }
    say({ ready: true })
    readSync(0, new Uint8Array(1_000_000))
    ${script}`,
  ])
  try {
    await slot.run(runInput({ limits: { fuelMax: 1000 } }))
  } catch (thrown) {
    assert(thrown instanceof HostFault && thrown.reason === 'crash', String(thrown))
    assert.equal(slot.usable, false)
    return thrown.message
  }
  return assert.fail('it was believed')
}

test('a process that reports what cannot be is ended', async () => {
  assert.match(await faultOf('say({ atFuel: 1001 })'), /1001 fuel, at most 1000/)
})

test('a process that reports without end and reads no answer is ended', async () => {
  const flood = 'for (;;) say({ atFuel: 1 })'
  assert.match(await faultOf(flood), /reports that wait for no answer/)
})
