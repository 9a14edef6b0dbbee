/** The pipe between a sandbox and its slots: what is sent arrives, what is no answer is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostFault, Refusal, type RunResult } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { encodeFrame, type Frame, FrameError, readFrame } from '../src/slot/frames.ts'
import {
  ANSWER_MAX,
  decodeAnswer,
  decodeRequest,
  encodeRequest,
  encodeResult,
  encodeThrown,
  REQUEST_MAX,
  type SlotRequest,
} from '../src/slot/messages.ts'
import { runInProcess } from '../src/slot/run-in-process.ts'
import { guest, runInput } from './run-input.ts'

/** Reads a frame from bytes; what is left over or missing is a failure. */
function readAll(pieces: readonly Uint8Array[], max = ANSWER_MAX): Frame {
  const bytes = Buffer.concat(pieces)
  const reading = readFrame(max)
  let at = 0
  let step = reading.next(new Uint8Array(0))
  while (!step.done) {
    const wanted = step.value
    assert(at + wanted <= bytes.length, 'the frame ended early')
    step = reading.next(bytes.subarray(at, at + wanted))
    at += wanted
  }
  assert.equal(at, bytes.length, 'bytes after the frame')
  return step.value
}

test('a frame arrives with its head and every part, empty ones too', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.uint8Array({ maxLength: 50 })), (text, parts) => {
      const { head, parts: arrived } = readAll(encodeFrame({ text }, parts))
      assert.equal(head.text, JSON.parse(JSON.stringify(text)))
      assert.deepEqual(
        arrived.map((part) => [...part]),
        parts.map((part) => [...part]),
      )
    }),
  )
})

test('a head or parts larger than agreed are refused before they are read', () => {
  const frame = encodeFrame({ a: 'b' }, [new Uint8Array(100)])
  const headBytes = Buffer.from(frame[0] ?? []).readUInt32LE()
  const fits = { headBytes, partBytes: 100 }
  assert.equal(readAll(frame, fits).parts[0]?.length, 100)
  assert.throws(() => readAll(frame, { ...fits, headBytes: headBytes - 1 }), FrameError)
  assert.throws(() => readAll(frame, { ...fits, partBytes: 99 }), FrameError)
})

const rawFrame = (json: string) => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return [length, Buffer.from(json)]
}

for (const head of ['{', 'null', '3', '{}', '{"parts":[-1]}', '{"parts":[1.5]}', '{"parts":3}']) {
  test(`a head of ${head} is no frame`, () => {
    assert.throws(() => readAll(rawFrame(head)), FrameError)
  })
}

test('a request arrives as it was sent', () => {
  const input = runInput({
    args: ['ä', '😀'],
    env: [['A', 'b']],
    stdin: Buffer.from('stdin'),
    files: [
      { path: '/in/a', bytes: Uint8Array.of(1, 2) },
      { path: '/in/empty', bytes: new Uint8Array(0) },
    ],
  })
  const original = {
    hash: 'h',
    module: { form: 'original', bytes: input.module },
    live: true,
  } as const
  const arrives = (request: SlotRequest) =>
    decodeRequest(readAll(encodeRequest(request), REQUEST_MAX))
  const arrived = arrives({ input, ...original })
  const { stdin, seed, files, ...plain } = arrived.input
  assert(arrived.module.form === 'original' && arrived.live && arrived.hash === 'h')
  assert.deepEqual(
    { ...plain },
    { args: input.args, env: input.env, clockMs: input.clockMs, limits: input.limits },
  )
  const replay = { ...input, cancelAtFuel: 5 }
  assert.equal(arrives({ input: replay, ...original }).input.cancelAtFuel, 5)
  assert.deepEqual(
    [arrived.module.bytes, stdin, seed].map(numbers),
    [input.module, input.stdin, input.seed].map(numbers),
  )
  const named = (given: typeof files) => given.map(({ path, bytes }) => [path, numbers(bytes)])
  assert.deepEqual(named(files), named(input.files))
})

const numbers = (part: Uint8Array) => [...part]

test('a result arrives as it was sent', () => {
  const result = runInProcess(runInput({ module: guest('files') }))
  const arrived = decodeAnswer(readAll(encodeResult(result)))
  assert.deepEqual({ ...arrived, ...flat(arrived) }, { ...result, ...flat(result) })
})

test('a cancelled result arrives with its fuel', () => {
  const result = runInProcess({ ...runInput({}), cancelAtFuel: 1 })
  assert.equal(result.outcome.type, 'cancelled')
  assert.deepEqual(decodeAnswer(readAll(encodeResult(result))).outcome, result.outcome)
})

function flat(result: RunResult) {
  const { stdout, stderr, hostCallDigest, outputs } = result
  return {
    stdout: numbers(stdout),
    stderr: numbers(stderr),
    hostCallDigest: numbers(hostCallDigest),
    outputs: outputs.map((output) => [output.path, numbers(output.bytes)]),
  }
}

test('a refusal and a host fault cross the pipe as themselves, our own faults as a crash', () => {
  const arrives = (thrown: unknown) => {
    try {
      decodeAnswer(readAll(encodeThrown(thrown)))
    } catch (arrived) {
      return arrived
    }
    return assert.fail('it became a result')
  }
  const refusal = arrives(new Refusal('LIMIT_EXCEEDED', 'why', { values: { asked: 3 } }))
  assert(refusal instanceof Refusal)
  assert.deepEqual(
    [refusal.code, refusal.detail, refusal.values.asked],
    ['LIMIT_EXCEEDED', 'why', 3],
  )
  const fault = arrives(new HostFault('native-stack', 'deep'))
  assert(fault instanceof HostFault && fault.reason === 'native-stack')
  const crash = arrives(new TypeError('ours'))
  assert(crash instanceof HostFault && crash.reason === 'crash' && crash.message.includes('ours'))
})

const answer = {
  outcome: { type: 'exited', code: 0 },
  fuel: 1,
  memoryPages: 1,
  profile: 'p',
  measured: { wallMs: 1, rssBytes: 1 },
  paths: [],
}
const parts = [new Uint8Array(0), new Uint8Array(0), new Uint8Array(32)]
const lies: [string, object, Uint8Array[]][] = [
  ['no outcome', { ...answer, outcome: undefined }, parts],
  ['an outcome of no kind', { ...answer, outcome: { type: 'won' } }, parts],
  ['a trap of no kind', { ...answer, outcome: { type: 'trapped', trap: 'mouse' } }, parts],
  ['a cancel nowhere', { ...answer, outcome: { type: 'cancelled' } }, parts],
  ['negative fuel', { ...answer, fuel: -1 }, parts],
  ['a path without bytes', { ...answer, paths: ['a'] }, parts],
  ['a short digest', answer, [new Uint8Array(0), new Uint8Array(0), new Uint8Array(31)]],
  ['a refusal with no known code', { refusal: { code: 'NOPE', detail: '', values: {} } }, []],
]
test('an answer that holds together is taken', () => {
  assert.equal(decodeAnswer(readAll(encodeFrame(answer, parts))).fuel, 1)
})
for (const [what, head, given] of lies) {
  test(`an answer with ${what} is no answer`, () => {
    const frame = readAll(encodeFrame(head as Record<string, unknown>, given))
    assert.throws(() => decodeAnswer(frame), FrameError)
  })
}
