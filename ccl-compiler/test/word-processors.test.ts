/** Files as word processors and mails leave them: one error that names the character, and help. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { check, format, formatDiagnostics, repair } from '@planetary-mesh/ccl-compiler'

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
