// Every planted bug still applies to the sources, and every sentence of the requirements has one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PATCHES } from './patches.ts'
import { REQUIREMENTS } from './requirement-patches.ts'
import { filesOf } from './requirements.ts'

const ROOT = join(import.meta.dirname, '../..')
const SENTENCES = Array.from({ length: 16 }, (_, index) => `S1-${index + 1}`)

for (const { id, edits } of PATCHES) {
  test(`the planted bug ${id} applies in one place`, () => {
    assert.ok(edits.length > 0)
    for (const { file, find, replace } of edits) {
      const places = readFileSync(join(ROOT, file), 'utf8').split(find).length - 1
      assert.equal(places, 1, `${file}: ${find}`)
      assert.notEqual(find, replace)
    }
  })
}

test('no two planted bugs have one name', () => {
  assert.equal(new Set(PATCHES.map(({ id }) => id)).size, PATCHES.length)
})

test('each sentence of the requirements has one planted bug in one place, and tests', () => {
  assert.deepEqual(
    REQUIREMENTS.map(({ id }) => id),
    SENTENCES,
  )
  for (const { id, edits } of REQUIREMENTS) {
    assert.equal(edits.length, 1, id)
    assert.ok(filesOf(id).length > 0, `${id} has no test`)
  }
})
