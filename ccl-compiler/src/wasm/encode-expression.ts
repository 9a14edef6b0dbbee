/** Expressions to instructions that leave their value on the stack. */
import { type Comparison, type Expr, isNumber, isWord, type Region } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { type Body, GLOBAL, wasmType } from './body.ts'
import { checkedAdd } from './built-in.ts'
import { encodeFold } from './encode-fold.ts'
import { CELL } from './layout.ts'
import type { ModuleParts } from './module.ts'

const { OP, TYPE } = W

/** What an expression is encoded into: the function, its module, and where its locals are. */
export type Place = {
  readonly body: Body
  readonly parts: ModuleParts
  readonly slots: readonly number[]
}

const COMPARE: Record<Comparison, number> = {
  eq: OP.i64Eq,
  ne: OP.i64Ne,
  lt: OP.i64LtS,
  le: OP.i64LeS,
  gt: OP.i64GtS,
  ge: OP.i64GeS,
}

export function encodeRegion({ cost, value }: Region, place: Place): void {
  place.body.charge(cost)
  encode(value, place)
}

export function encode(expr: Expr, place: Place): void {
  const { body, parts, slots } = place
  switch (expr.op) {
    case 'number':
      body.i64(expr.value)
      return
    case 'flag':
      body.i32(expr.value ? 1 : 0)
      return
    case 'word':
    case 'constant':
      body.i32(parts.constant(expr.type, expr.value))
      return
    case 'none':
      body.i32(0)
      return
    case 'local':
      body.get(slots[expr.slot] as number)
      return
    case 'input':
      body.global(GLOBAL.request).load(wasmType(expr.type), CELL * expr.index)
      return
    case 'field':
      encode(expr.of, place)
      body.load(wasmType(expr.type), CELL * expr.index)
      return
    case 'record':
      return gather(expr.fields, 0, place)
    case 'list':
      return gather(expr.items, 1, place)
    case 'some':
      return gather([expr.of], 0, place)
    case 'has':
      encode(expr.of, place)
      body.op(OP.i32Eqz, OP.i32Eqz)
      return
    case 'otherwise': {
      const option = body.local(TYPE.i32)
      const type = wasmType(expr.type)
      encode(expr.of, place)
      body.tee(option).op(OP.if, type).get(option).load(type).op(OP.else)
      encodeRegion(expr.region, place)
      body.op(OP.end)
      return
    }
    case 'not':
      encode(expr.of, place)
      body.op(OP.i32Eqz)
      return
    case 'and':
    case 'or':
      encode(expr.left, place)
      body.op(OP.if, TYPE.i32)
      if (expr.op === 'or') body.i32(1).op(OP.else)
      encodeRegion(expr.region, place)
      if (expr.op === 'and') body.op(OP.else).i32(0)
      body.op(OP.end)
      return
    case 'negate':
      body.i64(0n)
      encode(expr.of, place)
      return difference(body)
    case 'add':
    case 'subtract': {
      encode(expr.left, place)
      encode(expr.right, place)
      if (expr.op === 'subtract') return difference(body)
      const [a, b, sum] = [body.local(TYPE.i64), body.local(TYPE.i64), body.local(TYPE.i64)]
      body.set(b).set(a)
      checkedAdd(body, a, b, sum)
      return
    }
    case 'multiply':
      return called('multiply', expr.left, expr.right, place)
    case 'divide':
      return called(`div_${expr.how}`, expr.left, expr.right, place)
    case 'part':
      return called(`part_${expr.how}`, expr.left, expr.right, place)
    case 'compare':
      encode(expr.left, place)
      encode(expr.right, place)
      return compare(expr.how, expr.left, place)
    case 'in':
      return membership(expr, place)
    case 'call':
      for (const arg of expr.args) encode(arg, place)
      body.call(parts.declared(expr.fn)).failAlike()
      return
    case 'fold':
      return encodeFold(expr, place)
  }
}

/** `a - b` of the stack: wrong if a and b differ in sign, and a and the result too. */
function difference(body: Body): void {
  const [a, b, result] = [body.local(TYPE.i64), body.local(TYPE.i64), body.local(TYPE.i64)]
  body.set(b).tee(a).get(b).op(OP.i64Sub).set(result)
  body.get(a).get(b).op(OP.i64Xor).get(a).get(result).op(OP.i64Xor, OP.i64And)
  body.i64(0n).op(OP.i64LtS).failIf('overflow').get(result)
}

type Checked = 'multiply' | `div_${'down' | 'up' | 'even'}` | `part_${'down' | 'up'}`

function called(name: Checked, left: Expr, right: Expr, place: Place): void {
  encode(left, place)
  encode(right, place)
  place.body.call(place.parts.builtIn(name)).failAlike()
}

function compare(how: Comparison, left: Expr, { body, parts }: Place): void {
  if (isNumber(left.type)) body.op(COMPARE[how])
  else if (left.type.is === 'bool') body.op(how === 'eq' ? OP.i32Eq : OP.i32Ne)
  else {
    body.call(parts.builtIn('same'))
    if (how === 'ne') body.op(OP.i32Eqz)
  }
}

function membership(expr: Extract<Expr, { op: 'in' }>, place: Place): void {
  const { body, parts } = place
  const { left, right } = expr
  encode(left, place)
  if (right.op === 'constant') {
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

/** New cells with these values, behind their count if `head` is 1. Leaves the address. */
function gather(items: readonly Expr[], head: 0 | 1, place: Place): void {
  const { body, parts } = place
  const address = body.local(TYPE.i32)
  body
    .i32(items.length + head)
    .call(parts.builtIn('alloc'))
    .failAlike()
    .set(address)
  if (head === 1) body.get(address).i64(BigInt(items.length)).store(TYPE.i64)
  items.forEach((item, index) => {
    body.get(address)
    encode(item, place)
    body.store(wasmType(item.type), CELL * (index + head))
  })
  body.get(address)
}
