// What a guest gives: its texts, bytes and lists are read as the component model says, it pays for
// them before anything is made of them, and whatever breaks a rule is a trap.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RunInput, Sandbox } from '@planetary-mesh/spec'
import { openSandbox } from '../../src/slot/open-sandbox.ts'
import { runInput, text } from '../run-input.ts'
import { fromText, MISSING } from './make-component.ts'

const here = { skip: MISSING }

/** Each export gives the value that stands at 64, so many units long. */
const GIVING = `(component
  (core module $m
    (memory (export "memory") 2)
    (data (i32.const 64) "\\ef\\bb\\bfa\\ff")
    (func (export "give") (param i32 i32) (result i32)
      (i32.store (i32.const 8) (local.get 0))
      (i32.store (i32.const 12) (local.get 1))
      (i32.const 8))
    (func (export "lists") (param i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.const 1024))
      (loop
        (i32.store (local.get $at) (i32.const 64))
        (i32.store (i32.add (local.get $at) (i32.const 4)) (local.get 1))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if 0 (i32.lt_u (local.get $at)
          (i32.add (i32.const 1024) (i32.mul (i32.const 8) (local.get 0))))))
      (i32.store (i32.const 8) (i32.const 1024))
      (i32.store (i32.const 12) (local.get 0))
      (i32.const 8))
    (func (export "same") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (type $bytes (list u8)) (type $words (list u32)) (type $all (list $bytes))
  ${['text string', 'bytes $bytes', 'words $words', 'lists $all']
    .map((pair) => {
      const [name, type] = pair.split(' ')
      const core = name === 'lists' ? 'lists' : 'give'
      return `(func (export "${name}") (param "at" u32) (param "length" u32) (result ${type})
        (canon lift (core func $i "${core}") (memory $i "memory")))`
    })
    .join('\n')}
  ${['bool', 'u8', 's8', 's16', 'char']
    .map(
      (type) => `(func (export "${type}") (param "it" u32) (result ${type})
        (canon lift (core func $i "same")))`,
    )
    .join('\n')})`

let sandbox: Sandbox
let giving: Uint8Array
before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  if (!MISSING) giving = await fromText(GIVING)
})
after(() => sandbox.close())
const give = (args: string[], limits: Partial<RunInput['limits']> = {}) =>
  sandbox.run(runInput({ module: giving, args, limits }))

const printed: [args: string[], stdout: string][] = [
  [['text', '64', '4'], '"\ufeffa"'],
  [['bytes', '66', '3'], '[191,97,255]'],
  [['bytes', '131072', '0'], '[]'],
  [['words', '64', '1'], '[1639955439]'],
  [['lists', '3', '2'], '[[239,187],[239,187],[239,187]]'],
  [['bool', '2'], 'true'],
  [['u8', '511'], '255'],
  [['s8', '511'], '-1'],
  [['s16', '32768'], '-32768'],
  [['char', '128512'], '"😀"'],
]
for (const [args, stdout] of printed) {
  test(`${args.join(' ')} is ${stdout}`, here, async () => {
    assert.equal(text((await give(args)).stdout), `${stdout}\n`)
  })
}

const traps: [what: string, args: string[], trap: string][] = [
  ['bytes beyond the memory', ['bytes', '131000', '73'], 'out of bounds memory access'],
  [
    'more bytes than there are numbers',
    ['bytes', '64', '4294967295'],
    'out of bounds memory access',
  ],
  ['a text beyond the memory', ['text', '131000', '73'], 'out of bounds memory access'],
  ['a text that is no UTF-8', ['text', '64', '5'], 'other'],
  ['words that are not aligned', ['words', '65', '1'], 'unreachable'],
  ['a surrogate as a character', ['char', '55296'], 'other'],
]
for (const [what, args, trap] of traps) {
  test(`${what} is a trap`, here, async () => {
    const { outcome, stdout } = await give(args)
    assert.deepEqual(outcome, { type: 'trapped', trap })
    assert.equal(text(stdout), '')
  })
}

test('lifting is paid for: eight for each value, and one for each byte', here, async () => {
  const cost = async (...args: string[]) => {
    const { fuel, stdout } = await give(args)
    return fuel - stdout.length // printing costs its bytes
  }
  const none = await cost('bytes', '64', '0')
  assert.equal((await cost('bytes', '64', '100')) - none, 100)
  const one = await cost('lists', '1', '0')
  const steps = 20 * 9 // of the guest's own loop
  assert.equal((await cost('lists', '10', '0')) - one, steps + 9 * (8 + 8 + 8))
})

test('lists that overlap end by fuel, or by what one call may give', here, async () => {
  const overlapping = ['lists', '10000', '100000']
  const short = await give(overlapping, { fuelMax: 10_000_000 })
  assert.deepEqual(short.outcome, { type: 'out-of-fuel' })
  const long = await give(overlapping)
  assert.deepEqual(long.outcome, { type: 'trapped', trap: 'unreachable' })
})

/** A text of `A`'s memory as `B` gets it: how many units, and their sum by a rule. */
const passing = (from: string, to: string, data: Uint8Array) => `(component
  (component $B
    (core module $m (memory (export "memory") 8) (global $at (mut i32) (i32.const 65536))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $to i32)
        (local.set $to (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
        (memory.copy (local.get $to) (local.get 0) (local.get 1))
        (global.set $at (i32.add (local.get $to) (local.get 3)))
        (local.get $to))
      (func (export "sum") (param i32 i32) (result i64) (local $i i32) (local $sum i64)
        (block (loop
          (br_if 1 (i32.ge_u (local.get $i) (local.get 1)))
          (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31))
            ${
              to === 'utf16'
                ? '(i64.load16_u (i32.add (local.get 0) (i32.shl (local.get $i) (i32.const 1))))'
                : '(i64.load8_u (i32.add (local.get 0) (local.get $i)))'
            }))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br 0)))
        (local.get $sum)))
    (core instance $i (instantiate $m))
    (func (export "sum") (param "s" string) (result u64)
      (canon lift (core func $i "sum") (memory $i "memory") (realloc (func $i "realloc"))
        string-encoding=${to})))
  (component $A
    (import "sum" (func $sum (param "s" string) (result u64)))
    (core module $text (memory (export "memory") 4) (data (i32.const 16)
      "${[...data].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}"))
    (core instance $t (instantiate $text))
    (core func $lowered (canon lower (func $sum) (memory $t "memory") string-encoding=${from}))
    (core module $m (import "" "sum" (func $sum (param i32 i32) (result i64)))
      (func (export "go") (param i32) (result i64) (call $sum (i32.const 16) (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "sum" (func $lowered))))))
    (func (export "go") (param "length" u32) (result u64) (canon lift (core func $i "go"))))
  (instance $b (instantiate $B))
  (instance $a (instantiate $A (with "sum" (func $b "sum"))))
  (export "go" (func $a "go")))`

/** Of one, two, three and four bytes, with a byte order mark and a border of 8 KiB within. */
const TEXT = `aé漢😀\ufeff${'漢é😀'.repeat(1500)}`
const UNITS = {
  utf8: [...Buffer.from(TEXT)],
  utf16: Array.from({ length: TEXT.length }, (_, at) => TEXT.charCodeAt(at)),
}
const sumOf = (units: readonly number[]) =>
  units.reduce((sum, unit) => BigInt.asUintN(64, sum * 31n + BigInt(unit)), 0n)

for (const [from, to] of [
  ['utf8', 'utf8'],
  ['utf8', 'utf16'],
  ['utf16', 'utf8'],
] as const) {
  test(`a text goes from a component in ${from} to one in ${to}`, here, async () => {
    const data = Buffer.from(TEXT, from === 'utf16' ? 'utf16le' : 'utf8')
    const module = await fromText(passing(from, to, data))
    const pass = (length: number) => sandbox.run(runInput({ module, args: ['go', String(length)] }))
    const { stdout, fuel } = await pass(UNITS[from].length)
    assert.equal(text(stdout), `${sumOf(UNITS[to])}\n`)
    const { fuel: fuelOfNone } = await pass(0)
    assert(fuel - fuelOfNone > data.length, 'its bytes are paid for')
  })
}
