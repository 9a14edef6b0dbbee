/**
 * What a checked program is: every name resolved, every type known, every constant computed. The
 * interpreter (interpret.ts) is its meaning; the encoder makes WebAssembly of it. Version 1; the
 * pages are docs/ccl/semantics.md and spec/ccl-abi.md.
 *
 * Numbers of all units are signed 64-bit integers. Nothing here wraps: what leaves that range is
 * the error `overflow`.
 */
import type { Range } from '../source.ts'

export const IR_VERSION = 1

/** Numbers with a unit are kinds of their own: they mix with no other. */
export const NUMBERS = ['int', 'cu', 'credits', 'bytes', 'duration', 'time', 'percent'] as const
/** Kept as UTF-8 bytes, equal if their bytes are. */
export const WORDS = ['text', 'did', 'cid'] as const

export type NumberType = { readonly is: (typeof NUMBERS)[number] }
export type WordType = { readonly is: (typeof WORDS)[number] }
export type RecordType = {
  readonly is: 'record'
  readonly name: string
  readonly fields: readonly { readonly name: string; readonly type: Type }[]
}
export type Type =
  | NumberType
  | WordType
  | { readonly is: 'bool' }
  | { readonly is: 'list'; readonly of: Type }
  | { readonly is: 'option'; readonly of: Type }
  | RecordType

/** In the order of the ABI: the error `n` of a module is `ERRORS[n]`; 0 is no error. */
export const ERRORS = ['none', 'overflow', 'divide_by_zero', 'limit', 'fuel', 'memory'] as const
export type ErrorName = (typeof ERRORS)[number]

/** Lists and records are arrays; an option is null or holds its value. */
export type Value = bigint | boolean | string | null | { readonly some: Value } | readonly Value[]

/** A part that may be evaluated not at all or many times; `cost` is added on each entry. */
export type Region = { readonly cost: number; readonly value: Expr }

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'
export type Rounding = 'down' | 'up' | 'even'
/** How a list becomes one value. `all` and `any` stop early, like `and` and `or`. */
export type Fold = 'sum' | 'count' | 'any' | 'all' | 'least' | 'most' | 'first' | 'list'

export type Expr = { readonly type: Type } & (
  | { readonly op: 'number'; readonly value: bigint }
  | { readonly op: 'flag'; readonly value: boolean }
  | { readonly op: 'word'; readonly value: string }
  /** A list, record or option that is constant: it stands once in the module's memory. */
  | { readonly op: 'constant'; readonly value: Value }
  /** A parameter, `let` or loop variable of the rule or function around it. */
  | { readonly op: 'local'; readonly slot: number }
  /** The value that the host gives, by its place in `Program.inputs`. */
  | { readonly op: 'input'; readonly index: number }
  | { readonly op: 'field'; readonly of: Expr; readonly index: number }
  | { readonly op: 'record'; readonly fields: readonly Expr[] }
  | { readonly op: 'list'; readonly items: readonly Expr[] }
  | { readonly op: 'not' | 'negate' | 'some'; readonly of: Expr }
  | { readonly op: 'none' }
  | { readonly op: 'has'; readonly of: Expr }
  | { readonly op: 'otherwise'; readonly of: Expr; readonly region: Region }
  | { readonly op: 'and' | 'or'; readonly left: Expr; readonly region: Region }
  | { readonly op: 'add' | 'subtract' | 'multiply'; readonly left: Expr; readonly right: Expr }
  | {
      readonly op: 'compare'
      readonly how: Comparison
      readonly left: Expr
      readonly right: Expr
    }
  | { readonly op: 'in'; readonly left: Expr; readonly right: Expr }
  | { readonly op: 'divide'; readonly how: Rounding; readonly left: Expr; readonly right: Expr }
  /** `left` × ppm ÷ 10^6, rounded. */
  | { readonly op: 'part'; readonly how: 'down' | 'up'; readonly left: Expr; readonly right: Expr }
  | { readonly op: 'call'; readonly fn: number; readonly args: readonly Expr[] }
  | {
      readonly op: 'fold'
      readonly how: Fold
      readonly source: Expr
      readonly slot: number
      /** A longer list is the error `limit`. */
      readonly limit: number | null
      readonly filter: Region | null
      readonly body: Region
    }
)

export type Stmt =
  | { readonly op: 'set'; readonly slot: number; readonly value: Expr }
  | {
      readonly op: 'if'
      readonly condition: Expr
      readonly yes: Block
      readonly no: Block
    }
  | {
      readonly op: 'for'
      readonly source: Expr
      readonly slot: number
      readonly limit: number
      readonly body: Block
    }
  | { readonly op: 'return'; readonly value: Expr }
  /** Adds an effect; `action` is its place in `Program.actions`. */
  | { readonly op: 'ask'; readonly action: number; readonly args: readonly Expr[] }

/** Statements with the cost of running them once, but for what their inner blocks cost. */
export type Block = { readonly cost: number; readonly statements: readonly Stmt[] }

export type Fn = {
  readonly name: string
  readonly params: readonly Type[]
  readonly result: Type
  /** The types of all locals; the parameters come first. */
  readonly locals: readonly Type[]
  readonly body: Block
}

export type Input = { readonly path: string; readonly type: Type }

export type Rule = {
  readonly name: string
  readonly effect: 'allow' | 'deny'
  readonly because: string | null
  readonly cite: string | null
  /** True: the rule fires. */
  readonly condition: Region
  readonly locals: readonly Type[]
  readonly range: Range
}

/** What runs after a decision; it asks for effects and changes nothing else. */
export type Handler = { readonly body: Block; readonly locals: readonly Type[] }

/** An action that a program asks for: its name and what it takes, in the order of the effect. */
export type AskedAction = {
  readonly name: string
  readonly args: readonly { readonly name: string; readonly type: Type }[]
}

/** A scalar that bids are ordered by. */
export type Key = { readonly region: Region; readonly locals: readonly Type[] }

export type Program = {
  readonly kind: 'policy' | 'selection'
  readonly name: string
  readonly resource: string | null
  readonly scope: string | null
  /** What the host must give, in this order. */
  readonly inputs: readonly Input[]
  readonly fns: readonly Fn[]
  /** Of a selection: its requirements; one that is not true denies. */
  readonly rules: readonly Rule[]
  readonly onAllow: Handler | null
  readonly onDeny: Handler | null
  readonly actions: readonly AskedAction[]
  readonly score: Key | null
  readonly order: 'ascending' | 'descending'
  /** Ties go by the first that differs: the larger number, the smaller word. */
  readonly ties: readonly Key[]
}

export const isNumber = (type: Type): type is NumberType =>
  (NUMBERS as readonly string[]).includes(type.is)
export const isWord = (type: Type): type is WordType =>
  (WORDS as readonly string[]).includes(type.is)

export function sameType(a: Type, b: Type): boolean {
  if (a.is === 'list' || a.is === 'option') return a.is === b.is && sameType(a.of, b.of)
  if (a.is === 'record') return b.is === 'record' && a.name === b.name
  return a.is === b.is
}

/** A map is a list of these, the first entry of a key counts. */
export type MapType = { readonly is: 'list'; readonly of: RecordType }

/** Null for keys that cannot be compared. */
export function mapOf(key: Type, value: Type): MapType | null {
  if (!isNumber(key) && !isWord(key) && key.is !== 'bool') return null
  const fields = [
    { name: 'key', type: key },
    { name: 'value', type: value },
  ]
  const name = `entry<${typeName(key)}, ${typeName(value)}>`
  return { is: 'list', of: { is: 'record', name, fields } }
}

export const entryOf = ({ of }: MapType): RecordType => of

/** The types of a map's keys and values; null for what is no map. */
export function mapParts(type: Type): { key: Type; value: Type } | null {
  if (type.is !== 'list' || type.of.is !== 'record' || !type.of.name.startsWith('entry<')) {
    return null
  }
  const [key, value] = type.of.fields
  return key === undefined || value === undefined ? null : { key: key.type, value: value.type }
}

export function typeName(type: Type): string {
  const parts = mapParts(type)
  if (parts !== null) return `map<${typeName(parts.key)}, ${typeName(parts.value)}>`
  if (type.is === 'list' || type.is === 'option') return `${type.is}<${typeName(type.of)}>`
  return type.is === 'record' ? type.name : type.is
}
