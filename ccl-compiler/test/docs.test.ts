/** docs/ccl: the pages that come from tables, and the tutorial, of which every program is run. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { check, format, runTests } from '@planetary-mesh/ccl-compiler'
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

const page = readFileSync(join(FOLDER, 'tutorial.md'), 'utf8')
const programs = [...page.matchAll(/```ccl\n([\s\S]*?)```/g)].map(([, text]) => text as string)
const mistakes = [...page.matchAll(/^\| `(.+)` \| `(.*)` \| (CCL\d{4}): (.+) \|$/gm)]

describe('the tutorial', () => {
  for (const [index, text] of programs.entries()) {
    it(`program ${index + 1} compiles, is laid out, and its tests pass`, () => {
      const checked = check(text)
      assert.ok(checked.ok, JSON.stringify(checked.diagnostics))
      assert.equal(checked.diagnostics.length, 0)
      assert.equal(format(text), text)
      assert.equal(runTests(checked).failed, 0)
    })
  }

  it('ends with a program whose tests see every rule both ways', () => {
    const checked = check(programs.at(-1) as string, { lint: true })
    assert.deepEqual(checked.diagnostics, [])
  })

  it('plants twelve mistakes', () => assert.equal(mistakes.length, 12))

  for (const [, from, to, code, message] of mistakes) {
    it(`${from} as ${to}: ${code}`, () => {
      const right = programs.at(-1) as string
      assert.equal(right.split(from as string).length, 2, 'it stands in the program once')
      const { diagnostics } = check(right.replace(from as string, to as string))
      const found = diagnostics.map((diagnostic) => [diagnostic.code, diagnostic.message])
      assert.deepEqual(found, [[code, message]])
    })
  }
})
