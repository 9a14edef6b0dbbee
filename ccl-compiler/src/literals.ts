/** Single words to values: texts with their escapes, numbers with their units, doc comments. */
import type { IToken } from 'chevrotain'
import type { Value } from './ast.ts'
import type { Problems } from './diagnostic.ts'
import { shown } from './messages.ts'
import type { Range, Source } from './source.ts'
import * as T from './tokens.ts'

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])
const PARAMETER = /\$\{[A-Za-z_]\w*\}/

export const rangeOf = (token: IToken): Range => ({
  start: token.startOffset,
  end: token.startOffset + token.image.length,
})

/** The value of a text token or a parameter; one that `scan` already reported is broken. */
export function textValue(token: IToken, problems: Problems): Value {
  const range = rangeOf(token)
  if (token.tokenType === T.Parameter) {
    const value = parameterValue(token.image.slice(2, -1), range, problems)
    return value === undefined ? { is: 'broken', range } : { ...value, range }
  }
  if (token.tokenType !== T.PlainString) return { is: 'broken', range }
  const filled = fillIn(token.image.slice(1, -1), range, problems)
  const text = filled === null ? null : readEscapes(filled, token, problems)
  return text === null ? { is: 'broken', range } : { is: 'string', text, range }
}

/** The value of a parameter; one without is remembered, so that nothing is built without it. */
function parameterValue(
  name: string,
  range: Range,
  { values, unset }: Problems,
): Value | undefined {
  const value = values.get(name)
  if (value === undefined && !unset.has(name)) unset.set(name, range)
  return value
}

/** A text with its parameters filled in, as it stands between quotes; null if one has no value. */
function fillIn(inner: string, { start }: Range, problems: Problems): string | null {
  if (!inner.includes('${')) return inner
  let whole = true
  const text = inner.replaceAll(new RegExp(PARAMETER, 'g'), (written, at: number) => {
    const range = { start: start + 1 + at, end: start + 1 + at + written.length }
    const value = parameterValue(written.slice(2, -1), range, problems)
    if (value === undefined) whole = false
    return value === undefined ? written : wordsOf(value)
  })
  return whole ? text : null
}

/** A value inside of a text. */
function wordsOf(value: Value): string {
  switch (value.is) {
    case 'string':
      return value.text.replace(/[\\"]/g, (sign) => `\\${sign}`).replaceAll('\n', '\\n')
    case 'whole':
    case 'decimal':
      return value.digits
    case 'percent':
      return `${value.digits}%`
    case 'duration':
      return value.count + value.unit
    case 'flag':
      return String(value.flag)
    case 'name':
      return value.text
    default:
      return ''
  }
}

/** The value of a number token, with the minus that stood before it. */
export function numberValue(token: IToken, minus: IToken | null): Value {
  const range = { start: (minus ?? token).startOffset, end: T.endOf(token) }
  if (minus?.tokenType === T.OddDash) return { is: 'broken', range }
  const written = `${minus === null ? '' : '-'}${token.image.replaceAll('_', '')}`
  switch (token.tokenType) {
    case T.Whole:
      return { is: 'whole', digits: written, range }
    case T.Decimal:
      return { is: 'decimal', digits: written, range }
    case T.Percent:
      return { is: 'percent', digits: written.slice(0, -1), range }
    case T.Duration: {
      const unit = /[a-z]+$/.exec(written)?.[0] ?? ''
      return { is: 'duration', count: written.slice(0, -unit.length), unit, range }
    }
    default:
      return { is: 'broken', range }
  }
}

function readEscapes(inner: string, { startOffset }: IToken, problems: Problems): string | null {
  if (!inner.includes('\\')) return inner
  let text = ''
  for (let at = 0; at < inner.length; ) {
    if (inner[at] !== '\\') {
      text += inner[at++]
      continue
    }
    const next = inner[at + 1] as string
    const hex = /^\\u\{([0-9A-Fa-f]{1,6})\}/.exec(inner.slice(at, at + 10))
    const code = hex === null ? -1 : Number.parseInt(hex[1] as string, 16)
    if (hex !== null && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)) {
      text += String.fromCodePoint(code)
      at += hex[0].length
    } else if (ESCAPES.has(next)) {
      text += ESCAPES.get(next)
      at += 2
    } else {
      const start = startOffset + 1 + at
      const character = String.fromCodePoint(inner.codePointAt(at + 1) as number)
      const range = { start, end: start + 1 + character.length }
      problems.add('CCL0105', range, `\\${shown(character)}`)
      return null
    }
  }
  return text
}

/** Finds the doc comment that stands right before an offset. */
export class DocComments {
  readonly #comments: readonly IToken[]
  readonly #source: Source

  constructor(comments: readonly IToken[], source: Source) {
    this.#comments = comments
    this.#source = source
  }

  before(offset: number): string | null {
    let low = 0
    let high = this.#comments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#comments[middle] as IToken).startOffset < offset) low = middle + 1
      else high = middle
    }
    const comment = this.#comments[low - 1]
    if (comment === undefined || !/^\/\*\*[^/]/.test(comment.image)) return null
    if (/\S/.test(this.#source.text.slice(T.endOf(comment), offset))) return null
    return comment.image
      .slice(3, -2)
      .split(/\r\n|\n|\r/)
      .map((line) => line.replace(/^\s*\* ?/, '').trim())
      .join('\n')
      .trim()
  }
}
