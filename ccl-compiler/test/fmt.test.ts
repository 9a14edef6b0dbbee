import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { check, format, repair } from '@planetary-mesh/ccl-compiler'
import { Problems } from '../src/diagnostic.ts'
import { scan } from '../src/scan.ts'
import { breaksLine, sourceOf } from '../src/source.ts'
import { CORE_MISTAKES } from './core-mistakes.ts'
import { Generator } from './generate.ts'
import { unmark } from './marked.ts'
import { MISTAKES } from './mistakes.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Words and comments, and before which of the words a line ends: all that a parser sees. */
function seen(text: string): string[] | null {
  const source = sourceOf(text, '-')
  const scanned = scan(new Problems(source))
  if (scanned === null) return null
  const { tokens, comments } = scanned
  const words = tokens.map((token, index) => {
    const before = tokens[index - 1]
    const breaks = before && breaksLine(source, before.startOffset, token.startOffset)
    return `${breaks ? '\n' : ''}${token.image}`
  })
  return [...words, ...comments.map(({ image }) => image.replace(/[ \t]+$/gm, ''))]
}

function formatsWell(text: string): boolean {
  const once = format(text)
  if (once === null) return false
  assert.equal(format(once), once, 'twice is once')
  assert.deepEqual(seen(once), seen(text.replace(/\r\n?/g, '\n')), 'nothing is lost or moved')
  assert.doesNotMatch(once, /[ \t]\n|\n\n\n|\t(?![^"]*")/)
  return true
}

describe('format', () => {
  it('keeps every word, comment and line end of every text in the repository', () => {
    const files = globSync('{examples,ccl-compiler/test}/**/*.ccl', { cwd: ROOT })
    assert.ok(files.length >= 20)
    const done = files.filter((file) => formatsWell(readFileSync(join(ROOT, file), 'utf8')))
    // a typographic quote is no word of the language: repair mends it first
    const left = files.filter((file) => !done.includes(file))
    for (const file of left) assert.match(file, /_bad\.ccl$/)
  })

  it('does so with 300 generated programs, and with every written mistake', () => {
    for (let seed = 1; seed <= 300; seed++) assert.ok(formatsWell(new Generator(seed).program()))
    for (const [, text] of MISTAKES) formatsWell(text)
    for (const [, marked] of CORE_MISTAKES) formatsWell(unmark(marked).text)
  })

  const cases: [what: string, before: string, after: string][] = [
    ['indents by brackets', 'a {\nb {\nc: 1\n}\n}', 'a {\n  b {\n    c: 1\n  }\n}\n'],
    ['indents once for two brackets on a line', 'f({\na: 1\n});', 'f({\n  a: 1\n});\n'],
    ['spaces words', 'a{b:1,c:[ 1,2 ];}', 'a { b: 1, c: [1, 2]; }\n'],
    ['leaves one empty line', '\n\na: 1\n\n\n\nb: 2', 'a: 1\n\nb: 2\n'],
    ['keeps comments where they are', 'a: 1   // x\n/* y */ b: 2', 'a: 1 // x\n/* y */ b: 2\n'],
    ['knows types from comparisons', 'const a:list < did > =[ ];', 'const a: list<did> = [];\n'],
    ['knows a sign from a difference', 'const a:int=- 1-  2;', 'const a: int = -1 - 2;\n'],
    [
      'indents what a rule goes on with',
      'policy p {\nrule a: allow\nwhen b\nbecause "c";\n}',
      'policy p {\n  rule a: allow\n    when b\n    because "c";\n}\n',
    ],
    ['ends lines with LF', 'a: 1\r\nb: 2\r\n', 'a: 1\nb: 2\n'],
    ['removes a byte order mark', '\u{FEFF}a: 1', 'a: 1\n'],
  ]
  for (const [what, before, after] of cases) {
    it(what, () => assert.equal(format(before), after))
  }

  it('gives null for what cannot be read', () => {
    for (const text of ['a {', '“a”: 1', '/* a', '\ud800']) assert.equal(format(text), null)
  })
})

describe('repair', () => {
  const cases: [what: string, before: string, after: string][] = [
    ['typographic quotes', 'title: “Votes”;', 'title: "Votes";'],
    ['German quotes', 'title: „Votes“;', 'title: "Votes";'],
    ['French quotes', 'title: «Votes»;', 'title: "Votes";'],
    ['single quotes', "title: 'Votes';", 'title: "Votes";'],
    ['a quote that is never closed', 'title: “Votes;', 'title: "Votes";'],
    ['a no-break space', 'title:\u{A0}"a";', 'title: "a";'],
    ['a zero-width mark', '\u{FEFF}title: "a";', 'title: "a";'],
    ['a long dash', 'job { deadline: –5; }', 'job { deadline: -5; }'],
    ['a decimal comma', 'selection { weights { price: 0,4; } }', '{ price: 0.4; }'],
    ['carriage returns', 'a: 1\r\nb: 2\r', 'a: 1\nb: 2\n'],
  ]
  for (const [what, before, after] of cases) {
    it(`mends ${what}`, () => assert.ok(repair(before).includes(after), repair(before)))
  }

  it('leaves right texts alone, and what is in quotes', () => {
    for (const text of ['title: "„a“ – 1,2";', 'a: [1,2];', 'f(a: 1, b: 2);']) {
      assert.equal(repair(text), text)
    }
  })

  it('mends what check shows as mended', () => {
    const text = repair('title: “Votes”;\nselection { weights { price: 0,4; reputation: 0,6; } }')
    const codes = check(text).diagnostics.map(({ code }) => code)
    assert.deepEqual(codes, ['CCL0504'])
  })
})
