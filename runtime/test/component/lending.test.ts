// Handles between components: what one owns it lends to another, which lends it on and gives it
// back before its call ends.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Sandbox } from '@planetary-mesh/spec'
import { openSandbox } from '../../src/slot/open-sandbox.ts'
import { runInput, text } from '../run-input.ts'
import { fromText, MISSING } from './make-component.ts'

const here = { skip: MISSING }
const GIVE_BACK = '(call $drop (local.get 0)) (call $drop (local.get 1))'

/** `$A` owns two counters of `$B` and lends them to `$C`, which asks `$B` how far they are. */
const lending = (afterwards: string) => `(component
  (component $B
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "get") (param i32) (result i32) (local.get 0)))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
    (export $x "r" (type $r))
    (func (export "make") (param "n" u32) (result (own $x)) (canon lift (core func $i "make")))
    (func (export "get") (param "it" (borrow $x)) (result u32)
      (canon lift (core func $i "get"))))
  (component $C
    (import "b" (instance $b (export "r" (type $r (sub resource)))
      (export "get" (func (param "it" (borrow $r)) (result u32)))))
    (alias export $b "r" (type $r))
    (core func $get (canon lower (func $b "get")))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "" "get" (func $get (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "two") (param i32 i32) (result i32) (local $n i32)
        (local.set $n (i32.add (i32.mul (i32.const 100) (call $get (local.get 0)))
          (call $get (local.get 1))))
        ${afterwards} (local.get $n)))
    (core instance $i (instantiate $m
      (with "" (instance (export "get" (func $get)) (export "drop" (func $drop))))))
    (func (export "two") (param "a" (borrow $r)) (param "b" (borrow $r)) (result u32)
      (canon lift (core func $i "two"))))
  (component $A
    (import "b" (instance $b (export "r" (type $r (sub resource)))
      (export "make" (func (param "n" u32) (result (own $r))))))
    (alias export $b "r" (type $r))
    (import "two" (func $two (param "a" (borrow $r)) (param "b" (borrow $r)) (result u32)))
    (core func $make (canon lower (func $b "make")))
    (core func $lent (canon lower (func $two)))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "two" (func $two (param i32 i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "go") (param i32) (result i32) (local $a i32) (local $b i32) (local $s i32)
        (local.set $a (call $make (i32.const 7)))
        (local.set $b (call $make (i32.const 0)))
        (loop
          (local.set $s (i32.add (local.get $s) (call $two (local.get $a) (local.get $b))))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if 0 (local.get 0)))
        (call $drop (local.get $a)) (call $drop (local.get $b))
        (local.get $s))
      (func (export "drop") (param i32) (call $drop (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "make" (func $make))
      (export "two" (func $lent)) (export "drop" (func $drop))))))
    (func (export "go") (param "n" u32) (result u32) (canon lift (core func $i "go")))
    (func (export "drop") (param "n" u32) (canon lift (core func $i "drop"))))
  (instance $b (instantiate $B))
  (instance $c (instantiate $C (with "b" (instance $b))))
  (instance $a (instantiate $A (with "b" (instance $b)) (with "two" (func $c "two"))))
  (export "go" (func $a "go")) (export "drop" (func $a "drop")))`

let sandbox: Sandbox
before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
})
after(() => sandbox.close())
const run = async (afterwards: string, ...args: string[]) =>
  sandbox.run(runInput({ module: await fromText(lending(afterwards)), args }))

test('a handle is lent, lent on and given back, as often as it likes', here, async () => {
  assert.equal(text((await run(GIVE_BACK, 'go', '1')).stdout), '700\n')
  assert.equal(text((await run(GIVE_BACK, 'go', '5')).stdout), '3500\n')
})

const broken: [rule: string, afterwards: string, args: string[]][] = [
  ['what is lent must be given back', '(call $drop (local.get 1))', ['go', '1']],
  [
    'what was given back is not there any more',
    `${GIVE_BACK} (drop (call $get (local.get 0)))`,
    ['go', '1'],
  ],
  ['nobody gives back twice', `${GIVE_BACK} (call $drop (local.get 0))`, ['go', '1']],
  ['a handle that nobody has cannot be dropped', GIVE_BACK, ['drop', '1']],
]
for (const [rule, afterwards, args] of broken) {
  test(`${rule}: a trap`, here, async () => {
    const { outcome } = await run(afterwards, ...args)
    assert.deepEqual(outcome, { type: 'trapped', trap: 'other' })
  })
}
