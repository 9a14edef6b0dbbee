/**
 * Text to tokens. Reports what is wrong with single words, and brackets that do not match, before
 * the grammar sees anything: the parser may then count on balanced, bounded nesting.
 */

import { LIMITS } from '@planetary-mesh/spec/bare'
import type { IToken } from 'chevrotain'
import type { Problems } from './diagnostic.ts'
import { rangeOf } from './literals.ts'
import { shown } from './messages.ts'
import { indentOf, startsLine } from './source.ts'
import * as T from './tokens.ts'

export type Scan = {
  readonly tokens: IToken[]
  /** Comments in the order of the text; a doc comment belongs to what follows it. */
  readonly comments: readonly IToken[]
}

const BYTE_ORDER_MARK = '\u{FEFF}'
const CLOSER = new Map([
  ['{', '}'],
  ['(', ')'],
  ['[', ']'],
])

/**
 * The tokens of a text, each with its bracket depth as `payload` (a closing bracket has that of its
 * opening one), or null when the text cannot be read further.
 */
export function scan(problems: Problems): Scan | null {
  const { tokens, groups, errors } = T.lexer.tokenize(problems.source.text)
  const { comments = [], slips = [] } = groups as { comments?: IToken[]; slips?: IToken[] }
  reportStrangers(problems, errors)
  let readable = errors.length === 0
  for (const slip of slips) {
    if (slip.tokenType === T.OpenComment) {
      problems.add('CCL0106', { start: slip.startOffset, end: slip.startOffset + 2 })
      readable = false
    } else if (slip.startOffset > 0 || slip.image !== BYTE_ORDER_MARK) {
      problems.add('CCL0107', rangeOf(slip), slip.image)
    }
  }
  for (const token of tokens) {
    if (problems.full) break
    reportSlip(problems, token)
  }
  // an unclosed text swallows the brackets behind it: one mistake, one message
  const swallowed = tokens.some((token) => SWALLOWERS.has(token.tokenType))
  if (!readable || !matchBrackets(problems, tokens, swallowed)) return null
  return { tokens, comments }
}

const SWALLOWERS = new Set([T.OpenString, T.OddString, T.SingleString])

/** Characters the language does not have; a foreign word is one mistake, not one a letter. */
function reportStrangers(
  problems: Problems,
  errors: readonly { offset: number; length: number }[],
): void {
  const { text } = problems.source
  let end = -1
  for (const error of errors) {
    const between = end < 0 ? ' ' : text.slice(end, Math.min(error.offset, end + 64))
    if (!/^\w*$/.test(between)) {
      const character = String.fromCodePoint(text.codePointAt(error.offset) as number)
      const range = { start: error.offset, end: error.offset + error.length }
      problems.add('CCL0101', range, `\`${shown(character)}\``, character)
    }
    end = error.offset + error.length
    if (problems.full) return
  }
}

function reportSlip(problems: Problems, token: IToken): void {
  const { image } = token
  switch (token.tokenType) {
    case T.OpenString: {
      // the quote itself is pointed at, and a look-alike at the end is named
      const odd = /[“”„‟«»]/.exec(image)?.[0]
      const range = { start: token.startOffset, end: token.startOffset + 1 }
      return problems.add('CCL0102', range, odd, /^"[\s;,)}\]]*$/.test(image))
    }
    case T.OddString: {
      const quote = image[0] as string
      const repaired = `"${shown(inside(image))}"`
      return problems.add('CCL0103', rangeOf(token), quote, repaired)
    }
    case T.SingleString:
      return problems.add('CCL0104', rangeOf(token), `"${shown(inside(image))}"`)
    case T.Parameter:
      if (!/^\$\{[A-Za-z_]\w*\}$/.test(image)) {
        problems.add('CCL0112', rangeOf(token), shown(image))
      }
      return
    case T.BadNumber:
      return problems.add('CCL0110', rangeOf(token), shown(image), numberHint(image))
    case T.OddDash:
      return problems.add('CCL0108', rangeOf(token), image)
  }
}

/** What stands between odd quotes. */
function inside(image: string): string {
  const closed = image.length > 1 && /["'“”„‟«»‘’‚‛‹›]$/.test(image)
  return image.slice(1, closed ? -1 : undefined).replace(/[\s;,)}\]]+$/, '')
}

function numberHint(image: string): string {
  if (/^\d[\d_]*\.\d[\d_]*(?:ms|s|min|h|d|w)$/.test(image)) {
    return 'durations are whole: write `90min` instead of `1.5h`'
  }
  if (/^[\d_]+(?:secs?|seconds?)$/.test(image)) return `write \`${image.replace(/\D+$/, '')}s\``
  if (/^[\d_]+(?:m|mins|minutes?)$/.test(image)) return `write \`${image.replace(/\D+$/, '')}min\``
  if (/^[\d_]+(?:hrs?|hours?)$/.test(image)) return `write \`${image.replace(/\D+$/, '')}h\``
  if (/^[\d_]+(?:days?)$/.test(image)) return `write \`${image.replace(/\D+$/, '')}d\``
  return 'numbers look like `1000`, `10_000`, `0.25`, `50%` or `10min`; a text stands in quotes'
}

type Open = { token: IToken; closer: string }

/** False after reporting the first bracket without its partner, or nesting beyond the limit. */
function matchBrackets(problems: Problems, tokens: IToken[], swallowed: boolean): boolean {
  const { source } = problems
  const open: Open[] = []
  let suspect: Open | undefined
  for (const token of tokens) {
    token.payload = open.length
    if (token.image.length > 1) continue
    const closer = CLOSER.get(token.image)
    if (closer !== undefined) {
      if (open.length >= LIMITS.cclNestingMax) {
        problems.add('CCL0213', rangeOf(token))
        return false
      }
      open.push({ token, closer })
    } else if (isCloser(token)) {
      const last = open.at(-1)
      if (last?.closer !== token.image) {
        if (swallowed) return false
        const other = open.findLast(({ closer }) => closer === token.image)
        if (other === undefined || last === undefined) {
          problems.add('CCL0202', rangeOf(token), token.image)
        } else unclosed(problems, suspect ?? last, token)
        return false
      }
      open.pop()
      token.payload = open.length
      // a bracket that begins its line stands under the line it belongs to, when people indent
      if (startsLine(source, token.startOffset) && suspect === undefined) {
        const depth = indentOf(source, last.token.startOffset)
        if (depth > indentOf(source, token.startOffset)) suspect = last
      }
    }
  }
  const last = open.at(-1)
  if (last === undefined) return true
  if (!swallowed) unclosed(problems, suspect ?? last, undefined)
  return false
}

const CLOSERS = new Set([T.CloseBrace, T.CloseParen, T.CloseBracket])
const isCloser = (token: IToken) => CLOSERS.has(token.tokenType)

function unclosed(problems: Problems, open: Open, found: IToken | undefined): void {
  const before = found === undefined ? 'the end of the file' : `this \`${found.image}\``
  const { image } = open.token
  if (found === undefined) {
    problems.add('CCL0201', rangeOf(open.token), image, open.closer, before)
    return
  }
  const other = { message: `\`${found.image}\` stands here`, range: rangeOf(found) }
  problems.addWith('CCL0201', rangeOf(open.token), other, image, open.closer, before)
}
