/**
 * How diagnostics look, and files as word processors and mails leave them: one error that names the
 * character, and help.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { check, compile, format, formatDiagnostics, repair } from '@planetary-mesh/ccl-compiler'
import { program } from './mistakes.ts'

const shownOf = (text: string, file = 'job.ccl') =>
  formatDiagnostics(compile(text, { file }).diagnostics, text)

describe('diagnostics for people', () => {
  it('show place, code, sentence, line, carets and help', () => {
    assert.equal(
      shownOf(program().replace('resource_amount', 'resource_ammount')),
      [
        'job.ccl:6:5: error CCL0304: `submit_job` takes no argument `resource_ammount`',
        '   |',
        ' 6 |     resource_ammount: 1000,',
        '   |     ^^^^^^^^^^^^^^^^',
        '  = help: did you mean `resource_amount`?',
        '',
      ].join('\n'),
    )
  })

  it('show the other place too', () => {
    assert.equal(
      shownOf('title: "a";\ntitle: "b";'),
      [
        'job.ccl:2:1: error CCL0306: `title` is set twice in the document',
        '   |',
        ' 2 | title: "b";',
        '   | ^^^^^',
        '  = help: keep one of the two',
        'job.ccl:1:1: note: the first stands here',
        '   |',
        ' 1 | title: "a";',
        '   | ^^^^^',
        '',
      ].join('\n'),
    )
  })

  it('count columns in code points and keep tabs under tabs', () => {
    const lines = shownOf('/* 🌾🌾 */\ttitel: "a";').split('\n')
    assert.equal(lines[0]?.split(' ')[0], 'job.ccl:1:10:')
    assert.equal(lines[3], `   | ${' '.repeat(8)}\t^^^^^`)
  })

  it('cut a long line around the mistake', () => {
    const lines = shownOf(`title: "${'x'.repeat(500)}"; titel: "a"; # ${'y'.repeat(500)}`).split(
      '\n',
    )
    const from = lines[3]?.indexOf('^') ?? -1
    assert.ok((lines[2] as string).length < 120)
    assert.equal(lines[2]?.slice(from, from + 5), 'titel')
  })

  it('never pass a control character on to the terminal', () => {
    const text = shownOf('title: "\u001b[31mred"; \u001b]0;')
    assert.ok(!text.includes('\u001b'))
    assert.match(text, /U\+001B/)
  })

  it('are plain JSON with the fields of the README', () => {
    const text = program().replace('medium', 'meduim')
    const [diagnostic] = compile(text, { file: 'a.ccl' }).diagnostics
    assert.deepEqual(JSON.parse(JSON.stringify(diagnostic)), {
      code: 'CCL0404',
      severity: 'error',
      message: '`priority` cannot be the text "meduim"',
      help: 'did you mean `medium`?',
      span: {
        file: 'a.ccl',
        line: 7,
        column: 15,
        endLine: 7,
        endColumn: 23,
        offset: text.indexOf('"meduim"'),
        length: 8,
      },
    })
  })

  it('are nothing when nothing is wrong', () => assert.equal(shownOf(program()), ''))
})

const policy = (rule: string) => `policy p for token("compute") {\n  rule a: ${rule};\n}\n`
const quorum = (share: string) => `results {\n  verification { federation_quorum: ${share}; }\n}\n`

const LEFT: [what: string, text: string, names: string, mended: string][] = [
  ['English quotes', 'title: “Votes”;\n', '“` (U+201C)', 'title: "Votes";'],
  ['German quotes', 'title: „Votes“;\n', '„` (U+201E)', 'title: "Votes";'],
  ['French quotes', 'title: «Votes»;\n', '«` (U+00AB)', 'title: "Votes";'],
  ['single quotes', "title: 'Votes';\n", 'double quotes', 'title: "Votes";'],
  ['typographic single quotes', 'title: ‘Votes’;\n', '‘` (U+2018)', 'title: "Votes";'],
  ['a no-break space', 'title:\u{A0}"Votes";\n', '(U+00A0)', 'title: "Votes";'],
  ['a narrow no-break space', 'author:\u{202F}"Anna";\n', '(U+202F)', 'author: "Anna";'],
  ['a zero-width space', 'title: \u{200B}"Votes";\n', '(U+200B)', 'title:  "Votes";'],
  [
    'an en dash as a minus',
    policy('allow when request.amount – cu(1) < cu(5)'),
    '–` (U+2013)',
    'rule a: allow when request.amount - cu(1) < cu(5);',
  ],
  [
    'a minus of mathematics',
    policy('allow when request.amount > −cu(5)'),
    '−` (U+2212)',
    'rule a: allow when request.amount > -cu(5);',
  ],
  ['a decimal comma', quorum('0,5'), '0,5', 'verification { federation_quorum: 0.5; }'],
  ['a decimal comma in percent', quorum('66,67%'), '66,67%', 'federation_quorum: 66.67%; }'],
]

describe('what word processors leave in a text', () => {
  for (const [what, text, names, mended] of LEFT) {
    it(`${what}: one error that names it, with the line as it should be`, () => {
      const { diagnostics } = check(text)
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      assert.equal(errors.length, 1, JSON.stringify(errors))
      const [error] = errors
      assert.ok(`${error?.message}`.includes(names), `${error?.message}`)
      assert.ok(error?.mended?.trim().endsWith(mended), `${error?.mended}`)
      assert.ok(formatDiagnostics(diagnostics, text).includes(`  = mended: `))
    })

    it(`${what}: repair mends it, and nothing is left to mend`, () => {
      const whole = repair(text)
      assert.ok(whole.includes(mended))
      const codes = check(whole).diagnostics.filter(({ code }) => code.startsWith('CCL01'))
      assert.deepEqual(codes, [])
      assert.notEqual(format(whole), null)
    })
  }

  it('a byte order mark, CRLF and tabs are read as they are', () => {
    const text = policy('allow when request.amount < cu(5) because "small"')
    const left = `\u{FEFF}${text.replaceAll('\n', '\r\n').replaceAll('  ', '\t')}`
    assert.deepEqual(check(left).diagnostics, check(text).diagnostics)
    assert.ok(check(left).ok)
    assert.equal(format(left), text)
  })

  it('several on one line are an error each, and mended at once', () => {
    const text = 'results {\n  verification {\u{A0}federation_quorum: 0,5; }\n}\n'
    const { diagnostics } = check(text)
    assert.deepEqual(
      diagnostics.map(({ code, mended }) => [code, mended]),
      [
        ['CCL0107', '  verification { federation_quorum: 0.5; }'],
        ['CCL0109', '  verification { federation_quorum: 0.5; }'],
      ],
    )
  })
})
