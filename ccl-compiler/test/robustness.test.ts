import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { JobRequest, LIMITS } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { WebAssembly } from './engine.ts'
import { watchRules } from './fuzz-coverage.ts'
import { fuzz } from './fuzz-texts.ts'
import { hugeTexts } from './huge-texts.ts'

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
  if (result.ok) {
    assert.ok(WebAssembly.validate(result.wasm))
    for (const request of result.requests) assert.ok(JobRequest.safeParse(request).success)
  }
  return result.ok
}

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
  it('20,000 texts made of the examples and mistakes get an answer within their time', (t) => {
    // the engine is much slower while it counts, and few texts read nearly all rules; first of
    // all, because what often ran before is part of other functions, where it is not counted
    const coverage = watchRules()
    const counted = fuzz(1000, 1)
    const { rules, read, unread } = coverage()
    t.diagnostic(`${read} of ${rules} rules of the grammar were read`)
    assert.ok(read >= 0.95 * rules, unread.join('\n'))
    const rest = fuzz(19_000, 2)
    const [texts, parsed] = [counted.texts + rest.texts, counted.parsed + rest.parsed]
    assert.ok(parsed >= texts / 2, `${parsed} of ${texts} were read to the end`)
  })

  it('programs with a few edits get an answer', () => {
    let good = 0
    fc.assert(
      fc.property(fc.constantFrom(...PROGRAMS), edits, (text, changes) => {
        if (answers(edited(text, changes))) good++
      }),
      { numRuns: 1000 },
    )
    // some edits only touch a comment or a description
    assert.ok(good > 15, `${good} of the edited programs were still right`)
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

  for (const [what, text] of hugeTexts(1 / 4))
    it(`${what} gets an answer`, () => void answers(text))
})
