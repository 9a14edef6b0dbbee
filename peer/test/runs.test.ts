// Runs as the shell carries them: one `ran` event for each, whatever became of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Effect,
  type Event,
  Fault,
  HostFault,
  type Ran,
  Refusal,
  type WireMessage,
} from '@planetary-mesh/spec'
import { RESULT } from '../../spec/test/rules/world.ts'
import { bruno } from '../../tools/vectors/people.ts'
import { behind, type ExecRun, MANIFEST, openStage, play, settle } from './stage.ts'

const RAN: Ran = {
  result: RESULT,
  measured: { startedAtMs: 1, finishedAtMs: 2, wallMs: 1, rssBytes: 0 },
}

const ends = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'ran' ? [{ run: event.run, end: event.end }] : []))

/** A ledger that does at each message what the test says next. */
async function perform(exec: ExecRun, ...steps: Effect[][]) {
  const stage = openStage({ exec })
  const role = play('ledger', ({ type }) => (type === 'message' ? (steps.shift() ?? []) : []))
  const process = await stage.start([role])
  return {
    process,
    role,
    next: async () => {
      stage.say(bruno, behind(0) satisfies WireMessage)
      await process.idle()
    },
  }
}

const run = (name: string, more: { cancelAtFuel?: number } = {}): Effect => ({
  do: 'run',
  run: name,
  manifest: MANIFEST,
  wallMs: 100,
  ...more,
})

test('each run has one end: done, refused, or a fault of the machine', async () => {
  const endings: ExecRun[] = [
    (_, { resolve }) => resolve(RAN),
    (_, { reject }) => reject(new Refusal('BLOCK_MISSING', 'no module', { values: { asked: 1 } })),
    (_, { reject }) => reject(new HostFault('crash', 'the slot ended')),
  ]
  const { role, next, process } = await perform(
    (given, end) => endings.shift()?.(given, end),
    ['a', 'b', 'c'].map((name) => run(name)),
  )
  await next()
  await process.idle()
  assert.deepEqual(ends(role.events), [
    { run: 'a', end: { type: 'done', ...RAN } },
    {
      run: 'b',
      end: {
        type: 'refused',
        error: { code: 'BLOCK_MISSING', detail: 'no module', values: { asked: 1 } },
      },
    },
    { run: 'c', end: { type: 'fault', reason: 'crash', detail: 'crash: the slot ended' } },
  ])
})

test('a cancel stops the run of that name and no other; a replay carries its fuel', async () => {
  const signals: AbortSignal[] = []
  const fuels: (number | undefined)[] = []
  const { role, next, process } = await perform(
    ({ signal, cancelAtFuel }, { resolve }) => {
      signals.push(signal)
      fuels.push(cancelAtFuel)
      signal.addEventListener('abort', () => resolve(RAN))
    },
    [run('a'), run('b', { cancelAtFuel: 9 })],
    [
      { do: 'cancel', run: 'a' },
      { do: 'cancel', run: 'unknown' },
    ],
  )
  await next()
  await next()
  await process.idle()
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
  assert.deepEqual(fuels, [undefined, 9])
  assert.deepEqual(
    ends(role.events).map(({ run }) => run),
    ['a'],
  )
})

test('a name is free again when its run has ended, and a fault while it runs', async () => {
  const resolves: (() => void)[] = []
  const { process, next, role } = await perform(
    (_, { resolve }) => resolves.push(() => resolve(RAN)),
    [run('a')],
    [run('a')],
    [run('a')],
  )
  await next()
  resolves[0]?.()
  await settle()
  await next()
  assert.equal(ends(role.events).length, 1)
  assert.equal(process.fault === undefined, true)
  await next()
  assert(process.fault instanceof Fault)
})

test('an error that is neither a refusal nor a host fault stops the process', async () => {
  const { process, next } = await perform(
    (_, { reject }) => reject(new TypeError('undefined is not a function')),
    [run('a')],
  )
  await next()
  assert(process.fault instanceof TypeError)
})

test('a process that stops tells its runs to stop, and hears no more of them', async () => {
  const signals: AbortSignal[] = []
  const { process, next, role } = await perform(
    ({ signal }, { resolve }) => {
      signals.push(signal)
      signal.addEventListener('abort', () => resolve(RAN))
    },
    [run('a')],
  )
  await next()
  process.kill()
  await process.idle()
  assert.equal(signals[0]?.aborted, true)
  assert.deepEqual(ends(role.events), [])
})
