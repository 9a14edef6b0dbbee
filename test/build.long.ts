// Meshes of processes from what is published, without the checkout: the whole demo, and one job.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { install, ROOT, run, work } from './installed.ts'

before(install)

test('the installed meshctl shows the demo, with the example it brings', () => {
  const { status, stdout, stderr } = run('demo', '--out', join(work, 'demo.car'), '--json')
  assert.equal(status, 0, stderr)
  const { ok, charged } = JSON.parse(stdout)
  assert.deepEqual([ok, charged.posted], [true, 2])
  const verified = run('verify', '--from', join(work, 'demo.car'), '--no-replay')
  assert.equal(verified.status, 0, verified.stderr)
})

test('the installed meshctl starts processes that do a job and verify it', () => {
  const guest = join(ROOT, 'runtime/test/guests/echo.wasm')
  const started = run('up', '--nodes', '1', '--federation', '1', '--detach', '--json')
  assert.equal(started.status, 0, started.stderr)
  try {
    const names = JSON.parse(started.stdout).map(({ name }: { name: string }) => name)
    assert.deepEqual(names, ['federation-1', 'mesh-node-1'])
    const what = [
      '--wasm',
      guest,
      '--arg',
      '0',
      '--description',
      'Say it',
      '--resource-amount',
      '2',
    ]
    const done = run('submit-job', ...what, '--auto', '--wait', '--json')
    assert.equal(done.status, 0, done.stderr)
    const [{ job }] = JSON.parse(done.stdout).jobs
    const verified = run('verify', job, '--no-replay')
    assert.equal(verified.status, 0, verified.stderr)
    assert.match(verified.stdout, /^Receipt verified by federation ✓$/m)
  } finally {
    const { status, stderr } = run('down')
    assert.equal(status, 0, stderr)
  }
})
