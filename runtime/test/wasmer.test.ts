// The second backend passes the portable part of the sandbox's exam, agrees with the first on what
// simple programs do, and never calls what it does by the name that verifiers replay.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal, type RunInput } from '@planetary-mesh/spec'
import { RUNTIME_PROFILE } from '../src/admission/profile.ts'
import { runInProcess } from '../src/slot/run-in-process.ts'
import { openWasmerSandbox } from '../src/wasmer/open-wasmer.ts'
import { guest, runInput, text } from './run-input.ts'
import { examineSandbox } from './sandbox-exam.ts'

// closed at the end of the exam, which is the end of this file
const sandbox = await openWasmerSandbox({ slots: 1 })
examineSandbox('wasmer', async () => sandbox, 'portable')

const NOTE = { path: '/in/note.txt', bytes: Buffer.from('a note') }
const programs: [string, Partial<RunInput>][] = [
  ['echo', { args: ['7', 'zwei'], env: [['A', 'b']], stdin: Buffer.from('in\n') }],
  ['hello', { args: ['world'] }],
  ['sum', { args: ['note.txt', '/out/copy'], files: [NOTE] }],
  ['sum', { args: ['/in/absent'] }],
  ['memory', {}],
  ['traps', { args: ['exit', '3'] }],
  ['traps', { args: ['divide'] }],
  ['traps', { args: ['memory'] }],
  ['escape', { args: ['/etc/passwd', 'passwd'] }],
]
for (const [name, given] of programs) {
  const words = [name, ...(given.args ?? [])].join(' ')
  test(`both backends agree on '${words}': outcome, stdout, stderr and files`, async () => {
    const input = runInput({ module: guest(name), ...given })
    const theirs = await sandbox.run(input)
    const ours = runInProcess(input)
    for (const key of ['outcome', 'stdout', 'stderr', 'outputs', 'memoryPages'] as const) {
      assert.deepEqual(plain(theirs[key]), plain(ours[key]), key)
    }
    assert.notEqual(theirs.profile, ours.profile)
  })
}

const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? String(part) : part)))

test('no manifest of the mesh names the profile of the second backend', () => {
  assert.notEqual(sandbox.profile, RUNTIME_PROFILE)
  assert.match(sandbox.profile, /^wasmer-wasi\//)
})

test('a run that is cancelled while it goes on is killed, and cancelled at 0', async () => {
  const stop = new AbortController()
  const limits = { fuelMax: 2 ** 44 }
  const running = sandbox.run(runInput({ module: guest('traps'), args: ['loop'], limits }), stop)
  stop.abort()
  const { outcome, stdout, profile } = await running
  assert.deepEqual(outcome, { type: 'cancelled', atFuel: 0 })
  assert.equal(text(stdout), '')
  assert.equal(profile, sandbox.profile)
})

test('after a cancel the next run has a new process; a component is refused', async () => {
  const result = await sandbox.run(runInput({ module: guest('echo') }))
  assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
  const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)
  await assert.rejects(sandbox.run(runInput({ module: component })), (thrown) => {
    return thrown instanceof Refusal && thrown.code === 'MODULE_REFUSED'
  })
})
