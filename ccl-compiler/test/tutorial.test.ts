import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { check, format, runTests } from '@planetary-mesh/ccl-compiler'

const page = readFileSync(join(import.meta.dirname, '../../docs/ccl/tutorial.md'), 'utf8')
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
