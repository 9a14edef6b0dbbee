/**
 * The JavaScript template, built before, in two sandboxes: the same to the bit, and what it should
 * be. A script of some seconds, `.ci/run` runs it: the engine in it is 12 MB to take apart.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { RunResult } from '@planetary-mesh/spec'
import { openSandbox } from '../../src/slot/open-sandbox.ts'
import { runInput, text } from '../run-input.ts'
import { reproducible } from '../sandbox-exam.ts'

const BUILT = new URL('../../../examples/guests/javascript/build/job.wasm', import.meta.url)
const input = runInput({
  module: readFileSync(BUILT),
  args: ['note.txt'],
  files: [{ path: '/in/note.txt', bytes: Buffer.from('one two\nthree\n') }],
  limits: { memoryPagesMax: 1024 },
})

async function runAlone(): Promise<RunResult> {
  const sandbox = await openSandbox({ slots: 1, spares: 0 })
  try {
    return await sandbox.run(input)
  } finally {
    await sandbox.close()
  }
}

const once = await runAlone()
assert.deepEqual(once.outcome, { type: 'exited', code: 0 }, text(once.stderr))
assert.equal(text(once.stdout), 'note.txt: 2 lines, 3 words\n')
assert.deepEqual(
  once.outputs.map(({ path, bytes }) => [path, text(bytes)]),
  [['counts.json', '{"name":"note.txt","lines":2,"words":3}\n']],
)
assert.deepEqual(reproducible(await runAlone()), reproducible(once))
const { wallMs } = once.measured
process.stdout.write(`the same twice: ${once.fuel} fuel, ${once.memoryPages} pages, ${wallMs} ms\n`)
