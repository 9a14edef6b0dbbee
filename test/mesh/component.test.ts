// A component goes through the mesh as a core module does: bids by who can run it, a receipt, three
// verdicts that it is the same when run again, payment.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openExec } from '@planetary-mesh/peer'
import {
  availableProfile,
  COMPONENT_PROFILE,
  openSandbox,
  RUNTIME_PROFILE,
} from '@planetary-mesh/runtime'
import { Refusal, runsProfile } from '@planetary-mesh/spec'
import { fromProgram, MISSING } from '../../runtime/test/component/make-component.ts'
import { guest } from '../../runtime/test/run-input.ts'
import { assertPaid, doneOf, stdoutOf } from '../hostile/scene.ts'
import { openTestMesh } from './harness.ts'

test('who runs components runs core modules too, and not the other way round', () => {
  assert(runsProfile(COMPONENT_PROFILE, RUNTIME_PROFILE))
  assert(runsProfile(RUNTIME_PROFILE, RUNTIME_PROFILE))
  assert(!runsProfile(RUNTIME_PROFILE, COMPONENT_PROFILE))
  assert(!runsProfile(`${RUNTIME_PROFILE}0+component/0`, RUNTIME_PROFILE))
  assert.equal(availableProfile(), MISSING ? RUNTIME_PROFILE : COMPONENT_PROFILE)
})

test('a component is run, replayed by the verifiers and paid', { skip: MISSING }, async () => {
  const sandbox = await openSandbox({ slots: 1, spares: 0 })
  try {
    await using mesh = await openTestMesh({ sandbox })
    const module = await fromProgram(guest('echo'))
    const job = await mesh.submit({ module, args: ['0', 'hello'] })
    const done = await doneOf(mesh, job)
    assertPaid(mesh, done)
    assert.equal(done.receipt.body.result.profile, COMPONENT_PROFILE)
    assert.equal(
      Buffer.from(await stdoutOf(mesh, done)).toString(),
      'arg 0: job\narg 1: 0\narg 2: hello\n',
    )
    const { verified } = await mesh.check(done.receipt)
    assert.equal(verified.mark, '✓', verified.detail)

    // the same component in a job that asks for core modules alone: others could not run it again
    const less = mesh.seal({ module, manifest: { profile: RUNTIME_PROFILE } })
    const { blocks } = mesh.machine('bruno')
    const exec = openExec({ blocks, clock: mesh.clock, sandbox })
    const running = exec.run(less.manifest, {
      wallMs: 60_000,
      signal: new AbortController().signal,
    })
    await assert.rejects(running, (thrown) => {
      return thrown instanceof Refusal && thrown.code === 'MODULE_REFUSED'
    })
    await exec.close()
  } finally {
    await sandbox.close()
  }
})
