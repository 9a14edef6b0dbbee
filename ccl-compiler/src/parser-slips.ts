/**
 * What people write instead of what they mean, and how reading goes on after it: the half of the
 * parser that keeps one mistake one message. The grammar itself is in grammar.ts.
 */
import { EmbeddedActionsParser, EOF, type IToken, type TokenType, tokenMatcher } from 'chevrotain'
import type { Name, Value } from './ast.ts'
import { Problems } from './diagnostic.ts'
import { DocComments, rangeOf } from './literals.ts'
import { shown } from './messages.ts'
import { breaksLine, sourceOf, startsLine } from './source.ts'
import * as T from './tokens.ts'

/** Thrown after a mistake was reported: the item it stands in is given up. */
export class GiveUp extends Error {}
/** One for all: where it was thrown tells nobody anything, and is dear to find out. */
const GIVE_UP = new GiveUp()

const AFTER_KEY: ReadonlySet<TokenType> = new Set([T.Colon, T.Assign, T.OpenBrace, T.OpenParen])
const NO_VALUE: ReadonlySet<TokenType> = new Set([
  T.Semicolon,
  T.Comma,
  T.CloseBrace,
  T.CloseParen,
  T.CloseBracket,
  EOF,
])

export const found = (token: IToken) =>
  token.tokenType === EOF ? 'the end of the file' : `\`${shown(token.image)}\``

export class SlipParser extends EmbeddedActionsParser {
  protected problems = new Problems(sourceOf('', ''))
  protected docs = new DocComments([], this.problems.source)

  constructor() {
    super(T.TOKENS, { maxLookahead: 2, recoveryEnabled: false })
  }

  #is(ahead: number, type: TokenType): boolean {
    return tokenMatcher(this.LA(ahead), type)
  }

  #sameLine(): boolean {
    const [last, next] = [this.LA(0), this.LA(1)]
    if (next.tokenType === EOF) return false
    return !breaksLine(this.problems.source, last.startOffset, next.startOffset)
  }

  #giveUp(): never {
    throw GIVE_UP
  }

  // what comes next

  protected startsConstruct(): boolean {
    if (this.LA(1).tokenType !== T.Construct) return false
    return !this.#is(2, T.Colon) && !this.#is(2, T.Assign)
  }

  /** After a kind: `{`, or a name or text and then `{`. */
  protected startsBlock(): boolean {
    if (this.#is(1, T.OpenBrace)) return true
    if (!this.#sameLine()) return false
    return (this.#is(1, T.Name) || this.#is(1, T.Text)) && this.#is(2, T.OpenBrace)
  }

  /** In a list of arguments: an unquoted name that is itself the value. */
  protected startsPath(): boolean {
    if (!this.#is(1, T.Name)) return false
    return [T.Dot, T.OpenParen, T.Comma, T.CloseParen].some((type) => this.#is(2, type))
  }

  /** After `key:`, the next thing is already the next pair. */
  protected lacksValue(): boolean {
    return this.#is(1, T.Name) && (this.#is(2, T.Colon) || this.#is(2, T.Assign))
  }

  #startsValue(): boolean {
    if ([T.Text, T.Numeral, T.Minus, T.OpenBracket].some((type) => this.#is(1, type))) return true
    return this.#is(1, T.Name) && !AFTER_KEY.has(this.LA(2).tokenType)
  }

  // what is missing or too much

  /** Where it is `free`, a value on the same line needs none. */
  protected expectColon(key: Name, free: boolean): void {
    const last = this.LA(0)
    if (last.tokenType === T.Colon) return
    if (free && last.tokenType !== T.Assign && this.#startsValue() && this.#sameLine()) return
    if (last.tokenType === T.Assign) {
      return this.problems.add('CCL0209', rangeOf(last), shown(key.text))
    }
    const next = this.LA(1)
    this.problems.add('CCL0205', this.#gap(), shown(key.text), found(next))
    if (!this.#startsValue() || !this.#sameLine()) this.#giveUp()
  }

  /** After a key: nothing that could make it a pair, a block or a call. */
  protected keyAlone(key: Name): never {
    this.problems.add('CCL0205', this.#gap(), shown(key.text), found(this.LA(1)))
    return this.#giveUp()
  }

  /** Nothing that could be a value stands here. */
  protected missingValue(key: Name): Value {
    const next = this.LA(1)
    this.problems.add('CCL0207', this.#gap(), shown(key.text), found(next))
    if (!NO_VALUE.has(next.tokenType) && !this.lacksValue()) this.#giveUp()
    return { is: 'broken', range: this.#gap() }
  }

  /** After a value: arithmetic and calls belong to a later version of the language. */
  protected expectNoOperator(start: number): void {
    const next = this.LA(1)
    if (!this.#sameLine()) return
    if ([T.Operator, T.Minus, T.OpenParen, T.Dot].some((type) => this.#is(1, type))) {
      this.problems.add('CCL0601', { start, end: T.endOf(next) }, 'an expression')
      this.#giveUp()
    }
  }

  /** After an argument or entry: a comma or the closing bracket. */
  protected elementEnded(what: string, closer: TokenType, value: Value): void {
    const next = this.LA(1)
    if (this.LA(0).tokenType === T.Comma) {
      if (closer !== T.CloseBracket) this.#expectNoDecimalComma(value)
      if (next.tokenType === T.Comma) this.#stray(next, `one of the ${what}`)
      return
    }
    if (next.tokenType === closer) return
    if (value.is === 'broken') this.#giveUp()
    const separable = next.tokenType === T.Semicolon || this.#is(1, T.Name) || this.#startsValue()
    if (!separable) this.#stray(next, `\`,\` between ${what}`)
    this.problems.add('CCL0206', this.#gap(), what, found(next))
    if (next.tokenType === T.Semicolon) this.SKIP_TOKEN()
  }

  /** Before a closing bracket: whatever else stands here makes no sense. */
  protected expectClosed(closer: TokenType, expected: string): void {
    if (this.LA(1).tokenType !== closer) this.#stray(this.LA(1), expected)
  }

  protected callEnded(action: Name): void {
    const last = this.LA(0)
    if (last.tokenType === T.Semicolon) return
    const next = this.LA(1)
    this.problems.add('CCL0204', this.#behind(last), shown(action.text), found(next))
    if (next.tokenType === T.Comma) this.SKIP_TOKEN()
    else if (this.#sameLine() && next.tokenType !== T.CloseBrace && !this.#is(1, T.Name)) {
      this.#giveUp()
    }
  }

  /** After a pair in a document: `;`, `,`, the end of the line or of the block. */
  protected pairEnded(value: Value): void {
    const [last, next] = [this.LA(0), this.LA(1)]
    if (last.tokenType === T.Comma) this.#expectNoDecimalComma(value)
    if (last.tokenType === T.Comma || last.tokenType === T.Semicolon) return
    if (next.tokenType === T.CloseBrace || !this.#sameLine()) return
    if (value.is === 'broken') this.#giveUp()
    if (!this.#is(1, T.Name)) this.#stray(next, '`;` or the end of the line')
    this.problems.add('CCL0210', rangeOf(next), found(next))
    if (!AFTER_KEY.has(this.LA(2).tokenType)) this.#giveUp()
  }

  protected stray(token: IToken): never {
    this.#stray(token, 'a pair `name: value`, a block `name { … }` or a call')
  }

  /** Anything the grammar itself refuses, in its most general words. */
  protected refused(token: IToken): void {
    this.problems.add('CCL0208', this.#place(token), found(token), 'a pair, a block or a call')
  }

  /** Reads to the end of the item that was given up, whose words have the bracket depth `depth`. */
  protected skipItem(depth: number): void {
    const { source } = this.problems
    for (let next = this.LA(1); next.tokenType !== EOF; next = this.LA(1)) {
      const level = next.payload as number
      if (level < depth && !this.problems.full) return
      if (level === depth && startsLine(source, next.startOffset) && this.#startsItem()) return
      this.SKIP_TOKEN()
      const ends = next.tokenType === T.Semicolon || next.tokenType === T.CloseBrace
      if (level === depth && ends && !this.problems.full) return
    }
  }

  #startsItem(): boolean {
    if (this.problems.full) return false
    if (this.LA(1).tokenType === T.Construct) return true
    return this.#is(1, T.Name) && (AFTER_KEY.has(this.LA(2).tokenType) || this.#is(2, T.Text))
  }

  #expectNoDecimalComma(value: Value): void {
    const [comma, next] = [this.LA(0), this.LA(1)]
    if (value.is !== 'whole' || !this.#is(1, T.Numeral)) return
    if (value.range.end !== comma.startOffset || T.endOf(comma) !== next.startOffset) return
    const range = { start: value.range.start, end: T.endOf(next) }
    const written = shown(this.problems.source.text.slice(range.start, range.end))
    this.problems.add('CCL0109', range, written)
    this.#giveUp()
  }

  #stray(token: IToken, expected: string): never {
    this.problems.add('CCL0208', this.#place(token), found(token), expected)
    return this.#giveUp()
  }

  /** Where something is missing: at the next word, but not on another line. */
  #gap() {
    return this.#sameLine() ? rangeOf(this.LA(1)) : this.#behind(this.LA(0))
  }

  #behind(token: IToken) {
    const end = T.endOf(token)
    return { start: end, end }
  }

  /** Where a token stands; the end of the file stands at its end. */
  #place(token: IToken) {
    const end = this.problems.source.text.length
    return token.tokenType === EOF ? { start: end, end } : rangeOf(token)
  }
}
