import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { MESSAGES } from '../src/messages.ts'
import { pages } from './pages.ts'

const FOLDER = join(import.meta.dirname, '../../docs/ccl')

it('every code has its page, and the pages are those that the tables give', () => {
  const made = pages()
  for (const [path, text] of made) assert.equal(readFileSync(join(FOLDER, path), 'utf8'), text)
  const files = readdirSync(join(FOLDER, 'errors')).filter((file) => file !== 'README.md')
  assert.deepEqual(
    files.sort(),
    Object.keys(MESSAGES)
      .map((code) => `${code}.md`)
      .sort(),
  )
})

it('every page but those about size shows a text with that mistake', () => {
  const without = [...pages()].filter(([path, text]) => /CCL\d/.test(path) && !text.includes('```'))
  assert.deepEqual(
    without.map(([path]) => path),
    ['0212', '0213', '0214', '0506', '0507', '0543'].map((number) => `errors/CCL${number}.md`),
  )
})
