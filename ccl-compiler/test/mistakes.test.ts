import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compile } from '@planetary-mesh/ccl-compiler'
import { MESSAGES, WARNINGS } from '../src/messages.ts'
import { COMMUNITY_MISTAKES } from './community-mistakes.ts'
import { CORE_MISTAKES } from './core-mistakes.ts'
import { unmark } from './marked.ts'
import { MISTAKES, program } from './mistakes.ts'

describe('one mistake gives one error, and no output', () => {
  for (const [what, text, code, at] of MISTAKES) {
    it(`${what}: ${code} at ${at}`, () => {
      const result = compile(text, { file: 'wrong.ccl' })
      const found = result.diagnostics.map(({ code, severity, span }) => [
        code,
        severity,
        `${span.file}:${span.line}:${span.column}`,
      ])
      assert.deepEqual(found, [[code, 'error', `wrong.ccl:${at}`]])
      assert.equal(result.ok, false)
      assert.ok(!('wasm' in result) && !('requests' in result))
      assert.notEqual(result.diagnostics[0]?.help, '')
    })
  }

  for (const [what, marked, code] of [...CORE_MISTAKES, ...COMMUNITY_MISTAKES]) {
    it(`${what}: ${code}`, () => {
      const { text, offset, length } = unmark(marked)
      const result = compile(text)
      const errors = result.diagnostics.filter(({ severity }) => severity === 'error')
      const found = errors.map(({ code, span }) => [code, span.offset, span.length])
      assert.deepEqual(found, [[code, offset, length]], text)
      assert.equal(result.ok, false)
      assert.notEqual(errors[0]?.help, '')
    })
  }

  it('covers every error code; three more codes have tests of their own', () => {
    const covered = new Set(
      [...MISTAKES, ...CORE_MISTAKES, ...COMMUNITY_MISTAKES].map(([, , code]) => code),
    )
    const all = Object.keys(MESSAGES).filter((code) => !WARNINGS.has(code as 'CCL0504'))
    assert.deepEqual(
      all.filter((code) => !covered.has(code)),
      ['CCL0212', 'CCL0214', 'CCL0543'],
    )
  })
})

describe('several mistakes', () => {
  it('give an error each, in the order of the text', () => {
    const text = `titel: "a";\nversion;\n${program().replace('"medium"', '"meduim"')}`
    const codes = compile(text).diagnostics.map(({ code }) => code)
    assert.deepEqual(codes, ['CCL0302', 'CCL0205', 'CCL0404'])
  })

  it('stop being listed at the limit, and the last says so', () => {
    const { diagnostics } = compile('weather { }\n'.repeat(5000))
    assert.equal(diagnostics.length, 100)
    assert.equal(diagnostics.at(-1)?.code, 'CCL0214')
    assert.equal(diagnostics.at(-2)?.code, 'CCL0301')
  })

  it('a text beyond 1 MiB is refused unread', () => {
    const { diagnostics } = compile('# comment\n'.repeat(110_000))
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['CCL0212'],
    )
  })
})

describe('what is known elsewhere helps', () => {
  const helps: [text: string, help: string][] = [
    [program().replace('priority:', 'prioritiy:'), 'did you mean `priority`?'],
    [program().replace('submit_job', 'submit-job'.replace('-', '')), 'did you mean `submit_job`?'],
    [program().replace('"medium"', '"MEDIUM"'), 'did you mean `medium`?'],
    ['execuiton { }', 'did you mean `execution`?'],
    ['job { reputation_min: 80; }', 'move it into `job.node_preferences`'],
    ['results { storag { } }', 'did you mean `storage`?'],
  ]
  for (const [text, help] of helps) {
    it(help, () =>
      assert.deepEqual(
        compile(text).diagnostics.map((d) => d.help),
        [help],
      ),
    )
  }

  it('an error made of two places shows both', () => {
    const [duplicate] = compile('title: "a";\ntitle: "b";').diagnostics
    assert.equal(duplicate?.span.line, 2)
    assert.equal(duplicate?.related?.[0]?.span.line, 1)
  })
})

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
