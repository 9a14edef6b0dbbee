/** Comparisons, and whether a value is in a list. */
import { literal } from '../core/literal.ts'
import { type Comparison, type Expr, isNumber, isWord, type Type, type Value } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { GLOBAL, wasmType } from './body.ts'
import { encode, type Place } from './encode-expression.ts'
import { SHORT_MAX } from './module.ts'

const { OP, TYPE } = W

export const COMPARE: Record<Comparison, number> = {
  eq: OP.i64Eq,
  ne: OP.i64Ne,
  lt: OP.i64LtS,
  le: OP.i64LeS,
  gt: OP.i64GtS,
  ge: OP.i64GeS,
}

export function encodeCompare(expr: Extract<Expr, { op: 'compare' }>, place: Place): void {
  const { body } = place
  const { how, left, right } = expr
  if (isNumber(left.type)) {
    encode(left, place)
    encode(right, place)
    body.op(COMPARE[how])
    return
  }
  const [other, known] = left.op === 'word' ? [right, left] : [left, right]
  encode(other, place)
  equal(known, place)
  if (how === 'ne') body.op(OP.i32Eqz)
}

/** Whether the value on the stack is that of the expression. */
function equal(expr: Expr, place: Place): void {
  const { body, parts } = place
  if (expr.op === 'word' && expr.type.is === 'did') {
    body.i32(parts.data.key(expr.value)).call(parts.builtIn('same_did'))
    return
  }
  encode(expr, place)
  if (isWord(expr.type)) body.call(parts.builtIn('same'))
  else body.op(isNumber(expr.type) ? OP.i64Eq : OP.i32Eq)
}

export function encodeIn(expr: Extract<Expr, { op: 'in' }>, place: Place): void {
  const { body, parts } = place
  const { left, right } = expr
  encode(left, place)
  if (right.op === 'constant') {
    const items = [...new Set(right.value as readonly Value[])]
    if (items.length <= SHORT_MAX) return oneOf(items, left.type, place)
    const table = parts.table(left.type, right.value)
    if (table !== undefined) {
      body.i32(table.address).i32(table.mask).call(parts.builtIn('lookup'))
      return
    }
  }
  // a condition is looked for as the 0 or 1 that its cell holds
  if (left.type.is === 'bool') body.op(OP.i64ExtendI32U)
  encode(right, place)
  if (right.op !== 'constant') {
    const list = body.local(TYPE.i32)
    body.tee(list).global(GLOBAL.steps).get(list).load(TYPE.i64)
    body.op(OP.i64Add).setGlobal(GLOBAL.steps)
  }
  body.call(parts.builtIn(isWord(left.type) ? 'in_words' : 'in_numbers'))
}

/** Whether the value on the stack is one of a few: a list of them would take more. */
function oneOf(items: readonly Value[], type: Type, place: Place): void {
  const { body } = place
  const [first, ...others] = items.map((value) => literal(type, value))
  if (first === undefined) {
    body.op(OP.drop).i32(0)
    return
  }
  const item = others.length === 0 ? undefined : body.local(wasmType(type))
  if (item !== undefined) body.tee(item)
  equal(first, place)
  for (const other of others) {
    body.get(item as number)
    equal(other, place)
    body.op(OP.i32Or)
  }
}
