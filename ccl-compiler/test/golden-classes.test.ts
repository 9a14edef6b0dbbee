import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CORE_MISTAKES } from './core-mistakes.ts'
import { MISTAKES } from './mistakes.ts'

const CLASSES = [
  ['lexical', /^CCL01/],
  ['structure', /^CCL02/],
  ['names', /^CCL03/],
  ['types and units', /^CCL04/],
  ['meaning', /^CCL05/],
] as const

it('at least 60 mistakes are written down, at least 12 in each class', (t) => {
  const codes = [...MISTAKES, ...CORE_MISTAKES].map(([, , code]) => code as string)
  const counts = CLASSES.map(([name, code]) => {
    const count = codes.filter((found) => code.test(found)).length
    t.diagnostic(`${name}: ${count}`)
    return count
  })
  assert.ok(Math.min(...counts) >= 12, `${counts}`)
  assert.ok(codes.length >= 60)
})
