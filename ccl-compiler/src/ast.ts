/**
 * The tree of a document as written, before anything is known about its words: pairs, blocks and
 * calls, each with its place in the text. Numbers stay text here, so nothing is rounded or lost.
 */
import type { Range } from './source.ts'

export type Name = { readonly text: string; readonly range: Range }

export type Value = { readonly range: Range } & (
  | { readonly is: 'string'; readonly text: string }
  /** An optional minus and digits, underscores removed. */
  | { readonly is: 'whole'; readonly digits: string }
  /** Like `whole` with a fraction, such as `0.25`. */
  | { readonly is: 'decimal'; readonly digits: string }
  /** The number before the `%`. */
  | { readonly is: 'percent'; readonly digits: string }
  | { readonly is: 'duration'; readonly count: string; readonly unit: string }
  | { readonly is: 'flag'; readonly flag: boolean }
  /** A name or a dotted path of names, unquoted. */
  | { readonly is: 'name'; readonly text: string }
  | { readonly is: 'list'; readonly items: readonly Value[] }
  | { readonly is: 'object'; readonly entries: readonly Entry[] }
  /** Something already reported: every check lets it pass, so one mistake stays one message. */
  | { readonly is: 'broken' }
)

export type Entry = { readonly key: Name; readonly value: Value }

/** `name: value`, or only a value where a name was expected. */
export type Argument = { readonly name: Name | null; readonly value: Value }

export type Pair = {
  readonly is: 'pair'
  readonly key: Name
  readonly value: Value
  readonly doc: string | null
}

export type Call = {
  readonly is: 'call'
  readonly action: Name
  readonly args: readonly Argument[]
  readonly doc: string | null
}

export type Block = {
  readonly is: 'block'
  readonly kind: Name
  readonly label: Name | null
  readonly items: readonly Item[]
  readonly doc: string | null
  /** An item of it was given up: do not complain about what it lacks. */
  readonly broken: boolean
}

export type Item = Pair | Call | Block

export type Document = { readonly items: readonly Item[]; readonly broken: boolean }
