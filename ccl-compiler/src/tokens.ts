/**
 * The words of the language. What word processors and slips of the hand leave in a file (odd
 * quotes, unclosed texts, `10mins`) are tokens too: they are reported by name and stand for what
 * was meant, so that one mistake gives one message.
 */
import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain'
import { CONSTRUCTS } from './constructs.ts'

/**
 * A token that begins with one of the characters `opens`; `end` gives the offset behind it, or -1.
 * Linear in its length and without a stack, which regular expressions over megabytes are not.
 */
function scanned(
  name: string,
  opens: string,
  end: (text: string, from: number) => number,
  config: { group?: string; categories?: TokenType[]; line_breaks?: boolean },
): TokenType {
  const pattern = (text: string, from: number): [string] | null => {
    if (from >= text.length || !opens.includes(text[from] as string)) return null
    const stop = end(text, from)
    return stop < 0 ? null : [text.slice(from, stop)]
  }
  return createToken({ name, pattern, start_chars_hint: [...opens], line_breaks: false, ...config })
}

const isLineEnd = (code: number) => code === 0x0a || code === 0x0d

function lineEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && !isLineEnd(text.charCodeAt(at))) at++
  return at
}

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (isLineEnd(code)) return -1
    if (code === 0x5c && !isLineEnd(text.charCodeAt(at + 1))) at++
  }
  return -1
}

const ODD_QUOTES = '“”„‟«»‘’‚‛‹›'
const DASHES = '‐‑‒–—―−'
const ODD_SPACES =
  '\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
  '\u200b\u2028\u2029\u202f\u205f\u3000\ufeff'

function oddQuoteEnd(text: string, from: number): number {
  const single = '‘’‚‛‹›'.includes(text[from] as string)
  const closers = single ? "'‘’‚‛‹›" : '"“”„‟«»'
  for (let at = from + 1; at < text.length; at++) {
    if (closers.includes(text[at] as string)) return at + 1
    if (isLineEnd(text.charCodeAt(at))) return at
  }
  return text.length
}

/** Categories: what may stand where. */
export const Name = createToken({ name: 'Name', pattern: Lexer.NA })
export const Text = createToken({ name: 'Text', pattern: Lexer.NA })
export const Numeral = createToken({ name: 'Numeral', pattern: Lexer.NA })
export const Operator = createToken({ name: 'Operator', pattern: Lexer.NA })
/** Anything but a brace or a semicolon: what the head of a construct is made of. */
export const Filler = createToken({ name: 'Filler', pattern: Lexer.NA })

const text = { categories: [Text, Filler] }

const BLANKS = ' \t\r\n\f\v'
const Blank = scanned(
  'Blank',
  BLANKS,
  (text, from) => {
    let at = from
    while (at < text.length && BLANKS.includes(text[at] as string)) at++
    return at
  },
  { group: Lexer.SKIPPED, line_breaks: true },
)

const LineComment = scanned(
  'LineComment',
  '/#',
  (text, at) => (text[at] === '#' || text.startsWith('//', at) ? lineEnd(text, at) : -1),
  { group: 'comments' },
)

const BlockComment = scanned(
  'BlockComment',
  '/',
  (text, at) => {
    const end = text.startsWith('/*', at) ? text.indexOf('*/', at + 2) : -1
    return end < 0 ? -1 : end + 2
  },
  { group: 'comments', line_breaks: true },
)

/** Reported, then skipped like a comment. */
export const OpenComment = scanned(
  'OpenComment',
  '/',
  (text, at) => (text.startsWith('/*', at) ? text.length : -1),
  { group: 'slips', line_breaks: true },
)

export const OddSpace = scanned('OddSpace', ODD_SPACES, (_, at) => at + 1, { group: 'slips' })

export const PlainString = scanned('PlainString', '"', stringEnd, text)
export const OpenString = scanned('OpenString', '"', lineEnd, text)
export const OddString = scanned('OddString', ODD_QUOTES, oddQuoteEnd, text)
export const SingleString = scanned(
  'SingleString',
  "'",
  (text, from) => {
    let at = from + 1
    while (at < text.length && text[at] !== "'" && !isLineEnd(text.charCodeAt(at))) at++
    return text[at] === "'" ? at + 1 : at
  },
  text,
)

/** `${NAME}`: a parameter of a template. */
export const Parameter = createToken({
  name: 'Parameter',
  pattern: /\$\{[^}\r\n]{0,200}\}/,
  categories: [Text, Filler],
  line_breaks: false,
})

const numeral = (name: string, pattern: RegExp) =>
  createToken({ name, pattern, categories: [Numeral, Filler] })

export const Duration = numeral('Duration', /\d[\d_]*(?:ms|s|min|h|d|w)(?!\w)/)
export const Percent = numeral('Percent', /\d[\d_]*(?:\.\d[\d_]*)?%/)
export const Decimal = numeral('Decimal', /\d[\d_]*\.\d[\d_]*(?![\w.])/)
export const Whole = numeral('Whole', /\d[\d_]*(?!\w|\.\w|%)/)
export const BadNumber = numeral('BadNumber', /\d[\w.]*%?/)

export const Minus = createToken({ name: 'Minus', pattern: '-', categories: [Filler] })
export const OddDash = scanned('OddDash', DASHES, (_, at) => at + 1, {
  categories: [Minus, Filler],
})

export const Word = createToken({
  name: 'Word',
  pattern: /[A-Za-z_]\w*/,
  categories: [Name, Filler],
})

const words = [...CONSTRUCTS.keys()].filter((word) => word !== 'else')
export const Construct = createToken({
  name: 'Construct',
  pattern: new RegExp(`(?:${words.join('|')})(?!\\w)`),
  categories: [Name, Filler],
})
export const Else = createToken({
  name: 'Else',
  pattern: /else(?!\w)/,
  categories: [Name, Filler],
})

const sign = (name: string, pattern: string, categories: TokenType[] = [Filler]) =>
  createToken({ name, pattern, label: `\`${pattern}\``, categories })

export const OpenBrace = sign('OpenBrace', '{', [])
export const CloseBrace = sign('CloseBrace', '}', [])
export const OpenParen = sign('OpenParen', '(')
export const CloseParen = sign('CloseParen', ')')
export const OpenBracket = sign('OpenBracket', '[')
export const CloseBracket = sign('CloseBracket', ']')
export const Semicolon = sign('Semicolon', ';', [])
export const Comma = sign('Comma', ',')
export const Colon = sign('Colon', ':')
export const Dot = sign('Dot', '.')
export const Assign = sign('Assign', '=')
export const OtherOperator = createToken({
  name: 'OtherOperator',
  pattern: /=>|->|==|!=|<=|>=|&&|\|\||\.\.|[+*/%<>!?&|^~@$]/,
  categories: [Operator, Filler],
})

export const TOKENS: TokenType[] = [
  Blank,
  LineComment,
  BlockComment,
  OpenComment,
  OddSpace,
  PlainString,
  OpenString,
  OddString,
  SingleString,
  Parameter,
  Duration,
  Percent,
  Decimal,
  Whole,
  BadNumber,
  OddDash,
  Construct,
  Else,
  Word,
  OtherOperator,
  OpenBrace,
  CloseBrace,
  OpenParen,
  CloseParen,
  OpenBracket,
  CloseBracket,
  Semicolon,
  Comma,
  Colon,
  Dot,
  Minus,
  Assign,
  Name,
  Text,
  Numeral,
  Operator,
  Filler,
]

/**
 * Offsets only: lines and columns are made from them when somebody asks (source.ts). That the table
 * is sound is for a test to see, not for everybody who starts the compiler.
 */
export const lexer = new Lexer(TOKENS, { positionTracking: 'onlyOffset', skipValidations: true })
// with room for the depth from the start: added later, it would take half as much memory again
Object.assign(lexer, {
  createTokenInstance: (
    image: string,
    startOffset: number,
    tokenTypeIdx: number,
    tokenType: TokenType,
  ) => ({ image, startOffset, tokenTypeIdx, tokenType, payload: 0 }),
})

export const endOf = (token: IToken) => token.startOffset + token.image.length
