// The row of a component in `npm run bench -- runtime`: the program of the other rows, or the
// reason why there is none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openComponent, withoutComponent } from '../../../bench/component.ts'
import { kernelInput, kernelModule } from '../../../bench/kernels.ts'
import { FULL, QUICK } from '../../../bench/measure.ts'
import { runInProcess } from '../../src/index.ts'
import { text } from '../run-input.ts'
import { MISSING } from './make-component.ts'

test('a component that is measured says what the core module says', { skip: MISSING }, async () => {
  const core = kernelModule('sha256')
  const run = await openComponent(core)
  const { ms, stdout } = await run('3')
  assert.equal(stdout, text(runInProcess(kernelInput(core, '3')).stdout))
  assert(ms > 0, `${ms} ms`)
})

test('where the package is missing, or time is short, the row is left out with its reason', () => {
  assert.equal(withoutComponent(FULL, false), false)
  assert.equal(withoutComponent(FULL, 'not installed'), 'not installed')
  assert.equal(withoutComponent(QUICK, 'not installed'), 'not installed')
  assert.match(String(withoutComponent(QUICK, false)), /quick/)
})
