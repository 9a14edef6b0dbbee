/** Each kind has a page, and the page knows every field of its kind. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Anchor, Cosignature, KINDS, LogEntry } from '@planetary-mesh/spec'
import { fromJson, readVectors } from './vector-files.ts'

const folder = join(import.meta.dirname, '..', '..', 'records')
const blocks = [LogEntry, Anchor, Cosignature].map(({ name, schema }) => ({ kind: name, schema }))
const everything = [...KINDS, ...blocks]

for (const { kind, schema } of everything) {
  test(`the page of ${kind} names every field, the nested ones too`, () => {
    const page = readFileSync(join(folder, `${kind}.md`), 'utf8')
    const bodies = readVectors(kind).accepted.map(({ value }) => {
      const read = fromJson(value) as { body?: object }
      return read.body ?? read
    })
    const fields = new Set([...Object.keys(schema.shape), ...bodies.flatMap(fieldsOf)])
    const missing = [...fields].filter((field) => !page.includes(`\`${field}\``))
    assert.deepEqual(missing, [])
  })
}

test('there is no page of a kind that does not exist', () => {
  const pages = readdirSync(folder).map((name) => name.replace(/\.md$/, ''))
  const known = [...everything.map(({ kind }) => kind), 'checkpoint']
  assert.deepEqual(pages.sort(), known.sort())
})

/** The names of fields in plain data, at any depth; links and bytes have none. */
function fieldsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf)
  if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return []
  const fields = Object.entries(value as object)
  return fields.flatMap(([name, child]) => [name, ...fieldsOf(child)])
}
