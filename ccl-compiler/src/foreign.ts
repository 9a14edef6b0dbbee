/**
 * Programs of another language of the same name: contracts and Rust-like functions. They are
 * recognised by their first words and refused in one sentence, not word by word.
 */
import type { IToken } from 'chevrotain'
import * as T from './tokens.ts'

const KINDS = new Set(['contract', 'struct', 'enum', 'class', 'impl', 'pub', 'mod', 'import'])
const TYPES = new Set(
  'Integer Mana Bool Boolean String Void Float Array Did TokenAmount u8 u32 u64 i64'.split(' '),
)

/** The word that gives such a program away, or undefined. */
export function foreignWord(tokens: readonly IToken[]): IToken | undefined {
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as IToken
    if (token.payload !== 0 || !isStart(tokens[at - 1])) continue
    const { image } = token
    const isKind = KINDS.has(image)
    if (!isKind && image !== 'fn') continue
    const next = tokens[at + 1]?.image ?? ''
    if (isKind && /^["A-Za-z_]/.test(next) && isHead(tokens, at + 1)) return token
    if (image === 'fn') {
      const type = typeIn(tokens, at + 1)
      if (type !== undefined) return type
    }
  }
  return undefined
}

const isStart = (before: IToken | undefined) =>
  before === undefined || before.image === ';' || before.image === '}'

/** `contract name {`, `contract name(…) {`, `import "x" as y;`: not `import: "x";`. */
function isHead(tokens: readonly IToken[], at: number): boolean {
  const after = tokens[at + 1]
  if (tokens[at]?.tokenType === T.PlainString) return true
  return after !== undefined && ['{', '(', '<', ':'].includes(after.image) === true
}

/** A type of that language in the head of a function. */
function typeIn(tokens: readonly IToken[], from: number): IToken | undefined {
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at] as IToken
    if (token.image === '{' || token.image === ';') return undefined
    const before = tokens[at - 1]?.image
    if (TYPES.has(token.image) && (before === ':' || before === '->')) return token
  }
  return undefined
}
