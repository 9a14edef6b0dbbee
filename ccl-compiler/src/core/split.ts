/**
 * Which words of a text are documents and which the typed core. A declaration of the core begins
 * with one of its words, outside every bracket, and ends with its `;` or closing brace.
 */
import { type IToken, tokenMatcher } from 'chevrotain'
import type { Scan } from '../scan.ts'
import { type Source, startsLine } from '../source.ts'
import * as T from '../tokens.ts'

const BLOCKS = new Set('policy selection governance budget fn record people test'.split(' '))
const SCORED = new Set(['require', 'score', 'order', 'tie_break', 'input', 'const'])

export type Halves = { readonly document: Scan; readonly core: readonly IToken[] }

export function splitCore(scan: Scan, source: Source): Halves {
  const { tokens, comments } = scan
  const document: IToken[] = []
  const core: IToken[] = []
  for (let at = 0; at < tokens.length; ) {
    const end = beginsItem(tokens, at, source) ? coreEnd(tokens, at, source) : at
    for (let index = at; index < end; index++) core.push(tokens[index] as IToken)
    if (end === at) document.push(tokens[at++] as IToken)
    else at = end
  }
  return { document: { tokens: document, comments }, core }
}

function beginsItem(tokens: readonly IToken[], at: number, source: Source): boolean {
  const token = tokens[at] as IToken
  if (token.payload !== 0) return false
  const before = tokens[at - 1]?.image
  if (before === undefined || [';', '}', ','].includes(before)) return true
  return startsLine(source, token.startOffset)
}

/** Behind the declaration that begins at `at`, or `at` itself if none does. */
function coreEnd(tokens: readonly IToken[], at: number, source: Source): number {
  const word = tokens[at] as IToken
  const after = tokens[at + 1]?.image
  if (after === ':' || after === '=' || after === '(' || after === undefined) return at
  if (word.image === 'const') return declarationEnd(tokens, at, source, ';')
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
