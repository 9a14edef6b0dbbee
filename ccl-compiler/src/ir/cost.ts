/**
 * What a program costs, in steps: one for each node evaluated, five for a comparison of words,
 * nine for looking something up in a constant list, one for each entry of any other list that is
 * looked through, and at least one for each turn of a loop. A region costs what is always evaluated
 * in it; regions inside add their own. `boundsOf` is the most a decision can cost: lists from the
 * host are counted as full.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import {
  type Block,
  type Expr,
  type Fn,
  isWord,
  type Program,
  type Region,
  type Stmt,
} from './ir.ts'

const WORD_COMPARE = 4
const LOOKUP = 8

export const regionOf = (value: Expr): Region => ({ value, cost: costOf(value) })

/** The expressions that are always evaluated with this one. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case 'number':
    case 'flag':
    case 'word':
    case 'constant':
    case 'local':
    case 'input':
    case 'none':
      return []
    case 'field':
    case 'not':
    case 'negate':
    case 'some':
    case 'has':
    case 'otherwise':
      return [expr.of]
    case 'record':
      return expr.fields
    case 'list':
      return expr.items
    case 'and':
    case 'or':
      return [expr.left]
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'compare':
    case 'in':
    case 'divide':
    case 'part':
      return [expr.left, expr.right]
    case 'call':
      return expr.args
    case 'fold':
      return [expr.source]
  }
}

/** Regions inside an expression that are entered on their own. */
export function regionsOf(expr: Expr): readonly Region[] {
  if (expr.op === 'and' || expr.op === 'or' || expr.op === 'otherwise') return [expr.region]
  if (expr.op !== 'fold') return []
  return expr.filter === null ? [expr.body] : [expr.filter, expr.body]
}

function ownCost(expr: Expr): number {
  if (expr.op === 'compare' && isWord(expr.left.type)) return 1 + WORD_COMPARE
  if (expr.op === 'in' && expr.right.op === 'constant') return 1 + LOOKUP
  return 1
}

export function costOf(expr: Expr): number {
  return partsOf(expr).reduce((total, part) => total + costOf(part), ownCost(expr))
}

export function blockOf(statements: readonly Stmt[]): Block {
  const cost = statements.reduce((total, statement) => {
    if (statement.op === 'if') return total + 1 + costOf(statement.condition)
    if (statement.op === 'ask') {
      return statement.args.reduce((sum, arg) => sum + costOf(arg), total + 1)
    }
    return total + 1 + costOf(statement.op === 'for' ? statement.source : statement.value)
  }, 0)
  return { cost, statements }
}

/** The most entries a list can have. */
function lengthOf(list: Expr): number {
  if (list.op === 'constant') return (list.value as readonly unknown[]).length
  if (list.op === 'list') return list.items.length
  if (list.op === 'fold') return Math.min(lengthOf(list.source), list.limit ?? LIMITS.cclListMax)
  return LIMITS.cclListMax
}

type FnBound = (index: number) => number

function exprBound(expr: Expr, fn: FnBound): number {
  let bound = ownCost(expr)
  for (const part of partsOf(expr)) bound += exprBound(part, fn)
  if (expr.op === 'call') return bound + fn(expr.fn)
  if (expr.op === 'in' && expr.right.op !== 'constant') return bound + lengthOf(expr.right)
  const times =
    expr.op === 'fold' ? Math.min(lengthOf(expr.source), expr.limit ?? LIMITS.cclListMax) : 1
  return regionsOf(expr).reduce((sum, { value }) => sum + times * exprBound(value, fn), bound)
}

function blockBound(block: Block, fn: FnBound): number {
  let bound = 0
  for (const statement of block.statements) {
    bound += 1
    if (statement.op === 'if') {
      const { condition, yes, no } = statement
      const branches = Math.max(blockBound(yes, fn), blockBound(no, fn))
      bound += exprBound(condition, fn) + branches
    } else if (statement.op === 'for') {
      const times = Math.min(lengthOf(statement.source), statement.limit)
      const turn = Math.max(1, blockBound(statement.body, fn))
      bound += exprBound(statement.source, fn) + times * turn
    } else if (statement.op === 'ask') {
      for (const arg of statement.args) bound += exprBound(arg, fn)
    } else bound += exprBound(statement.value, fn)
  }
  return bound
}

export type Bounds = {
  readonly rules: readonly number[]
  readonly keys: number
  /** Of the dearer of `on allow` and `on deny`. */
  readonly on: number
  readonly total: number
}

/** The most steps of each rule, and of a whole decision. Functions do not call themselves. */
export function boundsOf(program: Program): Bounds {
  const known = new Map<number, number>()
  const fn = (index: number): number => {
    const before = known.get(index)
    if (before !== undefined) return before
    const bound = blockBound((program.fns[index] as Fn).body, fn)
    known.set(index, bound)
    return bound
  }
  const rules = program.rules.map(({ condition }) => exprBound(condition.value, fn))
  const keys = [program.score, ...program.ties].reduce(
    (sum, key) => sum + (key === null ? 0 : exprBound(key.region.value, fn)),
    0,
  )
  const on = [program.onAllow, program.onDeny].map((handler) =>
    handler === null ? 0 : blockBound(handler.body, fn),
  )
  const most = Math.max(...on)
  return { rules, keys, on: most, total: rules.reduce((sum, bound) => sum + bound, keys + most) }
}
