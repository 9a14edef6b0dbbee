/** Guests that call too deeply, by every kind of call and with frames of every size. */
import { DEPTH, type Guest } from '../guest.ts'

const deep = (name: string, attack: string, wat: string): Guest => ({
  name,
  attack,
  canary: 'slot',
  wat: `(module ${wat})`,
  expected: DEPTH,
  door: 'stack',
})
const many = (count: number, text: string) => Array<string>(count).fill(text).join(' ')
const EACH_ARGUMENT = Array.from({ length: 200 }, (_, index) => `(local.get ${index})`).join(' ')
const START = '(func (export "_start") (drop (call $down (i32.const 0))))'

export const RECURSION_GUESTS: readonly Guest[] = [
  deep(
    'calling itself',
    'calls itself without end',
    `(func $down (param i32) (result i32)
      (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.const 1))) ${START}`,
  ),
  deep(
    'calling each other',
    'goes round in a circle of three functions',
    `(func $down (param i32) (result i32) (i32.add (call $b (local.get 0)) (i32.const 1)))
    (func $b (param i32) (result i32) (i32.add (call $c (local.get 0)) (i32.const 2)))
    (func $c (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 3)))
    ${START}`,
  ),
  deep(
    'calling through a table',
    'calls itself through a table, past who follows direct calls alone',
    `(type $t (func (param i32) (result i32)))
    (table funcref (elem $down))
    (func $down (type $t)
      (i32.add (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.const 1)))
    ${START}`,
  ),
  deep(
    'frames of many locals',
    'makes each frame as wide as a thousand locals that live across the call',
    `(func $down (param i32) (result i32) (local ${many(1000, 'i64')})
      ${Array.from(
        { length: 200 },
        (_, index) =>
          `(local.set ${index + 1} (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const ${index})))`,
      ).join('\n')}
      (local.set 0 (call $down (i32.add (local.get 0) (i32.const 1))))
      ${Array.from(
        { length: 200 },
        (_, index) =>
          `(local.set 0 (i32.add (local.get 0) (i32.wrap_i64 (local.get ${index + 1}))))`,
      ).join('\n')}
      (local.get 0)) ${START}`,
  ),
  deep(
    'frames of many operands',
    'holds five hundred values on the operand stack across the call, and no local',
    `(global $g (mut i32) (i32.const 7))
    (func $down (param i32) (result i32)
      ${many(500, '(global.get $g) (global.set $g (i32.const 9))')}
      (call $down (local.get 0))
      ${many(500, 'i32.add')}) ${START}`,
  ),
  deep(
    'frames of vectors',
    'makes each frame as wide as a hundred vectors',
    `(func $down (param i32) (result i32) (local ${many(100, 'v128')})
      ${Array.from(
        { length: 100 },
        (_, index) => `(local.set ${index + 1} (i32x4.splat (local.get 0)))`,
      ).join('\n')}
      (local.set 0 (call $down (i32.add (local.get 0) (i32.const 1))))
      ${Array.from(
        { length: 100 },
        (_, index) =>
          `(local.set 0 (i32.add (local.get 0) (i32x4.extract_lane 1 (local.get ${index + 1}))))`,
      ).join('\n')}
      (local.get 0)) ${START}`,
  ),
  deep(
    'frames of many arguments',
    'passes two hundred arguments at each step, most of them on the stack',
    `(func $down (param ${many(200, 'i32')}) (result i32)
      (i32.add (local.get 199)
        (call $down ${EACH_ARGUMENT})))
    (func (export "_start") (drop (call $down ${many(200, '(i32.const 1)')})))`,
  ),
  deep(
    'frames of many results',
    'gives back thirty values from each step, which pass over the stack',
    `(func $down (param i32) (result ${many(30, 'i32')})
      (call $down (local.get 0))
      (drop) (i32.const 5))
    (func (export "_start") (call $down (i32.const 0)) ${many(30, '(drop)')})`,
  ),
  deep(
    'calling the export',
    'calls its own start again, which the host thinks that it alone calls',
    '(func $down (export "_start") (local i32) (call $down) (local.set 0 (i32.const 1)))',
  ),
]
