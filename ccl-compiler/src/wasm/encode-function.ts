/** Declared functions: statements to instructions. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Block, Fn, Handler, Stmt } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { type Body, wasmType } from './body.ts'
import { encode, encodeLast, type Place } from './encode-expression.ts'
import { loopEnd, loopOver } from './encode-fold.ts'
import { AT, CELL } from './layout.ts'
import type { ModuleParts } from './module.ts'

const { OP, TYPE } = W

export function encodeFn(fn: Fn, parts: ModuleParts): Body {
  const { body, slots } = parts.frame(fn.params, fn.locals, wasmType(fn.result))
  body.fueled(parts.stepsMax)
  encodeBlock(fn.body, { body, parts, slots })
  // every way returns, which a validator cannot know
  return body.op(OP.unreachable)
}

/** The address of the new effect stands in the next free place of the table. */
function encodeAsk({ action, args }: Extract<Stmt, { op: 'ask' }>, place: Place): void {
  const { body, parts } = place
  const count = body.local(TYPE.i32)
  const effect = body.local(TYPE.i32)
  body.i32(AT.effects).load(TYPE.i32).tee(count)
  body.i32(LIMITS.cclEffectsMax).op(OP.i32Eq).failIf('limit')
  const alloc = parts.builtIn('alloc')
  body
    .i32(1 + args.length)
    .call(alloc)
    .failAlike()
    .set(effect)
  body.get(effect).i32(action).store(TYPE.i32)
  args.forEach((arg, index) => {
    body.get(effect)
    encode(arg, place)
    body.store(wasmType(arg.type), CELL * (index + 1))
  })
  body
    .get(count)
    .i32(3)
    .op(OP.i32Shl)
    .get(effect)
    .store(TYPE.i32, AT.effects + CELL)
  body.i32(AT.effects).get(count).i32(1).op(OP.i32Add).store(TYPE.i32)
}

/** `on allow` or `on deny`. */
export function encodeHandler({ body: block, locals }: Handler, parts: ModuleParts): Body {
  const { body, slots } = parts.frame([], locals, null)
  encodeBlock(block, { body, parts, slots })
  return body
}

function encodeBlock({ cost, statements }: Block, place: Place): void {
  const { body, slots } = place
  body.charge(cost)
  for (const statement of statements) {
    switch (statement.op) {
      case 'return':
        encodeLast(statement.value, place)
        body.op(OP.return)
        break
      case 'set':
        encode(statement.value, place)
        body.set(slots[statement.slot] as number)
        break
      case 'ask':
        encodeAsk(statement, place)
        break
      case 'if':
        encode(statement.condition, place)
        body.op(OP.if, TYPE.empty)
        encodeBlock(statement.yes, place)
        if (statement.no.statements.length > 0) {
          body.op(OP.else)
          encodeBlock(statement.no, place)
        }
        body.op(OP.end)
        break
      case 'for': {
        const { source, slot, limit } = statement
        const type = wasmType(source.type.is === 'list' ? source.type.of : source.type)
        encode(source, place)
        loopOver(place, slots[slot] as number, type, limit, () => {})
        encodeBlock(statement.body, place)
        loopEnd(place)
      }
    }
  }
}
