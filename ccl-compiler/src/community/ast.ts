/**
 * The tree of a community's document as written: bylaws, elections, budgets, membership, onboarding
 * templates. Blocks with words in their heads, pairs with and without a colon, handlers of events,
 * conditions. Names are those of whoever wrote it; what they mean is in check-document.ts.
 */
import type { Name, Value } from '../ast.ts'
import type { Range } from '../source.ts'

export type DocArgument = { readonly name: Name | null; readonly value: Term }

/** A value, or what is made of values by operators and functions. */
export type Term = { readonly range: Range } & (
  | { readonly is: 'value'; readonly value: Value }
  | { readonly is: 'call'; readonly fn: Name; readonly args: readonly DocArgument[] }
  | { readonly is: 'op'; readonly op: string; readonly left: Term; readonly right: Term }
  | { readonly is: 'not' | 'minus'; readonly of: Term }
  | { readonly is: 'list'; readonly items: readonly Term[] }
  | { readonly is: 'object'; readonly items: readonly Node[] }
)

export type Node = { readonly range: Range } & (
  | { readonly is: 'pair'; readonly key: Name; readonly value: Term }
  | {
      readonly is: 'block'
      readonly kind: Name
      /** What stands between its first word and its brace: `range 0 500 {`. */
      readonly heads: readonly Term[]
      readonly items: readonly Node[]
    }
  | { readonly is: 'call'; readonly action: Name; readonly args: readonly DocArgument[] }
  | { readonly is: 'on'; readonly event: Name; readonly items: readonly Node[] }
  | {
      readonly is: 'if'
      readonly condition: Term
      readonly yes: readonly Node[]
      readonly no: readonly Node[]
    }
  | { readonly is: 'let'; readonly name: Name; readonly value: Term }
  | { readonly is: 'return'; readonly value: Term | null }
  | {
      readonly is: 'function'
      readonly name: Name
      readonly params: readonly Name[]
      readonly items: readonly Node[]
    }
)
