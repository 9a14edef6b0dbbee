/** Expressions to instructions that leave their value on the stack. */
import { literal } from '../core/literal.ts'
import { type Expr, isNumber, type Region } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { type Body, GLOBAL, wasmType } from './body.ts'
import type { BuiltInName } from './built-in.ts'
import { COMPARE, encodeCompare, encodeIn } from './encode-compare.ts'
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

export function encodeRegion({ cost, value }: Region, place: Place): void {
  place.body.charge(cost)
  encode(value, place)
}

/**
 * The last that a function computes: an error in there needs no way out of the function, because
 * who called it looks for one. Nothing that comes behind it may take a step, trap or err.
 */
export function encodeLast(expr: Expr, place: Place): void {
  const { body } = place
  const call = callOf(expr)
  if (call !== undefined) encodeCall(call, place)
  else if (expr.op === 'not') {
    encodeLast(expr.of, place)
    body.op(OP.i32Eqz)
  } else if (expr.op === 'compare' && isNumber(expr.left.type) && isKnown(expr.right)) {
    encodeLast(expr.left, place)
    encode(expr.right, place)
    body.op(COMPARE[expr.how])
  } else encode(expr, place)
}

const isKnown = ({ op }: Expr) => op === 'number' || op === 'input' || op === 'local'

/** What is a call of a function that may end in an error: one of the text, or one brought along. */
type Call = { readonly args: readonly Expr[]; readonly of: BuiltInName | number }

function callOf(expr: Expr): Call | undefined {
  switch (expr.op) {
    case 'call':
      return { args: expr.args, of: expr.fn }
    case 'negate':
      return { args: [literal(expr.type, 0n), expr.of], of: 'subtract' }
    case 'add':
    case 'subtract':
    case 'multiply':
      return { args: [expr.left, expr.right], of: expr.op }
    case 'divide':
      return { args: [expr.left, expr.right], of: `div_${expr.how}` }
    case 'part':
      return { args: [expr.left, expr.right], of: `part_${expr.how}` }
    default:
      return undefined
  }
}

/** An error in there stands in the global `error`, and what is left on the stack says nothing. */
function encodeCall({ args, of }: Call, place: Place): void {
  const { body, parts } = place
  for (const arg of args) encode(arg, place)
  if (typeof of === 'string') body.call(parts.builtIn(of))
  else body.call(parts.declared(of)).asksForFuel = true
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
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
    case 'part':
    case 'call':
      encodeCall(callOf(expr) as Call, place)
      body.failAlike()
      return
    case 'compare':
      return encodeCompare(expr, place)
    case 'in':
      return encodeIn(expr, place)
    case 'fold':
      return encodeFold(expr, place)
  }
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
