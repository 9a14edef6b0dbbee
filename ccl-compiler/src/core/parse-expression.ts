/**
 * Expressions, by precedence: `otherwise`, `or`, `and`, `not`, comparisons and `in`, `+ -`, `*`,
 * minus, calls and fields. Comparisons do not chain.
 */

import { LIMITS } from '@planetary-mesh/spec/bare'
import type { IToken } from 'chevrotain'
import type { Name, Value } from '../ast.ts'
import { numberValue, rangeOf, textValue } from '../literals.ts'
import { shown } from '../messages.ts'
import type { Range } from '../source.ts'
import * as T from '../tokens.ts'
import { UNIT_MS } from '../units.ts'
import type { BinaryOp, Comprehension, CoreArgument, Expr } from './ast.ts'
import type { Reader } from './reader.ts'

type Shape = Expr extends infer E ? (E extends Expr ? Omit<E, 'range' | 'depth'> : never) : never

const COMPARISONS: readonly BinaryOp[] = ['==', '!=', '<', '<=', '>', '>=', 'in']
const LEVELS: readonly (readonly BinaryOp[])[] = [
  ['otherwise'],
  ['or'],
  ['and'],
  COMPARISONS,
  ['+', '-'],
  ['*'],
]
const COMPARISON_LEVEL = 3
/** What people write who know another language, and what it is here. */
const FOREIGN = new Map([
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['&', 'and'],
  ['|', 'or'],
])

export function parseExpression(reader: Reader): Expr {
  return level(reader, 0)
}

function node(reader: Reader, range: Range, shape: Shape, parts: readonly Expr[]): Expr {
  let depth = 0
  for (const part of parts) depth = Math.max(depth, part.depth)
  if (depth >= LIMITS.cclNestingMax) {
    reader.problems.add('CCL0213', range)
    reader.giveUp()
  }
  return { ...shape, range, depth: depth + 1 } as Expr
}

function level(reader: Reader, at: number): Expr {
  const operators = LEVELS[at]
  if (operators === undefined) return unary(reader)
  if (at === COMPARISON_LEVEL && reader.is('not')) return unary(reader)
  let left = level(reader, at + 1)
  for (let count = 0; ; count++) {
    const op = operators.find((word) => reader.is(word))
    if (op === undefined) {
      noForeign(reader, left, at)
      return left
    }
    const token = reader.next()
    if (at === COMPARISON_LEVEL && count > 0) {
      reader.problems.add('CCL0219', rangeOf(token))
      reader.giveUp()
    }
    const right = level(reader, at + 1)
    const range = { start: left.range.start, end: right.range.end }
    left = node(reader, range, { is: 'binary', op, at: rangeOf(token), left, right }, [left, right])
  }
}

/** After an operand: signs of other languages get a sentence of their own. */
function noForeign(reader: Reader, left: Expr, at: number): void {
  if (at !== LEVELS.length - 1) return
  const token = reader.peek()
  if (token.image === '/' || token.image === '%') {
    reader.problems.add('CCL0417', rangeOf(token), token.image)
    reader.giveUp()
  }
  const word = FOREIGN.get(token.image)
  if (word !== undefined) {
    reader.problems.add('CCL0217', rangeOf(token), token.image, word)
    reader.giveUp()
  }
  if (reader.is('=') && left.is !== 'broken') {
    reader.problems.add('CCL0218', rangeOf(token))
    reader.giveUp()
  }
}

function unary(reader: Reader): Expr {
  // a loop, because a thousand of them need no bracket
  const signs: IToken[] = []
  while (reader.is('not') || reader.is('-')) signs.push(reader.next())
  const word = FOREIGN.get(reader.peek().image)
  if (word !== undefined) {
    reader.problems.add('CCL0217', rangeOf(reader.peek()), reader.peek().image, word)
    reader.giveUp()
  }
  const innermost = signs.at(-1)?.image
  let of = innermost === 'not' ? level(reader, COMPARISON_LEVEL) : postfix(reader)
  for (const sign of signs.reverse()) {
    const op = sign.image === 'not' ? 'not' : '-'
    const range = { start: sign.startOffset, end: of.range.end }
    if (op === '-' && of.is === 'whole' && of.value >= 0n) {
      of = node(reader, range, { is: 'whole', value: -of.value }, [])
    } else of = node(reader, range, { is: 'unary', op, of }, [of])
  }
  return of
}

function postfix(reader: Reader): Expr {
  let of = primary(reader)
  while (reader.take('.')) {
    const field = reader.peek()
    if (!reader.isKind(T.Name)) reader.unexpected('the name of a field after `.`')
    reader.next()
    const name: Name = { text: field.image, range: rangeOf(field) }
    of = node(reader, reader.from(of.range), { is: 'field', of, name }, [of])
  }
  return of
}

/** What a text or a parameter stands for. */
function textOrParameter(reader: Reader): Expr {
  const token = reader.next()
  const value = textValue(token, reader.problems)
  const { range } = value
  if (value.is === 'string') return node(reader, range, { is: 'text', text: value.text }, [])
  if (value.is === 'flag') return node(reader, range, { is: 'flag', flag: value.flag }, [])
  return numberOf(reader, value, token.image)
}

function primary(reader: Reader): Expr {
  const token = reader.peek()
  if (reader.isKind(T.Numeral)) return numeral(reader)
  if (reader.isKind(T.Text)) return textOrParameter(reader)
  if (reader.take('(')) {
    const inner = parseExpression(reader)
    reader.expect(')', 'after the expression')
    return { ...inner, range: reader.from(token) }
  }
  if (reader.take('[')) return list(reader, token)
  if (reader.is('{') && BEFORE_MAP.has(reader.last.image)) return map(reader)
  if (!reader.isKind(T.Name)) {
    const closes = reader.is('{') ? 'a `{` has no meaning inside an expression' : undefined
    return reader.unexpected('a value', closes)
  }
  if (token.image === 'true' || token.image === 'false') {
    reader.next()
    return node(reader, rangeOf(token), { is: 'flag', flag: token.image === 'true' }, [])
  }
  if (reader.take('none')) return node(reader, rangeOf(token), { is: 'none' }, [])
  const name = imported(reader, reader.name('a value'))
  if (!reader.is('(')) return node(reader, name.range, { is: 'name', text: name.text }, [])
  return call(reader, name)
}

/** `pool.share(` calls a function of the import `pool`; without a call it is read as a field. */
function imported(reader: Reader, name: Name): Name {
  if (!reader.is('.') || !reader.isKind(T.Name, 1) || !reader.is('(', 2)) return name
  reader.next()
  const inner = reader.name('a function')
  return { text: `${name.text}.${inner.text}`, range: reader.from(name.range) }
}

/** Arguments in parentheses, with or without names. */
export function parseArguments(reader: Reader): CoreArgument[] {
  reader.next()
  const args: CoreArgument[] = []
  while (!reader.is(')')) {
    args.push(argument(reader))
    if (reader.take(',')) continue
    if (!reader.is(')')) separator(reader, 'arguments')
  }
  reader.next()
  return args
}

function call(reader: Reader, fn: Name): Expr {
  const args = parseArguments(reader)
  const parts = args.map(({ value }) => value)
  return node(reader, reader.from(fn.range), { is: 'call', fn, args }, parts)
}

function argument(reader: Reader): CoreArgument {
  if (reader.is('for')) return { name: null, value: comprehension(reader) }
  if (reader.isKind(T.Name) && reader.is(':', 1)) {
    const token = reader.next()
    reader.next()
    return { name: { text: token.image, range: rangeOf(token) }, value: parseExpression(reader) }
  }
  return { name: null, value: parseExpression(reader) }
}

function separator(reader: Reader, what: string): never {
  reader.problems.add('CCL0206', reader.gap(), what, reader.found())
  return reader.giveUp()
}

function list(reader: Reader, open: IToken): Expr {
  const items: Expr[] = []
  if (reader.is('for')) {
    const inner = comprehension(reader)
    reader.expect(']', 'after the list')
    return { ...inner, range: reader.from(open) }
  }
  while (!reader.is(']')) {
    items.push(parseExpression(reader))
    if (reader.take(',')) continue
    if (!reader.is(']')) separator(reader, 'entries')
  }
  reader.next()
  return node(reader, reader.from(open), { is: 'list', items }, items)
}

/** After an operator or the condition of an `if`, a brace begins a block. */
const BEFORE_MAP = new Set([':', '=', '(', '[', ',', 'return', 'in'])

/** `{ key: value, … }` */
function map(reader: Reader): Expr {
  const open = reader.next()
  const entries: { key: Expr; value: Expr }[] = []
  while (!reader.is('}')) {
    const key = parseExpression(reader)
    reader.expect(':', 'between a key and its value')
    entries.push({ key, value: parseExpression(reader) })
    if (reader.take(',')) continue
    if (!reader.is('}')) separator(reader, 'entries')
  }
  reader.next()
  const parts = entries.flatMap(({ key, value }) => [key, value])
  return node(reader, reader.from(open), { is: 'map', entries }, parts)
}

function comprehension(reader: Reader): Expr {
  const start = reader.next()
  const variable = reader.name('the variable of a list')
  reader.expect('in', `after \`for ${shown(variable.text)}\``)
  const source = parseExpression(reader)
  const limit = limitOf(reader)
  const filter = reader.take('if') ? parseExpression(reader) : null
  reader.expect(':', 'before what is taken of each entry')
  const body = parseExpression(reader)
  const parts = filter === null ? [source, body] : [source, filter, body]
  const shape: Comprehension = { is: 'for', variable, source, limit, filter, body }
  return node(reader, reader.from(start), shape, parts)
}

/** `limit 100`; the number stays text until it is checked. */
export function limitOf(reader: Reader): Name | null {
  if (!reader.take('limit')) return null
  if (!reader.isKind(T.Whole)) return reader.unexpected('a whole number after `limit`')
  const token = reader.next()
  return { text: token.image.replaceAll('_', ''), range: rangeOf(token) }
}

const I64_MAX = 2n ** 63n
const DIGITS_MAX = 40

function numeral(reader: Reader): Expr {
  const token = reader.next()
  return numberOf(reader, numberValue(token, null), token.image)
}

function numberOf(reader: Reader, value: Value, image: string): Expr {
  const { range } = value
  const whole = (digits: string): bigint => {
    const number = digits.length > DIGITS_MAX ? I64_MAX + 1n : BigInt(digits)
    if (number > I64_MAX) {
      reader.problems.add('CCL0420', range, `\`${shown(image)}\``)
      reader.giveUp()
    }
    return number
  }
  switch (value.is) {
    case 'whole':
      return node(reader, range, { is: 'whole', value: whole(value.digits) }, [])
    case 'decimal':
    case 'percent': {
      const [before = '', after = ''] = value.digits.split('.')
      const places = value.is === 'percent' ? 4 : 6
      const fraction = after.replace(/0+$/, '')
      if (fraction.length > places) {
        reader.problems.add('CCL0411', range, image)
        return reader.giveUp()
      }
      const ppm = whole(before + fraction.padEnd(places, '0'))
      return node(reader, range, { is: 'percent', ppm }, [])
    }
    case 'duration': {
      const ms = whole(value.count) * BigInt(UNIT_MS.get(value.unit) as number)
      if (ms < I64_MAX) return node(reader, range, { is: 'duration', ms }, [])
      reader.problems.add('CCL0420', range, `\`${shown(image)}\``)
      return reader.giveUp()
    }
    default:
      return node(reader, range, { is: 'broken' }, [])
  }
}
