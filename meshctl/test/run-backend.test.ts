/** `meshctl run --backend wasmer`: another WASI host, the same words, and no job that uses it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guest, meshctl } from './start-meshctl.ts'

test('the second backend runs a program, and says that no job of the mesh runs on it', () => {
  const words = ['run', guest('echo'), '--env', 'A=b', '0', 'zwei']
  const ours = meshctl(words)
  const theirs = meshctl([...words, '--backend', 'wasmer'])
  assert.deepEqual([theirs.status, theirs.stdout], [ours.status, ours.stdout])
  assert.match(ours.stderr, /to run it in the mesh/)
  assert.doesNotMatch(theirs.stderr, /to run it in the mesh/)
  assert.match(theirs.stderr, /not reproducible: no job of the mesh runs on wasmer-wasi\//)
})

test('a backend that is not known is a mistake of the command line', () => {
  const { status, stderr } = meshctl(['run', guest('echo'), '--backend', 'wasmtime'])
  assert.equal(status, 2)
  assert.match(stderr, /mesh.*wasmer/)
})
