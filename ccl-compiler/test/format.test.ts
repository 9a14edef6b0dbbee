import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
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
