/**
 * Reads words one after another, and says in one message what is wrong with one. Brackets already
 * match when a reader sees them (scan.ts), so after a mistake it goes on behind the statement.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { EOF, type IToken, type TokenType, tokenMatcher } from 'chevrotain'
import type { Name } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import { rangeOf, textValue } from '../literals.ts'
import { shown } from '../messages.ts'
import { breaksLine, byteLength, type Range, startsLine } from '../source.ts'
import * as T from '../tokens.ts'

/** Thrown after a mistake was reported: the statement it stands in is given up. */
export class GiveUp extends Error {}
/** One for all: where it was thrown tells nobody anything, and is dear to find out. */
const GIVE_UP = new GiveUp()

const RESERVED = new Set(
  'and or not in if else for let return true false none otherwise when unless because'.split(' '),
)

/** As the name of a rule in a decision. */
const NAME_BYTES_MAX = 128

export class Reader {
  readonly problems: Problems
  readonly #tokens: readonly IToken[]
  readonly #end: IToken
  #at = 0
  broken = false
  /** A name that was declared may be missing. */
  lost = false
  /** How often something was given up. */
  givenUp = 0

  constructor(tokens: readonly IToken[], problems: Problems) {
    this.#tokens = tokens
    this.problems = problems
    const { length } = problems.source.text
    this.#end = { image: '', startOffset: length, tokenType: EOF, tokenTypeIdx: 0, payload: 0 }
  }

  peek(ahead = 0): IToken {
    return this.#tokens[this.#at + ahead] ?? this.#end
  }

  get last(): IToken {
    return this.#tokens[this.#at - 1] ?? this.#end
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length
  }

  next(): IToken {
    const token = this.peek()
    this.#at++
    return token
  }

  is(image: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    // a dash that was reported stands for the minus that was meant
    if (image === '-') return tokenMatcher(token, T.Minus)
    return token.image === image && !tokenMatcher(token, T.Text)
  }

  isKind(type: TokenType, ahead = 0): boolean {
    return tokenMatcher(this.peek(ahead), type)
  }

  /** Takes the word if it is there. */
  take(image: string): IToken | null {
    return this.is(image) ? this.next() : null
  }

  /** Takes the sign or word, or reports what stands there instead. */
  expect(image: string, after: string): IToken {
    if (this.is(image)) return this.next()
    if (image === ';') return this.#missingSemicolon(after)
    return this.unexpected(`\`${image}\` ${after}`)
  }

  /** A name that may be given to something. */
  name(what: string): Name {
    const token = this.peek()
    if (!tokenMatcher(token, T.Name)) return this.unexpected(`the name of ${what}`)
    if (RESERVED.has(token.image)) {
      this.problems.add('CCL0314', rangeOf(token), token.image, what)
      return this.giveUp()
    }
    this.#short(token.image, rangeOf(token), NAME_BYTES_MAX, 'this name')
    this.#at++
    return { text: token.image, range: rangeOf(token) }
  }

  /** A text in quotes. */
  text(what: string): Name {
    const token = this.peek()
    if (!tokenMatcher(token, T.Text)) return this.unexpected(`${what}, a text in quotes`)
    this.#at++
    const value = textValue(token, this.problems)
    if (value.is !== 'string') return this.giveUp()
    this.#short(value.text, value.range, LIMITS.textBytesMax, 'this text')
    return { text: value.text, range: value.range }
  }

  /** Names and reasons stand in the decision's record, which has room for that much. */
  #short(text: string, range: Range, bytesMax: number, what: string): void {
    const bytes = byteLength(text)
    if (bytes <= bytesMax) return
    this.problems.add('CCL0407', range, what, bytes, bytesMax)
    this.giveUp()
  }

  unexpected(expected: string, help?: string): never {
    this.problems.add('CCL0216', this.gap(), expected, this.found(), help)
    return this.giveUp()
  }

  giveUp(): never {
    this.broken = true
    this.givenUp++
    throw GIVE_UP
  }

  found(): string {
    const token = this.peek()
    return token.tokenType === EOF ? 'the end of the file' : `\`${shown(token.image)}\``
  }

  /** Where something is missing: the next word, but not on another line. */
  gap(): Range {
    if (this.#at === 0) return rangeOf(this.peek())
    const end = T.endOf(this.last)
    const behind = { start: end, end }
    if (this.peek().tokenType === EOF) return behind
    const apart = breaksLine(this.problems.source, this.last.startOffset, this.peek().startOffset)
    return apart ? behind : rangeOf(this.peek())
  }

  from(start: IToken | Range): Range {
    const offset = 'startOffset' in start ? start.startOffset : start.start
    return { start: offset, end: T.endOf(this.last) }
  }

  /**
   * Reads statements with `read` until the closing brace of a block whose content has the bracket
   * depth `depth`. What is given up is skipped; true if something was.
   */
  until(depth: number, read: () => void): boolean {
    let lost = false
    while (!this.done && !this.problems.full) {
      if (this.is('}') && (this.peek().payload as number) < depth) return lost
      if (!this.attempt(depth, read)) lost = true
    }
    return lost
  }

  attempt(depth: number, read: () => void): boolean {
    const start = this.#at
    try {
      read()
      return true
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error
      if (this.#at === start) this.#at++
      this.#skip(depth)
      return false
    }
  }

  /** To the end of a statement at that depth: behind `;` or `}`, or before one on a new line. */
  #skip(depth: number): void {
    while (!this.done) {
      const token = this.peek()
      const level = token.payload as number
      if (level < depth) return
      const ends = level === depth && (token.image === ';' || token.image === '}')
      const begins =
        STARTERS.has(token.image) && startsLine(this.problems.source, token.startOffset)
      if (level === depth && begins && token.tokenType !== T.PlainString) return
      this.#at++
      if (ends && !this.is('else')) return
    }
  }

  /** A `;` that is missing at the end of a line is reported and read on after. */
  #missingSemicolon(after: string): IToken {
    this.problems.add('CCL0215', this.gap(), after, this.found())
    this.broken = true
    const apart = this.gap().start === this.gap().end
    if (apart || this.is('}')) return this.last
    return this.giveUp()
  }
}

/** Words that begin a statement or declaration. */
const STARTERS: ReadonlySet<string> = new Set(
  'rule const input on fn record let if for return expect case test policy require score'.split(
    ' ',
  ),
)
