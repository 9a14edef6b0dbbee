/**
 * The tree of the typed core as written: policies, selections, functions, records, constants,
 * people and tests, before anything is known about their names. Each node has its place.
 */
import type { Name } from '../ast.ts'
import type { Range } from '../source.ts'

export type BinaryOp =
  | 'or'
  | 'and'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | '+'
  | '-'
  | '*'
  | 'otherwise'

export type CoreArgument = { readonly name: Name | null; readonly value: Expr }

/** `for m in members limit 100 if m.active: m.weight` */
export type Comprehension = {
  readonly is: 'for'
  readonly variable: Name
  readonly source: Expr
  readonly limit: Name | null
  readonly filter: Expr | null
  readonly body: Expr
}

/** `depth` counts the levels below, so that no walk over a tree runs out of stack. */
export type Expr = { readonly range: Range; readonly depth: number } & (
  | { readonly is: 'whole'; readonly value: bigint }
  | { readonly is: 'percent'; readonly ppm: bigint }
  | { readonly is: 'duration'; readonly ms: bigint }
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'flag'; readonly flag: boolean }
  | { readonly is: 'none' }
  | { readonly is: 'name'; readonly text: string }
  | { readonly is: 'field'; readonly of: Expr; readonly name: Name }
  | { readonly is: 'call'; readonly fn: Name; readonly args: readonly CoreArgument[] }
  | { readonly is: 'list'; readonly items: readonly Expr[] }
  | {
      readonly is: 'map'
      readonly entries: readonly { readonly key: Expr; readonly value: Expr }[]
    }
  | { readonly is: 'unary'; readonly op: 'not' | '-'; readonly of: Expr }
  | {
      readonly is: 'binary'
      readonly op: BinaryOp
      readonly at: Range
      readonly left: Expr
      readonly right: Expr
    }
  | Comprehension
  /** Already reported. */
  | { readonly is: 'broken' }
)

export type TypeNode = { readonly name: Name; readonly args: readonly TypeNode[] }

export type Stmt = { readonly range: Range } & (
  | { readonly is: 'let'; readonly name: Name; readonly type: TypeNode | null; value: Expr }
  | { readonly is: 'assign'; readonly name: Name; readonly value: Expr }
  | {
      readonly is: 'if'
      readonly condition: Expr
      readonly yes: readonly Stmt[]
      readonly no: readonly Stmt[]
    }
  | {
      readonly is: 'for'
      readonly variable: Name
      readonly source: Expr
      readonly limit: Name | null
      readonly body: readonly Stmt[]
    }
  | { readonly is: 'return'; readonly value: Expr }
  /** An action, only in `on allow` and `on deny`: what is asked for is returned as data. */
  | { readonly is: 'ask'; readonly action: Name; readonly args: readonly CoreArgument[] }
)

export type Field = { readonly name: Name; readonly type: TypeNode }

export type ConstDecl = {
  readonly is: 'const'
  readonly name: Name
  readonly type: TypeNode | null
  readonly value: Expr
}
export type FnDecl = {
  readonly is: 'fn'
  readonly name: Name
  readonly params: readonly Field[]
  readonly result: TypeNode
  readonly body: readonly Stmt[]
  /** A statement was given up: a name that is missing may stand there. */
  readonly lost: boolean
}
export type RecordDecl = {
  readonly is: 'record'
  readonly name: Name
  readonly fields: readonly Field[]
}
export type PeopleDecl = {
  readonly is: 'people'
  readonly entries: readonly { readonly name: Name; readonly did: Expr }[]
}
export type InputDecl = { readonly is: 'input'; readonly name: Name; readonly type: TypeNode }

export type RuleDecl = {
  readonly is: 'rule'
  readonly name: Name
  readonly effect: 'allow' | 'deny'
  readonly when: Expr | null
  readonly unless: Expr | null
  readonly because: Name | null
  readonly cite: Name | null
}
export type RequireDecl = {
  readonly is: 'require'
  readonly name: Name
  readonly condition: Expr
  readonly because: Name | null
}

/** `on allow { … }`: what is asked for when the policy has allowed. */
export type OnDecl = {
  readonly is: 'on'
  readonly effect: Name
  readonly body: readonly Stmt[]
  readonly lost: boolean
}

export type Property = { readonly name: Name; readonly value: Expr }

export type Proposal = {
  readonly name: Name
  readonly properties: readonly Property[]
  readonly ons: readonly OnDecl[]
  readonly lost: boolean
}
/** Who may propose and vote, and what each kind of proposal needs to pass. */
export type GovernanceDecl = {
  readonly is: 'governance'
  readonly name: Name
  readonly roles: readonly { readonly name: Name; readonly properties: readonly Property[] }[]
  readonly proposals: readonly Proposal[]
}
/** A pool of one resource, divided into shares. */
export type BudgetDecl = {
  readonly is: 'budget'
  readonly name: Name
  readonly resource: Name | null
  readonly scope: Name | null
  readonly properties: readonly Property[]
  readonly shares: readonly { readonly name: Name; readonly properties: readonly Property[] }[]
  readonly lost: boolean
}

export type PolicyDecl = {
  readonly is: 'policy'
  /** What it was written as, which says what it may ask for. */
  readonly from: 'policy' | 'proposal' | 'budget'
  readonly name: Name
  readonly resource: Name | null
  readonly scope: Name | null
  readonly consts: readonly ConstDecl[]
  readonly inputs: readonly InputDecl[]
  readonly lost: boolean
  readonly rules: readonly RuleDecl[]
  readonly ons: readonly OnDecl[]
}
export type SelectionDecl = {
  readonly is: 'selection'
  readonly name: Name
  readonly consts: readonly ConstDecl[]
  readonly inputs: readonly InputDecl[]
  readonly lost: boolean
  readonly requires: readonly RequireDecl[]
  readonly score: Expr | null
  readonly order: Name | null
  readonly ties: readonly Expr[]
}

/** `usage.total: cu(5);`, or the same as `usage { total: cu(5); }`. */
export type Setting = { readonly path: Name; readonly value: Expr }
export type Expectation = { readonly range: Range } & (
  | { readonly is: 'effect'; readonly effect: 'allow' | 'deny'; readonly by: Name | null }
  | { readonly is: 'score'; readonly value: Expr }
  /** `asks log`, or `asks nothing`. */
  | { readonly is: 'asks'; readonly action: Name }
  | { readonly is: 'holds'; readonly condition: Expr }
)
export type TestCase = {
  readonly name: Name
  readonly settings: readonly Setting[]
  readonly expects: readonly Expectation[]
}
export type TestDecl = {
  readonly is: 'test'
  readonly name: Name
  /** `policy: quota_pool;` or `selection: cheapest;` */
  readonly subject: Name | null
  readonly settings: readonly Setting[]
  readonly expects: readonly Expectation[]
  readonly cases: readonly TestCase[]
}

export type Unit = PolicyDecl | SelectionDecl
export type Decl =
  | ConstDecl
  | FnDecl
  | RecordDecl
  | PeopleDecl
  | Unit
  | GovernanceDecl
  | BudgetDecl
  | TestDecl

/**
 * `broken`: something was given up. `lost`: a whole declaration was, so that nothing is said about
 * names that are missing.
 */
/** `use "CID" as pool;` */
export type UseDecl = { readonly is: 'use'; readonly from: Name; readonly alias: Name }

export type Core = {
  readonly decls: readonly Decl[]
  readonly uses: readonly UseDecl[]
  readonly broken: boolean
  readonly lost: boolean
}
