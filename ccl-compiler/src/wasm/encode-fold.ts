/** `sum(for …)` and its like: a loop over the cells of a list. */
import type { Expr } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import type { Body, WasmType } from './body.ts'
import { wasmType } from './body.ts'
import { checkedAdd } from './built-in.ts'
import { encode, encodeRegion, type Place } from './encode-expression.ts'
import { CELL } from './layout.ts'

const { OP, TYPE } = W

type Fold = Extract<Expr, { op: 'fold' }>

/** Labels inside the loop: `br NEXT` goes on, `br DONE` ends it. */
const NEXT = 0
const DONE = 1

/**
 * With a list on the stack: runs `inner` for each entry, which stands in `slot` then. Inside, the
 * labels count from where `inner` stands.
 */
export function loopOver(
  place: Place,
  slot: number,
  type: WasmType,
  limit: number | null,
  inner: (list: number) => void,
): void {
  const { body, parts } = place
  const [list, at, end] = [body.local(TYPE.i32), body.local(TYPE.i32), body.local(TYPE.i32)]
  body.tee(list)
  if (limit === null) body.op(OP.drop)
  else body.load(TYPE.i64).i64(BigInt(limit)).op(OP.i64GtU).failIf('limit')
  inner(list)
  body.get(list).tee(at).get(list).load(TYPE.i32).i32(3).op(OP.i32Shl, OP.i32Add).set(end)
  body.op(OP.block, TYPE.empty, OP.loop, TYPE.empty)
  body.get(at).get(end).op(OP.i32Eq, OP.brIf, DONE)
  body.fueled(parts.stepsMax)
  body.get(at).i32(CELL).op(OP.i32Add).tee(at).load(type).set(slot)
}

/** The end of what `loopOver` began. */
export function loopEnd({ body }: Place): void {
  body.op(OP.br, NEXT, OP.end, OP.end)
}

export function encodeFold(expr: Fold, place: Place): void {
  const { body, parts, slots } = place
  const type = wasmType(expr.body.value.type)
  const result = body.local(wasmType(expr.type))
  const value = body.local(type)
  const count = body.local(TYPE.i32)
  const best = body.local(TYPE.i64)
  encode(expr.source, place)
  loopOver(place, slots[expr.slot] as number, wasmType(itemType(expr)), expr.limit, (list) =>
    begin(expr, place, list, result, count),
  )
  if (expr.filter !== null) {
    encodeRegion(expr.filter, place)
    body.op(OP.i32Eqz, OP.brIf, NEXT)
  }
  encodeRegion(expr.body, place)
  switch (expr.how) {
    case 'sum':
      body.set(value)
      checkedAdd(body, result, value, best).set(result)
      break
    case 'count':
      body.op(OP.drop).get(result).i64(1n).op(OP.i64Add).set(result)
      break
    case 'any':
      body.tee(result).op(OP.brIf, DONE)
      break
    case 'all':
      body.tee(result).op(OP.i32Eqz, OP.brIf, DONE)
      break
    case 'least':
    case 'most':
      body.set(value).get(count).op(OP.i32Eqz).get(value).get(best)
      body.op(expr.how === 'least' ? OP.i64LtS : OP.i64GtS, OP.i32Or, OP.if, TYPE.empty)
      body.get(value).set(best).i32(1).set(count).op(OP.end)
      break
    case 'first':
      body.set(value)
      boxed(place, result, value, type)
      body.op(OP.br, DONE)
      break
    case 'list':
      body.set(value).get(result).get(count).i32(1).op(OP.i32Add).tee(count)
      body.i32(3).op(OP.i32Shl, OP.i32Add).get(value).store(type)
  }
  loopEnd(place)
  if (expr.how === 'list') body.get(result).get(count).store(TYPE.i32)
  if (expr.how === 'least' || expr.how === 'most') {
    body.get(count).op(OP.if, TYPE.empty)
    boxed({ body, parts, slots }, result, best, TYPE.i64)
    body.op(OP.end)
  }
  body.get(result)
}

const itemType = ({ source }: Fold) => (source.type.is === 'list' ? source.type.of : source.type)

/** Locals keep what an earlier turn of a loop around left in them: they begin anew here. */
function begin(expr: Fold, { body, parts }: Place, list: number, result: number, count: number) {
  body.i32(0).set(count)
  if (expr.how === 'sum' || expr.how === 'count') body.i64(0n).set(result)
  else if (expr.how !== 'list') body.i32(expr.how === 'all' ? 1 : 0).set(result)
  else {
    body.get(list).load(TYPE.i32).i32(1).op(OP.i32Add)
    body.call(parts.builtIn('alloc')).failAlike().set(result)
  }
}

/** `result` becomes the address of a new cell that holds `value`. */
function boxed({ body, parts }: Place, result: number, value: number, type: WasmType): Body {
  body.i32(1).call(parts.builtIn('alloc')).failAlike().set(result)
  return body.get(result).get(value).store(type)
}
