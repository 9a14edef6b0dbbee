/**
 * Which words of a text are job documents, which a community's, and which the typed core. A
 * declaration of the core begins with one of its words, outside every bracket, and ends with its
 * `;` or closing brace.
 */
import { type IToken, tokenMatcher } from 'chevrotain'
import { COMMUNITY, OPEN_KINDS } from '../community/words.ts'
import type { Scan } from '../scan.ts'
import { type Source, startsLine } from '../source.ts'
import * as T from '../tokens.ts'

const BLOCKS = new Set('policy selection governance budget fn record people test'.split(' '))
const SCORED = new Set(['require', 'score', 'order', 'tie_break', 'input', 'const'])

export type Parts = {
  readonly document: Scan
  /** Bylaws, elections, templates; and an `execution` with conditions, with its functions. */
  readonly community: readonly IToken[]
  readonly core: readonly IToken[]
}

export function splitText(scan: Scan, source: Source): Parts {
  const { tokens, comments } = scan
  const document: IToken[] = []
  const community: IToken[] = []
  const core: IToken[] = []
  for (let at = 0; at < tokens.length; ) {
    const begins = beginsItem(tokens, at, source)
    const own = begins && isCommunity(tokens, at)
    const end = own ? itemEnd(tokens, at) : begins ? coreEnd(tokens, at, source) : at
    for (let index = at; index < end; index++) {
      const part = own ? community : core
      part.push(tokens[index] as IToken)
    }
    if (end === at) document.push(tokens[at++] as IToken)
    else at = end
  }
  return { document: { tokens: document, comments }, community, core }
}

function beginsItem(tokens: readonly IToken[], at: number, source: Source): boolean {
  const token = tokens[at] as IToken
  if (token.payload !== 0) return false
  const before = tokens[at - 1]?.image
  if (before === undefined || [';', '}', ','].includes(before)) return true
  return startsLine(source, token.startOffset)
}

/** Whether the item that begins at `at` is read as a community's document. */
function isCommunity(tokens: readonly IToken[], at: number): boolean {
  const word = tokens[at] as IToken
  const next = tokens[at + 1]
  if (next === undefined || !tokenMatcher(word, T.Name)) return false
  const opens = next.image === '{' || tokenMatcher(next, T.Text) || tokenMatcher(next, T.Name)
  if (word.image === 'function') return tokens[at + 2]?.image === '('
  if (word.image === 'on') return tokenMatcher(next, T.Text)
  if (word.image === 'if') return true
  if (word.image === 'execution') return next.image === '{' && hasStatements(tokens, at + 1)
  if (NAMED_BY_TEXT.has(word.image) && tokenMatcher(next, T.Text)) return true
  if (OPEN_KINDS.has(word.image)) return next.image === '{'
  if (COMMUNITY.has(word.image) && next.image === ':') {
    return /^v\d+$/.test(tokens[at + 2]?.image ?? '') && tokens[at + 3]?.image === '{'
  }
  if (!COMMUNITY.has(word.image) || !opens) return false
  // a governance's proposal stands inside of it; a name and a brace is what people write at the top
  return next.image === '{' || bracesFollow(tokens, at + 1)
}

const NAMED_BY_TEXT = new Set(['policy', 'budget'])
const STATEMENTS = new Set(['if', 'let', 'return', 'for'])

function hasStatements(tokens: readonly IToken[], open: number): boolean {
  for (let at = open + 1; at < tokens.length && tokens[at]?.payload !== 0; at++) {
    const { image } = tokens[at] as IToken
    if (image === '+' || image === '*') return true
    if (STATEMENTS.has(image) && ![':', '=', ','].includes(tokens[at + 1]?.image ?? ':'))
      return true
  }
  return false
}

/** Before the end of a pair: what follows a few words is a block. */
function bracesFollow(tokens: readonly IToken[], from: number): boolean {
  for (let at = from; at < from + HEAD_MAX; at++) {
    const image = tokens[at]?.image ?? ';'
    if (image === '{') return true
    if (image === ';' || image === ':' || image === '}') return false
  }
  return false
}

/** Behind the closing brace of the item, its other branches, and a `;`. */
function itemEnd(tokens: readonly IToken[], start: number): number {
  for (let at = start + 1; at < tokens.length; at++) {
    const token = tokens[at] as IToken
    if (token.payload !== 0 || token.image !== '}') continue
    const next = tokens[at + 1]?.image
    if (next === 'else') continue
    return next === ';' ? at + 2 : at + 1
  }
  return tokens.length
}

/** Behind the declaration that begins at `at`, or `at` itself if none does. */
function coreEnd(tokens: readonly IToken[], at: number, source: Source): number {
  const word = tokens[at] as IToken
  const after = tokens[at + 1]?.image
  if (after === ':' || after === '=' || after === '(' || after === undefined) return at
  if (word.image === 'const') return declarationEnd(tokens, at, source, ';')
  if (word.image === 'use') return declarationEnd(tokens, at, source, ';')
  if (word.tokenType === T.PlainString) return at
  if (!BLOCKS.has(word.image)) {
    return hasRules(tokens, at) ? declarationEnd(tokens, at, source, '}') : at
  }
  if (word.image === 'selection' && !isScored(tokens, at)) return at
  // without a name it is a document's
  if (word.image === 'budget' && after === '{') return at
  return declarationEnd(tokens, at, source, '}')
}

function declarationEnd(
  tokens: readonly IToken[],
  start: number,
  source: Source,
  closer: ';' | '}',
): number {
  for (let at = start + 1; at < tokens.length; at++) {
    const token = tokens[at] as IToken
    if (token.payload !== 0) continue
    // a declaration cut off ends where the next one begins
    const next = BLOCKS.has(token.image) || token.image === 'const'
    if (next && startsLine(source, token.startOffset) && tokens[at + 1]?.image !== '(') return at
    if (token.image === closer) return at + 1
    if (closer === '}' && token.image === ';') return at + 1
  }
  return tokens.length
}

const HEAD_MAX = 12
const HEAD_ENDS = new Set(['{', '}', ';'])

/** A block with rules is a policy, whatever slipped in its first words. */
function hasRules(tokens: readonly IToken[], start: number): boolean {
  let open = start
  if (!tokenMatcher(tokens[start] as IToken, T.Name)) return false
  while (open < start + HEAD_MAX && !HEAD_ENDS.has(tokens[open]?.image ?? ';')) open++
  if (tokens[open]?.image !== '{' || tokens[open]?.payload !== 0) return false
  for (let at = open + 1; at < tokens.length && tokens[at]?.payload !== 0; at++) {
    const rule = tokens[at]?.image === 'rule' && tokens[at]?.payload === 1
    if (rule && tokens[at + 2]?.image === ':') return true
  }
  return false
}

/** A selection of weights alone is a document's. */
function isScored(tokens: readonly IToken[], start: number): boolean {
  for (let at = start + 1; at < tokens.length; at++) {
    const { image, payload } = tokens[at] as IToken
    if (payload === 0 && image === '}') return false
    if (payload === 1 && SCORED.has(image)) return true
    if (payload === 0 && image !== '{' && at > start + 2) return false
  }
  return false
}
