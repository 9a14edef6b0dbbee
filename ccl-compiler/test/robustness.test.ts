import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { LIMITS } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { WebAssembly } from './engine.ts'
import { fuzz } from './fuzz-texts.ts'

const PROGRAMS = ['s1.ccl', 'full-job.ccl', 'pool.ccl'].map((name) =>
  readFileSync(new URL(`programs/${name}`, import.meta.url), 'utf8'),
)
/** Pieces that grammars trip over. */
const PIECES = [
  ...'{}()[];:,.="\'#/*-_%$\\\n\t 09aé🌾“„−\u00a0\ufeff\ud800',
  'submit_job(',
  'execution {',
  'if',
  'else',
  'rule',
  '/*',
  '*/',
  '//',
  '${X}',
  '10min',
  '0.4',
  '50%',
  'wasm_cid:',
  '__proto__: 1',
  'constructor { }',
  'toString(',
  '99999999999999999999',
  '\\u{',
  'policy p {',
  'rule a: allow when ',
  'rule b: deny unless ',
  'input l: list<',
  'fn f(n: int) -> int {',
  'return f(',
  'let n = ',
  'const a: cu = ',
  'record M { m: M; }',
  'people { anna: ',
  'for x in l limit 5 ',
  'sum(for x in [',
  'selection s { score: ',
  'test "t" { policy: p; ',
  'expect deny by ',
  ' and not ',
  ' == ',
  'request.amount',
  ' otherwise none',
]

/** What every text must give: an answer within the limits, whatever it is. */
function answers(text: string): boolean {
  const result = compile(text)
  assert.ok(result.diagnostics.length <= LIMITS.cclDiagnosticsMax)
  const errors = result.diagnostics.filter(({ severity }) => severity === 'error')
  assert.equal(result.ok, errors.length === 0)
  for (const { message, help, span } of result.diagnostics) {
    assert.ok(message !== '' && help !== '')
    assert.ok(span.line >= 1 && span.column >= 1 && span.length >= 0)
    assert.ok(span.offset + span.length <= text.length)
  }
  formatDiagnostics(result.diagnostics, text)
  if (result.ok) assert.ok(WebAssembly.validate(result.wasm))
  return result.ok
}

const when = (condition: string) => `policy p { rule a: allow when ${condition}; }`
const lists = (depth: number) => `${'list<'.repeat(depth)}int${'>'.repeat(depth)}`
const chain = (count: number, link: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => link(index)).join('\n')

type Edit = { at: number; remove: number; insert: string }

const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 12 }),
    insert: fc.oneof(fc.constantFrom(...PIECES), fc.constant('')),
  }),
  { minLength: 1, maxLength: 4 },
)

const edited = (text: string, changes: readonly Edit[]) =>
  changes.reduce((now, { at, remove, insert }) => {
    const start = Math.floor(at * now.length)
    return now.slice(0, start) + insert + now.slice(start + remove)
  }, text)

describe('whatever the text', () => {
  it('programs with a few edits get an answer', () => {
    let good = 0
    fc.assert(
      fc.property(fc.constantFrom(...PROGRAMS), edits, (text, changes) => {
        if (answers(edited(text, changes))) good++
      }),
      { numRuns: 3000 },
    )
    // some edits only touch a comment or a description
    assert.ok(good > 50, `${good} of the edited programs were still right`)
  })

  it('heaps of pieces get an answer', () => {
    const heap = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 })
    fc.assert(
      fc.property(heap, (pieces) => void answers(pieces.join(''))),
      { numRuns: 2000 },
    )
  })

  it('a program cut off anywhere is wrong, or is one that says less', () => {
    const [text, , core] = PROGRAMS as [string, string, string]
    for (let end = 0; end < text.length - 2; end++) assert.equal(answers(text.slice(0, end)), false)
    for (let end = 0; end < core.length; end++) answers(core.slice(0, end))
  })

  it('one sign left out of a program is at most one mistake', () => {
    for (const text of PROGRAMS) {
      for (const { index } of text.matchAll(/[{}()[\]:;,"]/g)) {
        const { diagnostics } = compile(text.slice(0, index) + text.slice(index + 1))
        assert.ok(diagnostics.length <= 1, `without the sign at ${index}`)
      }
    }
  })

  it('15,000 texts made of the examples and mistakes get an answer within their time', () => {
    const { parsed } = fuzz(15_000, 1)
    assert.ok(parsed >= 7500, `${parsed} of them were read to the end`)
  })

  const huge: [what: string, text: string][] = [
    ['open braces', '{'.repeat(10_000)],
    ['blocks in blocks', `${'a { '.repeat(10_000)}${'} '.repeat(10_000)}`],
    ['lists in lists', `title: ${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['a megabyte of semicolons', ';'.repeat(1_000_000)],
    ['a megabyte of one number', `title: ${'9'.repeat(1_000_000)}`],
    ['a megabyte of one name', 'a'.repeat(1_000_000)],
    ['a megabyte of one text', `title: "${'a'.repeat(1_000_000)}"`],
    ['a megabyte of backslashes', `title: "${'\\'.repeat(1_000_000)}"`],
    ['a megabyte of spaces', ' '.repeat(1_000_000)],
    ['a megabyte of one comment', `/*${'*'.repeat(1_000_000)}`],
    ['a megabyte of strange characters', '§ '.repeat(500_000)],
    ['a megabyte of quotes', '"\n'.repeat(500_000)],
    ['a condition of nots', when('not '.repeat(200_000))],
    ['a condition of minuses', when('-'.repeat(500_000))],
    ['a sum without end', when(`1${' + 1'.repeat(200_000)} > 1`)],
    ['a path without end', when(`a${'.a'.repeat(400_000)}`)],
    ['parentheses', when(`${'('.repeat(250)}true${')'.repeat(250)}`)],
    ['lists of lists', when(`${'['.repeat(250)}${']'.repeat(250)} in []`)],
    ['types of types', `const a: ${'list<'.repeat(100_000)}int = 1;`],
    ['a chain of constants', chain(20_000, (n) => `const c${n}: int = c${n + 1};`)],
    ['a chain of functions', chain(15_000, (n) => `fn f${n}() -> int { return f${n + 1}(); }`)],
    ['a chain of records', chain(20_000, (n) => `record R${n} { f: R${n + 1}; g: R${n + 1}; }`)],
    ['records that double', chain(60, (n) => `record R${n} { f: R${n + 1}; g: R${n + 1}; }`)],
    ['conditions in conditions', `fn f() -> int { ${'if true { '.repeat(250)} ${'}'.repeat(251)}`],
    ['else if without end', `fn f() -> int { ${'if true { } else '.repeat(50_000)} { } }`],
    ['rules without end', `policy p { ${chain(30_000, (n) => `rule r${n}: allow;`)} }`],
    ['tests without end', chain(20_000, (n) => `test "${n}" { expect ${n} == ${n}; }`)],
    ['a list of a megabyte', when(`1 in [${'1, '.repeat(300_000)}]`)],
    [
      'functions that call twice',
      chain(60, (n) => `fn f${n}() -> int { return f${n + 1}() + f${n + 1}(); }`),
    ],
    [
      'constants of constants',
      `const a0: list<int> = [${'1, '.repeat(4000)}];
${chain(20, (n) => `const a${n + 1}: ${lists(n + 2)} = [${`a${n}, `.repeat(400)}];`)}
${when('count(a20) == 3 and count(a20) == 3')}`,
    ],
    [
      'constants that are computed',
      `const a: list<int> = [${'1, '.repeat(4000)}];
${chain(2000, (n) => `const b${n}: list<list<int>> = [for x in a: a];`)}`,
    ],
    [
      'types that double',
      `${chain(50, (n) => `record R${n} { f: R${n + 1}; g: R${n + 1}; }`)}
record R50 { x: int; } policy p {
 input r: R0; rule a: allow when count([r]) == 1; }`,
    ],
    [
      'a header of megabytes',
      `record ${'R'.repeat(100)} { x: int; }
record S { ${chain(9000, (n) => `f${n}: ${'R'.repeat(100)};`)} }
policy p { input s: S; rule a: allow when s.f1.x > 1; }`,
    ],
    ['policies without end', chain(15_000, (n) => `policy p${n} { rule a: allow; }`)],
    ['a megabyte of wrong names', chain(20_000, (n) => `const a${n}: int = b${n} + c${n};`)],
    ['a megabyte of one wrong name', when('somebody == '.repeat(80_000))],
    ['a megabyte of a reason', `policy p { rule a: allow because "${'x'.repeat(1_000_000)}"; }`],
    ['a megabyte of a constant', `const a: text = "${'x'.repeat(1_000_000)}";`],
    ['a megabyte of right lines', `reporting {\n${'a: 1;\n'.repeat(170_000)}}`],
  ]
  for (const [what, text] of huge) it(`${what} gets an answer`, () => void answers(text))
})
