/** What a guest says while it runs: it arrives at once, in order, and changes nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  HostFault,
  LIMITS,
  type LiveOutput,
  type Progress,
  type Sandbox,
} from '@planetary-mesh/spec'
import { openSandbox, runInProcess } from '../src/index.ts'
import { type Frame, readFrame } from '../src/slot/frames.ts'
import { openLiveLine, PIECE_BYTES_MAX } from '../src/slot/live-output.ts'
import { ANSWER_MAX, decodeSaid } from '../src/slot/messages.ts'
import { ProgressLines } from '../src/slot/progress-lines.ts'
import { SlotProcess } from '../src/slot/slot-process.ts'
import { guest, runInput, text } from './run-input.ts'
import { reproducible } from './sandbox-exam.ts'

let sandbox: Sandbox
before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
})
after(() => sandbox.close())

const watched = runInput({ module: guest('watched') })

test('output and progress arrive in their order, and the result is that of a run unwatched', async () => {
  const said: string[] = []
  const result = await sandbox.run(watched, {
    onOutput: ({ stream, bytes }) => void said.push(`${stream}: ${text(bytes)}`),
    onProgress: ({ done, total }) => void said.push(`${done}/${total}`),
  })
  const streamOf = (name: string) =>
    said.flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []))
  assert.equal(streamOf('stdout').join(''), 'begun\nstep\nstep\nstep\n')
  assert.equal(streamOf('stderr').join(''), 'progress 2/4 half of it\n')
  assert.deepEqual(said.slice(0, 2), ['stdout: begun\n', '1/4'])
  assert.equal(said.at(-1), '4/4')
  assert.deepEqual(reproducible(result), reproducible(await sandbox.run(watched)))
  assert.deepEqual(reproducible(result), reproducible(runInProcess(watched)))
})

test('what a guest said before it spins is there while it spins', async () => {
  const stop = new AbortController()
  let stdout = ''
  let stderr = ''
  const result = await sandbox.run(
    { ...watched, args: ['spin'], limits: { ...watched.limits, fuelMax: LIMITS.fuelMax } },
    {
      signal: stop.signal,
      onOutput({ stream, bytes }) {
        if (stream === 'stdout') stdout += text(bytes)
        else stderr += text(bytes)
        if (stdout === 'begun\n' && stderr.endsWith('half of it\n')) stop.abort()
      },
    },
  )
  assert.equal(result.outcome.type, 'cancelled')
})

test('a guest waits for who looks at its output, and a trap is shown once', async () => {
  const looked = Promise.withResolvers<void>()
  const first = Promise.withResolvers<void>()
  const pieces: LiveOutput[] = []
  const run = sandbox.run(watched, {
    onOutput(piece) {
      pieces.push(piece)
      first.resolve()
      return pieces.length === 1 ? looked.promise : undefined
    },
  })
  await first.promise
  // another run has to wait for the slot, and this one for the look
  const next = sandbox.run(runInput({ args: ['3'] }))
  assert.equal(pieces.length, 1)
  looked.resolve()
  await run
  assert(pieces.length > 1)
  assert.deepEqual((await next).outcome, { type: 'exited', code: 3 })

  let shown = ''
  const trap = runInput({ module: guest('traps'), args: ['divide'] })
  const result = await sandbox.run(trap, {
    onOutput({ bytes }) {
      shown += text(bytes)
    },
  })
  assert.equal(result.outcome.type, 'trapped')
  assert.equal(shown, text(result.stdout) + text(result.stderr))
})

test('who never looks meets the deadline, and who throws ends the run; the slot goes on', async () => {
  const limits = { ...watched.limits, wallMs: 300 }
  const forever = new Promise<void>(() => {})
  const late = sandbox.run({ ...watched, limits }, { onOutput: () => forever })
  await assert.rejects(
    late,
    (thrown) => thrown instanceof HostFault && thrown.reason === 'deadline',
  )
  const full = () => {
    throw new Error('full')
  }
  for (const options of [
    { onOutput: () => Promise.reject(new Error('full')) },
    { onProgress: full },
  ]) {
    await assert.rejects(sandbox.run(watched, options), /who watched the run failed/)
  }
  assert.deepEqual((await sandbox.run(watched)).outcome, { type: 'exited', code: 0 })
})

test('a process that shows more than its job may write is ended', async () => {
  const slot = await SlotProcess.start([
    '--input-type=module',
    '-e',
    `import { readSync, writeSync } from 'node:fs'
    const say = (head, part) => {
      const json = Buffer.from(JSON.stringify({ ...head, parts: part ? [part.length] : [] }))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(json.length)
      writeSync(1, Buffer.concat([length, json, part ?? Buffer.alloc(0)]))
    }
    say({ ready: true })
    readSync(0, new Uint8Array(1_000_000))
    for (;;) say({ live: ['stdout'] }, Buffer.alloc(100))`,
  ])
  let shown = 0
  const input = runInput({ limits: { outputBytesMax: 250 } })
  const run = slot.run(input, {
    onOutput({ bytes }) {
      shown += bytes.length
    },
  })
  await assert.rejects(run, /more output than the job may have/)
  assert.equal(shown, 200)
})

/** The frames of a live line over a clock that the test moves. */
function lineOf() {
  const frames: Frame[] = []
  const clock = { ms: 0 }
  const line = openLiveLine(
    (pieces) => {
      const bytes = Buffer.concat(pieces)
      const reading = readFrame(ANSWER_MAX)
      let at = 0
      for (let step = reading.next(new Uint8Array(0)); ; ) {
        if (step.done) return void frames.push(step.value)
        at += step.value
        step = reading.next(bytes.subarray(at - step.value, at))
      }
    },
    () => clock.ms,
  )
  const output = () =>
    frames.flatMap((frame) => {
      const said = decodeSaid(frame)
      return said !== undefined && 'output' in said ? said.output : []
    })
  return { line, frames, clock, output }
}

test('a flood arrives whole in few messages, and later again piece by piece', () => {
  const { line, frames, clock, output } = lineOf()
  const writes = 20_000
  for (let at = 0; at < writes; at++) {
    line.output(at % 100 === 0 ? 'stderr' : 'stdout', Buffer.from([at % 256]))
  }
  assert(frames.length < 256 + writes / 1000, `${frames.length} messages`)
  clock.ms = 1000
  line.tick()
  const before = frames.length
  line.output('stdout', Buffer.from('x'))
  assert.equal(frames.length, before + 1)
  line.output('stdout', new Uint8Array(3 * PIECE_BYTES_MAX))
  line.close()
  const bytes = output().reduce((sum, piece) => sum + piece.bytes.length, 0)
  assert.equal(bytes, writes + 1 + 3 * PIECE_BYTES_MAX)
  assert(output().every((piece) => piece.bytes.length <= 2 * PIECE_BYTES_MAX))
})

test('of progress the newest is told, at most every 100 ms, and the last at the end', () => {
  const { line, frames, clock } = lineOf()
  for (let done = 0; done < 1000; done++) {
    clock.ms = done
    line.progress({ done, total: 1000 })
  }
  line.progress({ done: 1000, total: 1000 })
  line.close()
  const told = frames.map(({ head }) => (head.progress as number[])[0])
  assert.deepEqual(told, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])
})

test('a line of stderr is progress only as it is written down', () => {
  const heard: Progress[] = []
  const lines = new ProgressLines((progress) => heard.push(progress))
  const good = ['progress 1/2\n', 'progress 2/2 and words\n', 'progress 3/4\r\n']
  const bad = [
    'Progress 5/6\n',
    ' progress 5/6\n',
    'progress 5 / 6\n',
    'progress -5/6\n',
    'progress 5/6words\n',
    `progress 5/6 ${'long'.repeat(100)}\n`,
    `progress ${'9'.repeat(16)}/6\n`,
  ]
  for (const line of [...good, ...bad])
    for (const byte of Buffer.from(line)) lines.take(Buffer.of(byte))
  lines.take(Buffer.from(good.join('')))
  lines.take(Buffer.from('progress 7/8')) // not ended yet
  const once = [
    { done: 1, total: 2 },
    { done: 2, total: 2 },
    { done: 3, total: 4 },
  ]
  assert.deepEqual(heard, [...once, ...once])
})
