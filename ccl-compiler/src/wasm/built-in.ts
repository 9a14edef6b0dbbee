/**
 * Functions that modules bring along: checked multiplication and division, equality of words,
 * membership, memory. Only what a program uses is in its module.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import * as W from '../wasm-bytes.ts'
import { Body, GLOBAL, statusOf, type WasmType } from './body.ts'
import { CELL, DID } from './layout.ts'

const { OP, TYPE } = W
const { i32, i64 } = TYPE
const MIN = -(2n ** 63n)
/** Odd, with its bits well mixed: 2^64 divided by the golden ratio. */
export const HASH_FACTOR = 0x9e3779b97f4a7c15n

export type BuiltInName =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'div_down'
  | 'div_up'
  | 'div_even'
  | 'part_down'
  | 'part_up'
  | 'same'
  | 'same_did'
  | 'in_words'
  | 'in_numbers'
  | 'lookup'
  | 'alloc'

type Place = (name: BuiltInName) => number

const TYPES: Record<BuiltInName, [params: WasmType[], result: WasmType]> = {
  add: [[i64, i64], i64],
  subtract: [[i64, i64], i64],
  multiply: [[i64, i64], i64],
  div_down: [[i64, i64], i64],
  div_up: [[i64, i64], i64],
  div_even: [[i64, i64], i64],
  part_down: [[i64, i64], i64],
  part_up: [[i64, i64], i64],
  same: [[i32, i32], i32],
  same_did: [[i32, i32], i32],
  in_words: [[i32, i32], i32],
  in_numbers: [[i64, i32], i32],
  lookup: [[i32, i32, i32], i32],
  alloc: [[i32], i32],
}

export function builtInBody(name: BuiltInName, place: Place): Body {
  const [params, result] = TYPES[name]
  const body = new Body(params, result)
  switch (name) {
    case 'add':
      return sum(body, OP.i64Add, OP.i64LtS)
    case 'subtract':
      return sum(body, OP.i64Sub, OP.i64GtS)
    case 'multiply':
      return multiply(body)
    case 'div_down':
    case 'div_up':
    case 'div_even':
      return divide(body, name.slice(4) as 'down' | 'up' | 'even')
    case 'part_down':
    case 'part_up':
      return part(body, name.slice(5) as 'down' | 'up', place)
    case 'same':
      return same(body)
    case 'same_did':
      return sameDid(body)
    case 'in_words':
      return scan(body, i32, () => body.call(place('same')))
    case 'in_numbers':
      return scan(body, i64, () => body.op(OP.i64Eq))
    case 'lookup':
      return lookup(body, place)
    case 'alloc':
      return alloc(body)
  }
}

/**
 * A sum is less than a where b is negative, a difference where b is positive, and only there: else
 * it has left the range. No error is under way here, so that none can be forgotten.
 */
function sum(body: Body, op: number, shrinks: number): Body {
  const [a, b, result] = [0, 1, body.local(i64)]
  body.get(a).get(b).op(op).tee(result).get(a).op(OP.i64LtS)
  body.get(b).i64(0n).op(shrinks, OP.i32Ne).i32(statusOf('overflow')).op(OP.i32Mul)
  return body.setGlobal(GLOBAL.error).get(result)
}

/** Dividing the product by one factor must give the other. */
function multiply(body: Body): Body {
  const [a, b, product] = [0, 1, body.local(i64)]
  body.get(a).i64(-1n).op(OP.i64Eq).get(b).i64(MIN).op(OP.i64Eq, OP.i32And).failIf('overflow')
  body.get(a).get(b).op(OP.i64Mul).set(product)
  body.get(a).i64(0n).op(OP.i64Ne).op(OP.if, TYPE.empty)
  // -1 was the one factor by which a product cannot be divided
  body.get(a).i64(-1n).op(OP.i64Ne).op(OP.if, TYPE.empty)
  body.get(product).get(a).op(OP.i64DivS).get(b).op(OP.i64Ne).failIf('overflow')
  return body.op(OP.end, OP.end).get(product)
}

/** As arithmetic.ts: the floor first, then up by one where the rounding says so. */
function divide(body: Body, how: 'down' | 'up' | 'even'): Body {
  const [a, b, floor, rest] = [0, 1, body.local(i64), body.local(i64)]
  body.get(b).op(OP.i64Eqz).failIf('divide_by_zero')
  body.get(a).i64(MIN).op(OP.i64Eq).get(b).i64(-1n).op(OP.i64Eq, OP.i32And).failIf('overflow')
  body.get(a).get(b).op(OP.i64DivS).set(floor)
  body.get(a).get(b).op(OP.i64RemS).set(rest)
  body.get(rest).op(OP.i64Eqz, OP.if, TYPE.empty).get(floor).op(OP.return, OP.end)
  // towards zero became towards minus infinity: rest and divisor have one sign then
  body.get(rest).get(b).op(OP.i64Xor).i64(0n).op(OP.i64LtS, OP.if, TYPE.empty)
  body.get(floor).i64(1n).op(OP.i64Sub).set(floor)
  body.get(rest).get(b).op(OP.i64Add).set(rest).op(OP.end)
  if (how === 'down') return body.get(floor)
  if (how === 'up') return body.get(floor).i64(1n).op(OP.i64Add)
  const left = body.local(i64)
  body.get(b).get(rest).op(OP.i64Sub).set(left)
  // half way: to the even neighbour
  body.get(rest).get(left).op(OP.i64Eq, OP.if, TYPE.empty)
  body.get(floor).get(floor).i64(1n).op(OP.i64And, OP.i64Add, OP.return, OP.end)
  body.get(floor)
  body.get(rest).get(left).op(OP.i64GtS).get(left).get(rest).op(OP.i64GtS)
  body.get(b).i64(0n).op(OP.i64GtS, OP.select)
  return body.op(OP.i64ExtendI32U, OP.i64Add)
}

/** As arithmetic.ts: whole millions, then the rest. */
function part(body: Body, how: 'down' | 'up', place: Place): Body {
  const [a, ppm, rest] = [0, 1, body.local(i64)]
  const [whole, sum] = [body.local(i64), body.local(i64)]
  body.get(a).i64(1_000_000n).op(OP.i64DivS)
  body.get(ppm).call(place('multiply')).failAlike().set(whole)
  body.get(a).i64(1_000_000n).op(OP.i64RemS)
  body.get(ppm).call(place('multiply')).failAlike()
  const rounded = place(`div_${how}`)
  body.i64(1_000_000n).call(rounded).set(rest)
  return checkedAdd(body, whole, rest, sum)
}

/** `result = a + b`, left on the stack: a sum whose sign is that of neither has left the range. */
export function checkedAdd(body: Body, a: number, b: number, result: number): Body {
  body.get(a).get(b).op(OP.i64Add).set(result)
  body.get(a).get(result).op(OP.i64Xor).get(b).get(result).op(OP.i64Xor, OP.i64And)
  return body.i64(0n).op(OP.i64LtS).failIf('overflow').get(result)
}

/** Word by word of 8 bytes; the zeros behind the last byte are equal too. */
function same(body: Body): Body {
  const [a, b, end] = [0, 1, body.local(i32)]
  body.get(a).get(b).op(OP.i32Eq, OP.if, TYPE.empty).i32(1).op(OP.return, OP.end)
  body.get(a).load(i64).get(b).load(i64).op(OP.i64Ne, OP.if, TYPE.empty)
  body.i32(0).op(OP.return, OP.end)
  body.get(a).get(a).load(i32).i32(7).op(OP.i32Add).i32(-8).op(OP.i32And, OP.i32Add).set(end)
  body.op(OP.loop, TYPE.empty)
  body.get(a).get(end).op(OP.i32Eq, OP.if, TYPE.empty).i32(1).op(OP.return, OP.end)
  body.get(a).load(i64, CELL).get(b).load(i64, CELL).op(OP.i64Eq, OP.if, TYPE.empty)
  body.get(a).i32(CELL).op(OP.i32Add).set(a).get(b).i32(CELL).op(OP.i32Add).set(b)
  return body.op(OP.br, 1, OP.end, OP.end).i32(0)
}

/** Is the word the DID of this key? As `same`, of words whose length and first cell are known. */
function sameDid(body: Body): Body {
  const [word, key] = [0, 1]
  body.get(word).load(i64).i64(BigInt(DID.bytes)).op(OP.i64Xor)
  body.get(word).load(i64, CELL).i64(DID.prefix).op(OP.i64Xor, OP.i64Or)
  for (let at = 0; at < DID.keyBytes; at += CELL) {
    body
      .get(word)
      .load(i64, at + DID.keyAt)
      .get(key)
      .load(i64, at)
      .op(OP.i64Xor, OP.i64Or)
  }
  return body.op(OP.i64Eqz)
}

/** Is the item one of the cells of the list? `equal` compares the two values on the stack. */
function scan(body: Body, type: WasmType, equal: () => void): Body {
  const [item, list, end] = [0, 1, body.local(i32)]
  body.get(list).get(list).load(i32).i32(3).op(OP.i32Shl, OP.i32Add).set(end)
  body.op(OP.loop, TYPE.empty)
  body.get(list).get(end).op(OP.i32Ne, OP.if, TYPE.empty)
  body.get(list).i32(CELL).op(OP.i32Add).tee(list).load(type).get(item)
  equal()
  body.op(OP.if, TYPE.empty).i32(1).op(OP.return, OP.end)
  return body.op(OP.br, 1, OP.end, OP.end).i32(0)
}

/** lookup(word, table, mask): open addressing; a slot holds the address of a word, or 0. */
function lookup(body: Body, place: Place): Body {
  const [word, table, mask] = [0, 1, 2]
  const [hash, at, end, slot] = [body.local(i64), body.local(i32), body.local(i32), body.local(i32)]
  body.get(word).load(i64).set(hash)
  body.get(word).tee(at)
  body.get(word).load(i32).i32(7).op(OP.i32Add).i32(-8).op(OP.i32And, OP.i32Add).set(end)
  body.op(OP.loop, TYPE.empty).get(at).get(end).op(OP.i32Ne, OP.if, TYPE.empty)
  body.get(hash).get(at).load(i64, CELL).op(OP.i64Xor).i64(BigInt.asIntN(64, HASH_FACTOR))
  body.op(OP.i64Mul).tee(hash).get(hash).i64(32n).op(OP.i64ShrU, OP.i64Xor).set(hash)
  body.get(at).i32(CELL).op(OP.i32Add).set(at).op(OP.br, 1, OP.end, OP.end)
  body.get(hash).op(OP.i32WrapI64).set(at)
  body.op(OP.loop, TYPE.empty)
  body
    .get(table)
    .get(at)
    .get(mask)
    .op(OP.i32And)
    .i32(2)
    .op(OP.i32Shl, OP.i32Add)
    .load(i32)
    .tee(slot)
  body.op(OP.i32Eqz, OP.if, TYPE.empty).i32(0).op(OP.return, OP.end)
  body.get(slot).get(word).call(place('same')).op(OP.if, TYPE.empty).i32(1).op(OP.return, OP.end)
  body.get(at).i32(1).op(OP.i32Add).set(at).op(OP.br, 0, OP.end)
  return body.op(OP.unreachable)
}

/** The hash that `lookup` computes, over the cells of a word. */
export function hashOf(cells: readonly bigint[]): number {
  let hash = cells[0] as bigint
  for (const cell of cells.slice(1)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt.asUintN(64, cell)) * HASH_FACTOR)
    hash ^= hash >> 32n
  }
  return Number(hash & 0xffffffffn)
}

/** alloc(cells): the address of new cells. */
function alloc(body: Body): Body {
  const end = body.local(i32)
  body.global(GLOBAL.heap).get(0).i32(3).op(OP.i32Shl, OP.i32Add).set(end)
  body
    .get(end)
    .global(GLOBAL.heapStart)
    .op(OP.i32Sub)
    .i32(LIMITS.cclCellsMax * CELL)
  body.op(OP.i32GtU).failIf('memory')
  return body.global(GLOBAL.heap).get(end).setGlobal(GLOBAL.heap)
}
