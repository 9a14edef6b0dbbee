/** Between constant expressions and their values. */
import type { Expr, Type, Value } from '../ir/ir.ts'

/** The value of an expression that is constant as it stands, or undefined. */
export function asValue(expr: Expr): Value | undefined {
  switch (expr.op) {
    case 'number':
    case 'flag':
    case 'word':
    case 'constant':
      return expr.value
    case 'none':
      return null
    default:
      return undefined
  }
}

export function literal(type: Type, value: Value): Expr {
  if (typeof value === 'bigint') return { op: 'number', type, value }
  if (typeof value === 'boolean') return { op: 'flag', type, value }
  if (typeof value === 'string') return { op: 'word', type, value }
  if (value === null) return { op: 'none', type }
  return { op: 'constant', type, value }
}
