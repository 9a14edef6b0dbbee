import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import { build, FUNCREF, I32, op, sleb } from './build.ts'
import { start } from './run.ts'

const GROW = {
  params: [I32],
  results: [I32],
  code: [op.get, 0, op.memoryGrow, 0],
  export: 'f',
}

for (const [sentence, memory, ends] of [
  ['without a maximum grows to that of the job', [0, 1], 10],
  ['with a smaller maximum of its own keeps it', [1, 1, 5], 5],
  ['with a larger maximum of its own is cut to that of the job', [1, 1, ...sleb(40)], 10],
] as const)
  test(`a memory ${sentence}, and not one page further`, () => {
    for (const variant of ['fast', 'exact'] as const) {
      const started = start(build({ functions: [GROW], memory: [...memory] }), {
        variant,
        memoryPagesMax: 10,
      })
      assert.equal(started.call('f', ends), -1)
      assert.equal(started.call('f', ends - 1), 1)
      assert.equal(started.call('f', 1), -1)
      assert.equal(started.call('f', 0), ends)
    }
  })

test('a table grows to its limit and not one element further', () => {
  const grow = { ...GROW, code: [0xd0, FUNCREF, op.get, 0, 0xfc, 15, 0] }
  const bytes = build({ functions: [grow], tables: [[FUNCREF, 0, 1]] })
  const started = start(bytes, { fuelMax: LIMITS.fuelMax })
  assert.equal(started.call('f', LIMITS.wasmTableElementsMax), -1)
  assert.equal(started.call('f', LIMITS.wasmTableElementsMax - 1), 1)
  assert.equal(started.call('f', 1), -1)
})
