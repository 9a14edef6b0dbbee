/** How much memory a run says its guest had, whatever the module calls it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInProcess } from '../src/index.ts'
import { build, text as name, op, sleb } from './admission/build.ts'
import { runInput } from './run-input.ts'

const MEMORY_EXPORT = 2

/** Starts with one page and grows by three; its memory is exported under `names`. */
const growing = (...names: string[]) =>
  build({
    memory: [0, 1],
    exports: names.map((text) => [...name(text), MEMORY_EXPORT, 0]),
    functions: [{ export: '_start', code: [op.i32, ...sleb(3), op.memoryGrow, 0, op.drop] }],
  })

test('pages are counted under whatever name the memory is exported', () => {
  for (const names of [['memory'], ['heap'], ['heap', 'memory']]) {
    const result = runInProcess(runInput({ module: growing(...names) }))
    assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
    assert.equal(result.memoryPages, 4, names.join())
  }
})
