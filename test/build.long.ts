// The whole demo, six processes and all, from what is published and without the checkout.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { install, run, work } from './installed.ts'

before(install)

test('the installed meshctl shows the demo, with the example it brings', () => {
  const { status, stdout, stderr } = run('demo', '--out', join(work, 'demo.car'), '--json')
  assert.equal(status, 0, stderr)
  const { ok, charged } = JSON.parse(stdout)
  assert.deepEqual([ok, charged.posted], [true, 2])
  const verified = run('verify', '--from', join(work, 'demo.car'), '--no-replay')
  assert.equal(verified.status, 0, verified.stderr)
})
