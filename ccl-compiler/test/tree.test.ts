import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Lexer } from 'chevrotain'
import type { Item } from '../src/ast.ts'
import { Problems } from '../src/diagnostic.ts'
import { parse } from '../src/grammar.ts'
import { scan } from '../src/scan.ts'
import { breaksLine, lineRange, positionAt, sourceOf } from '../src/source.ts'
import { TOKENS } from '../src/tokens.ts'

function itemsOf(text: string): readonly Item[] {
  const problems = new Problems(sourceOf(text, '-'))
  const scanned = scan(problems)
  assert.ok(scanned !== null)
  const { items } = parse(scanned, problems)
  assert.deepEqual(problems.list(), [])
  return items
}

/** `source ==> tree`, the tree in one line. */
const sketch = (item: Item): string => {
  if (item.is === 'pair') return `${item.key.text}=${item.value.is}`
  if (item.is === 'call') return `${item.action.text}(${item.args.map((a) => a.name?.text ?? '_')})`
  return `${item.kind.text}<${item.label?.text ?? ''}>{${item.items.map(sketch).join(' ')}}`
}

const CASES = [
  'a: 1 ==> a=whole',
  'a: -1.5, b: 10min; c: 50% ==> a=decimal b=duration c=percent',
  'a: true; b: x.y.z ==> a=flag b=name',
  'a { } b "two words" { } c name { }; ==> a<>{} b<two words>{} c<name>{}',
  'a { b { c: [1, "x", [ ]] } } ==> a<>{b<>{c=list}}',
  'a: { b: 1, "c d": { } } ==> a=object',
  'a { f(x: 1, y: [2],); g(); h(1, z.w); } ==> a<>{f(x,y) g() h(_,_)}',
  'policy: "x"; on: 1; role: 2 ==> policy=string on=whole role=whole',
]

describe('source ==> tree', () => {
  for (const line of CASES) {
    it(line, () => {
      const [text, tree] = line.split(' ==> ') as [string, string]
      assert.equal(itemsOf(text).map(sketch).join(' '), tree)
    })
  }

  it('comments of all kinds are nothing, wherever they stand', () => {
    const text = '# one\na /* two */ : // three\n 1 /* four\n */; # five'
    assert.equal(itemsOf(text).map(sketch).join(' '), 'a=whole')
  })

  it('a doc comment belongs to what follows it', () => {
    const [a, b, c] = itemsOf('/** Of\n * a. */\na: 1\n/* not doc */ b { }\n/** Of c. */ c: 2')
    assert.deepEqual([a?.doc, b?.doc, c?.doc], ['Of\na.', null, 'Of c.'])
  })
})

describe('places', () => {
  it('count lines by LF, CRLF and CR, columns by code points', () => {
    const source = sourceOf('a\r\nb\rc\n🌾d', '-')
    const places = [0, 3, 5, 7, 9].map((offset) => positionAt(source, offset))
    assert.deepEqual(
      places.map(({ line, column }) => `${line}:${column}`),
      ['1:1', '2:1', '3:1', '4:1', '4:2'],
    )
    assert.deepEqual(
      [2, 4].map((line) => lineRange(source, line)),
      [
        { start: 3, end: 4 },
        { start: 7, end: 10 },
      ],
    )
    assert.ok(breaksLine(source, 0, 3) && !breaksLine(source, 7, 9))
  })

  it('do not count a byte order mark', () => {
    assert.deepEqual(positionAt(sourceOf('\u{FEFF}ab', '-'), 2), { line: 1, column: 2 })
  })
})

it('the table of words is sound: every start of a word is known beforehand', () => {
  const { lexerDefinitionErrors } = new Lexer(TOKENS, { ensureOptimizations: true })
  assert.deepEqual(lexerDefinitionErrors, [])
})
