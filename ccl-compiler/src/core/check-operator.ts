/** Operators: which types they take, and the unit of what they give. */
import { regionOf } from '../ir/cost.ts'
import {
  type Comparison,
  type Expr,
  isNumber,
  isWord,
  mapParts,
  sameType,
  type Type,
  typeName,
} from '../ir/ir.ts'
import type * as A from './ast.ts'
import { BOOL, checkExpr, isComparable } from './check-expression.ts'
import { inMap } from './check-map.ts'
import type { Declarations } from './declarations.ts'
import type { Scope } from './scope.ts'

const HOW: Partial<Record<A.BinaryOp, Comparison>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}

type Operator = Extract<A.Expr, { is: 'unary' | 'binary' }>
type Binary = Extract<A.Expr, { is: 'binary' }>

export function checkOperator(
  node: Operator,
  decls: Declarations,
  scope: Scope,
  want: Type | null,
): Expr | null {
  if (node.is === 'unary') return unary(node, decls, scope, want)
  switch (node.op) {
    case 'and':
    case 'or': {
      const left = checkExpr(node.left, BOOL, decls, scope)
      const right = checkExpr(node.right, BOOL, decls, scope)
      if (left === null || right === null) return null
      return { op: node.op, type: BOOL, left, region: regionOf(right) }
    }
    case 'otherwise':
      return otherwise(node, decls, scope, want)
    case 'in':
      return membership(node, decls, scope)
    case '+':
    case '-':
    case '*':
      return arithmetic(node, node.op, decls, scope)
    default:
      return comparison(node, HOW[node.op] as Comparison, decls, scope)
  }
}

function unary(
  node: Extract<A.Expr, { is: 'unary' }>,
  decls: Declarations,
  scope: Scope,
  want: Type | null,
): Expr | null {
  if (node.op === 'not') {
    const of = checkExpr(node.of, BOOL, decls, scope)
    return of === null ? null : { op: 'not', type: BOOL, of }
  }
  const of = checkExpr(node.of, want !== null && isNumber(want) ? want : null, decls, scope)
  if (of === null) return null
  if (isNumber(of.type) && of.type.is !== 'time') return { op: 'negate', type: of.type, of }
  wrong(node.of, 'a number', of.type, 'only numbers have a minus', decls)
  return null
}

function wrong(node: A.Expr, expected: string, type: Type, help: string, decls: Declarations) {
  if (type.is === 'option') decls.problems.add('CCL0419', node.range, typeName(type))
  else decls.problems.add('CCL0414', node.range, expected, `\`${typeName(type)}\``, help)
  return null
}

function otherwise(node: Binary, decls: Declarations, scope: Scope, want: Type | null) {
  const wanted: Type | null = want === null ? null : { is: 'option', of: want }
  const of = checkExpr(node.left, node.left.is === 'none' ? wanted : null, decls, scope)
  if (of === null) return null
  if (of.type.is !== 'option') {
    const help = 'this always has a value: remove `otherwise …`'
    return wrong(node.left, 'an option', of.type, help, decls)
  }
  const right = checkExpr(node.right, of.type.of, decls, scope)
  if (right === null) return null
  return { op: 'otherwise', type: of.type.of, of, region: regionOf(right) } as Expr
}

/** Both sides; a text in quotes takes the type of the other side. */
function sides(node: Binary, decls: Declarations, scope: Scope): [Expr, Expr] | null {
  const swap = node.left.is === 'text' || node.left.is === 'none'
  const [one, other] = swap ? [node.right, node.left] : [node.left, node.right]
  const first = checkExpr(one, null, decls, scope)
  const hint = other.is === 'text' && first !== null && isWord(first.type) ? first.type : null
  const second = checkExpr(other, hint, decls, scope)
  if (first === null || second === null) return null
  for (const [side, expr] of [
    [one, first],
    [other, second],
  ] as const) {
    if (expr.type.is !== 'option') continue
    decls.problems.add('CCL0419', side.range, typeName(expr.type))
    return null
  }
  return swap ? [second, first] : [first, second]
}

function comparison(node: Binary, how: Comparison, decls: Declarations, scope: Scope) {
  const both = sides(node, decls, scope)
  if (both === null) return null
  const [left, right] = both
  if (!mixes(node, left, right, decls)) return null
  const ordered = how !== 'eq' && how !== 'ne'
  if (ordered ? isNumber(left.type) : isComparable(left.type)) {
    return { op: 'compare', type: BOOL, how, left, right } as Expr
  }
  if (isComparable(left.type)) {
    const help = 'words and conditions have no order: compare with `==` or `!=`'
    refuse(node, left, right, help, decls)
  } else decls.problems.add('CCL0426', node.at, typeName(left.type))
  return null
}

/** True if both sides have one type; otherwise says why they do not fit. */
function mixes(node: Binary, left: Expr, right: Expr, decls: Declarations): boolean {
  if (sameType(left.type, right.type)) return true
  if (isNumber(left.type) && isNumber(right.type)) {
    decls.problems.add('CCL0416', node.at, typeName(left.type), typeName(right.type))
  } else refuse(node, left, right, 'both sides must have the same type', decls)
  return false
}

function refuse(node: Binary, left: Expr, right: Expr, help: string, { problems }: Declarations) {
  const [a, b] = [`\`${typeName(left.type)}\``, `\`${typeName(right.type)}\``]
  problems.add('CCL0415', node.at, node.op, a, b, help)
  return null
}

function membership(node: Binary, decls: Declarations, scope: Scope): Expr | null {
  const right = checkExpr(node.right, null, decls, scope)
  if (right !== null && right.type.is !== 'list') {
    const help = 'what stands after `in` is a list: `x in [a, b]`, `x in roles.NAME`'
    return wrong(node.right, 'a list', right.type, help, decls)
  }
  const map = right === null ? null : mapParts(right.type)
  if (map !== null) {
    if (checkExpr(node.left, map.key, decls, scope) === null) return null
    return checkExpr(inMap(node), BOOL, decls, scope)
  }
  const of = right?.type.is === 'list' ? right.type.of : null
  const left = checkExpr(node.left, of, decls, scope)
  if (left === null || right === null) return null
  if (isComparable(left.type)) return { op: 'in', type: BOOL, left, right }
  decls.problems.add('CCL0426', node.at, typeName(left.type))
  return null
}

function arithmetic(node: Binary, op: '+' | '-' | '*', decls: Declarations, scope: Scope) {
  const both = sides(node, decls, scope)
  if (both === null) return null
  const [left, right] = both
  if (!isNumber(left.type) || !isNumber(right.type)) {
    const words = isWord(left.type) || isWord(right.type)
    const help = words ? 'texts are only compared' : 'only numbers are added and multiplied'
    return refuse(node, left, right, help, decls)
  }
  const type = op === '*' ? product(left.type, right.type) : total(op, left.type, right.type)
  if (type === null) {
    if (left.type.is === 'percent' || right.type.is === 'percent') {
      const help = 'a share of an amount is `part_down(amount, 33%)` or `part_up(…)`'
      return refuse(node, left, right, help, decls)
    }
    if (op === '*' || sameType(left.type, right.type)) {
      return refuse(node, left, right, 'this has no unit', decls)
    }
    decls.problems.add('CCL0416', node.at, typeName(left.type), typeName(right.type))
    return null
  }
  const name = op === '+' ? 'add' : op === '-' ? 'subtract' : 'multiply'
  return { op: name, type, left, right } as Expr
}

/** An amount times a whole number is an amount. */
function product(a: Type, b: Type): Type | null {
  if (a.is === 'time' || b.is === 'time' || a.is === 'percent' || b.is === 'percent') return null
  if (b.is === 'int') return a
  return a.is === 'int' ? b : null
}

function total(op: '+' | '-', a: Type, b: Type): Type | null {
  if (a.is === 'time' && b.is === 'time') return op === '-' ? { is: 'duration' } : null
  if (a.is === 'time' && b.is === 'duration') return a
  return sameType(a, b) ? a : null
}
