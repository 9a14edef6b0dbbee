// Tests cannot vanish: fewer than the committed count, or skipped without leave, is a failure.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingTests, type Skipped, type Tally } from '../tools/test-count.ts'

const missing = (committed: number, tally: Tally, skipped: readonly Skipped[]) =>
  missingTests(committed, tally, skipped, 'linux-x64')

const all = { tests: 100, skipped: 0, cancelled: 0, todo: 0 }

test('as many tests as committed, or more, are enough', () => {
  assert.equal(missing(100, all, []), undefined)
  assert.equal(missing(99, all, []), undefined)
})

test('one test fewer than committed is named with both numbers', () => {
  assert.match(missing(101, all, []) ?? '', /^100 tests ran, .* says 101/)
  assert.match(missing(100, { ...all, cancelled: 1 }, []) ?? '', /^99 tests ran/)
})

test('only the rebuild of a guest may be skipped, with its reason', () => {
  const one = { ...all, skipped: 1 }
  const rebuild = { name: 'echo.wasm rebuilds to the same bytes', file: undefined }
  assert.equal(missing(100, one, [{ ...rebuild, reason: 'no clang-14 here' }]), undefined)
  assert.match(missing(100, one, [{ ...rebuild, reason: 'true' }]) ?? '', /without leave/)
  const inFile = { name: 'echo.wasm is what build.sh makes', file: 'test/rebuild.test.ts' }
  assert.equal(missing(100, one, [{ ...inFile, reason: 'no clang-14 here' }]), undefined)
  const other = { name: 'a bid wins', reason: 'too slow', file: undefined }
  assert.match(missing(100, one, [other]) ?? '', /without leave: a bid wins/)
  assert.equal(missingTests(100, one, [other], 'darwin-arm64'), undefined)
})

test('a test marked todo is not a test', () => {
  assert.match(missing(100, { ...all, todo: 1 }, []) ?? '', /1 tests are marked todo/)
})
