import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { FAULTS } from './planted-faults.ts'

it('every fault to plant has one place, and a name of its own', () => {
  const places = FAULTS.map(({ id, file, find, replace }) => {
    const source = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
    return [id, source.split(find).length - 1, find === replace]
  })
  assert.deepEqual(
    places,
    FAULTS.map(({ id }) => [id, 1, false]),
  )
  assert.equal(new Set(FAULTS.map(({ id }) => id)).size, FAULTS.length)
  for (const part of ['checker', 'interpreter', 'encoder']) {
    assert.ok(FAULTS.filter((fault) => fault.part === part).length >= 10, part)
  }
})
