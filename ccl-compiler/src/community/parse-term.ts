/**
 * Values and conditions of a document: `or and` (or `|| &&`), comparisons, `+ - * /`, calls, paths,
 * lists and objects, by precedence.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { IToken } from 'chevrotain'
import type { Name, Value } from '../ast.ts'
import type { Reader } from '../core/reader.ts'
import { numberValue, rangeOf, textValue } from '../literals.ts'
import * as T from '../tokens.ts'
import type { DocArgument, Term } from './ast.ts'
import { parseItems } from './parse-items.ts'

/** How operators are written, by how they are kept; a dialect has its own words for some. */
const LEVELS: readonly ReadonlyMap<string, string>[] = [
  new Map([
    ['or', 'or'],
    ['||', 'or'],
  ]),
  new Map([
    ['and', 'and'],
    ['&&', 'and'],
  ]),
  new Map(['==', '!=', '<', '<=', '>', '>=', 'in'].map((op) => [op, op])),
  new Map(['+', '-'].map((op) => [op, op])),
  new Map(['*', '/', '%'].map((op) => [op, op])),
]

export function parseTerm(reader: Reader, at = 0): Term {
  const operators = LEVELS[at]
  if (operators === undefined) return parseUnary(reader)
  let left = parseTerm(reader, at + 1)
  for (let count = 0; ; count++) {
    const op = operators.get(reader.peek().image)
    const next = reader.peek()
    if (op === undefined || reader.isKind(T.Text) || startsAnother(reader, next)) return left
    if (count >= LIMITS.cclNestingMax) {
      reader.problems.add('CCL0213', rangeOf(next))
      reader.giveUp()
    }
    reader.next()
    const right = parseTerm(reader, at + 1)
    left = { is: 'op', op, left, right, range: reader.from(left.range) }
  }
}

/** In `range 0 -5` the minus belongs to the number behind it. */
function startsAnother(reader: Reader, token: IToken): boolean {
  if (token.image !== '-') return false
  const [last, next] = [reader.last, reader.peek(1)]
  return T.endOf(last) < token.startOffset && next.startOffset === T.endOf(token)
}

function parseUnary(reader: Reader): Term {
  const before: { is: 'not' | 'minus'; start: IToken }[] = []
  for (;;) {
    const start = reader.peek()
    const not = reader.is('not') || reader.is('!')
    if (!not && !(reader.isKind(T.Minus) && !reader.isKind(T.Numeral, 1))) break
    if (before.length >= LIMITS.cclNestingMax) {
      reader.problems.add('CCL0213', rangeOf(start))
      reader.giveUp()
    }
    before.push({ is: not ? 'not' : 'minus', start })
    reader.next()
  }
  return before.reduceRight<Term>(
    (of, { is, start }) => ({ is, of, range: reader.from(start) }),
    parsePrimary(reader),
  )
}

const leaf = (value: Value): Term => ({ is: 'value', value, range: value.range })

/** After an operator or a word, a brace begins a block, not a value. */
const BEFORE_OBJECT = new Set([':', '=', '(', '[', ','])

export function parsePrimary(reader: Reader): Term {
  const token = reader.peek()
  if (reader.isKind(T.Text)) {
    reader.next()
    return leaf(textValue(token, reader.problems))
  }
  if (reader.isKind(T.Numeral)) return leaf(numberValue(reader.next(), null))
  if (reader.isKind(T.Minus)) {
    const minus = reader.next()
    return leaf(numberValue(reader.next(), minus))
  }
  if (reader.take('(') !== null) {
    const inner = parseTerm(reader)
    reader.expect(')', 'that closes this one')
    return inner
  }
  if (reader.is('[')) return parseList(reader)
  if (reader.is('{') && BEFORE_OBJECT.has(reader.last.image)) {
    const open = reader.next()
    const items = parseItems(reader, (open.payload as number) + 1)
    reader.expect('}', 'behind the last entry')
    return { is: 'object', items, range: reader.from(open) }
  }
  if (reader.isKind(T.Name)) return parsePath(reader)
  return reader.unexpected('a value')
}

/** `ctx.voter_id`, `allocation.*`, `timestamp()`, `ResourceType.CPU`. */
function parsePath(reader: Reader): Term {
  const first = reader.next()
  let text = first.image
  while (reader.is('.') && (reader.isKind(T.Name, 1) || reader.is('*', 1))) {
    reader.next()
    text += `.${reader.next().image}`
  }
  const range = reader.from(first)
  if (reader.is('(') && reader.peek().startOffset === range.end) {
    const args = parseArguments(reader)
    return { is: 'call', fn: { text, range }, args, range: reader.from(first) }
  }
  if (text === 'true' || text === 'false') return leaf({ is: 'flag', flag: text === 'true', range })
  return leaf({ is: 'name', text, range })
}

/** `(name: value, value)`, from its opening parenthesis to behind the closing one. */
export function parseArguments(reader: Reader): DocArgument[] {
  reader.expect('(', 'before the arguments')
  const args: DocArgument[] = []
  while (!reader.is(')')) {
    const named = reader.isKind(T.Name) && reader.is(':', 1)
    const token = reader.peek()
    const name: Name | null = named ? { text: token.image, range: rangeOf(token) } : null
    if (named) {
      reader.next()
      reader.next()
    }
    args.push({ name, value: parseTerm(reader) })
    separated(reader, 'arguments', ')')
  }
  reader.next()
  return args
}

function parseList(reader: Reader): Term {
  const open = reader.next()
  const items: Term[] = []
  while (!reader.is(']')) {
    items.push(parseTerm(reader))
    separated(reader, 'entries', ']')
  }
  reader.next()
  return { is: 'list', items, range: reader.from(open) }
}

/** A comma, or the closing bracket; what is missing is reported and read on after. */
function separated(reader: Reader, what: string, closer: string): void {
  if (reader.take(',') !== null || reader.is(closer)) return
  reader.problems.add('CCL0206', reader.gap(), what, reader.found())
  if (!reader.isKind(T.Text) && !reader.isKind(T.Numeral) && !reader.isKind(T.Name)) {
    reader.giveUp()
  }
}
