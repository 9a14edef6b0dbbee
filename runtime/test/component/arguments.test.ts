// What a caller gives to an export of a component: every type of the component model comes back as
// it went in, and what is of another type is refused before anything runs with it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Refusal, type Sandbox } from '@planetary-mesh/spec'
import { amendGlue } from '../../src/component/glue-text.ts'
import { openSandbox } from '../../src/slot/open-sandbox.ts'
import { runInput, text } from '../run-input.ts'
import { fromText, MISSING } from './make-component.ts'

const here = { skip: MISSING }
const INTEGERS = ['u8', 's8', 'u16', 's16', 'u32', 's32']
const LISTED = [...INTEGERS, 'u64', 's64', 'f32', 'f64', 'bool', 'char', 'string', 'list-u8']

const lift = (name: string, type: string, core: string) =>
  `(func (export "${name}") (param "it" ${type}) (result ${type}) (canon lift ${core}))`
const CORE_LIST = '(core func $i "list") (memory $i "memory") (realloc (func $i "realloc"))'

/** A component each of whose exports gives back what it is given. */
const SAME = `(component
  (core module $m
    (memory (export "memory") 1)
    (global $at (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $at (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
      (global.set $at (i32.add (global.get $at) (local.get 3)))
      (i32.sub (global.get $at) (local.get 3)))
    (func (export "i32") (param i32) (result i32) (local.get 0))
    (func (export "i64") (param i64) (result i64) (local.get 0))
    (func (export "f32") (param f32) (result f32) (local.get 0))
    (func (export "f64") (param f64) (result f64) (local.get 0))
    (func (export "list") (param i32 i32) (result i32)
      (i32.store (i32.const 8) (local.get 0))
      (i32.store (i32.const 12) (local.get 1))
      (i32.const 8)))
  (core instance $i (instantiate $m))
  ${[...INTEGERS, 'bool', 'char'].map((t) => lift(t, t, '(core func $i "i32")')).join('\n')}
  ${['u64', 's64'].map((t) => lift(t, t, '(core func $i "i64")')).join('\n')}
  ${['f32', 'f64'].map((t) => lift(t, t, `(core func $i "${t}")`)).join('\n')}
  ${LISTED.map((t) => {
    const type = `(type $list-${t} (list ${t.startsWith('list-') ? `$${t}` : t}))`
    return `${type} ${lift(`list-${t}`, `$list-${t}`, CORE_LIST)}`
  }).join('\n')})`

let sandbox: Sandbox
let module: Uint8Array
before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  if (!MISSING) module = await fromText(SAME)
})
after(() => sandbox.close())
const run = (name: string, value: string) => sandbox.run(runInput({ module, args: [name, value] }))

const kept: [name: string, ...values: string[]][] = [
  ['u8', '0', '255'],
  ['s8', '-128', '127'],
  ['u16', '65535'],
  ['s16', '-32768'],
  ['u32', '4294967295'],
  ['s32', '-2147483648'],
  ['u64', '7', '18446744073709551615'],
  ['s64', '-7', '-9223372036854775808'],
  ['f32', '0.5', '"NaN"', '-0'],
  ['f64', '0.1', '"-Infinity"'],
  ['bool', 'true', 'false'],
  ['char', '"é"', '"😀"'],
  ['list-u8', '[0,1,255]', '[]'],
  ['list-s8', '[-1,127]'],
  ['list-u16', '[65535,1]'],
  ['list-s16', '[-2,2]'],
  ['list-u32', '[4294967295]'],
  ['list-s32', '[-5,5]'],
  ['list-u64', '[1,18446744073709551615]'],
  ['list-s64', '[-1,-9223372036854775808]'],
  ['list-f32', '[1.5,-0.25]'],
  ['list-f64', '[0.1,1e+300,-0,"NaN","Infinity","-Infinity"]'],
  ['list-bool', '[true,false]'],
  ['list-char', '["a","é"]'],
  ['list-string', '["a","","éé","\ufeffa","\\u0000"]'],
  ['list-list-u8', '[[1,2],[],[255]]'],
]
for (const [name, ...values] of kept) {
  test(`${name} comes back as it went in: ${values.join(' and ')}`, here, async () => {
    for (const value of values) {
      const { outcome, stdout } = await run(name, value)
      assert.deepEqual(outcome, { type: 'exited', code: 0 })
      assert.equal(text(stdout), `${value}\n`)
    }
  })
}

const refused: [name: string, value: string, words: RegExp][] = [
  ['u8', '256', /an unsigned integer of 8 bits is wanted, not 256/],
  ['u8', '1.5', /an unsigned integer of 8 bits/],
  ['s8', '-129', /a signed integer of 8 bits/],
  ['u32', '-1', /an unsigned integer of 32 bits/],
  ['s32', '2147483648', /a signed integer of 32 bits/],
  ['u64', '18446744073709551616', /an unsigned integer of 64 bits/],
  ['s64', '"7"', /a signed integer of 64 bits is wanted, not "7"/],
  ['u64', '9007199254740993.0', /an unsigned integer of 64 bits is wanted/],
  ['f64', 'null', /a number is wanted, not null/],
  ['f64', '1e400', /a number is wanted, not Infinity/],
  ['bool', '1', /true or false is wanted, not 1/],
  ['char', 'ab', /one character is wanted, not "ab"/],
  ['char', '"\\ud800"', /one character/],
  ['list-u8', '[256]', /an unsigned integer of 8 bits/],
  ['list-u8', 'abc', /a list is wanted, not "abc"/],
  ['list-string', 'abc', /a list is wanted/],
  ['list-string', '[1]', /a text is wanted, not 1/],
  ['list-string', '["\\udfff"]', /a text is wanted/],
]
for (const [name, value, words] of refused) {
  test(`${name} is not ${value}: refused, and not cut to fit`, here, async () => {
    await assert.rejects(run(name, value), (thrown) => {
      assert(thrown instanceof Refusal, String(thrown))
      assert.equal(thrown.code, 'MODULE_REFUSED')
      assert.match(thrown.detail, words)
      return true
    })
  })
}

test(
  'a number that JSON has not needs no quotes; a float beyond 2^53 is the nearest',
  here,
  async () => {
    assert.equal(text((await run('f32', 'NaN')).stdout), '"NaN"\n')
    assert.equal(text((await run('f64', '12345678901234567890')).stdout), '12345678901234567000\n')
  },
)

test('no name can end a text of the glue by what stands there instead', () => {
  const names = `'toUint8(' '(+x)' 'toInt64(' 'b ? 1 : 0' 'validateHostChar(' 'var [tuple0_0] = x;'
    'variant1 = undefined;' 'a.decode(new Uint8Array(x))' 'b.buffer.slice(ptr0, ptr0 + len0 * 1)'`
  const amended = amendGlue(names)
  assert.notEqual(amended, names)
  assert.equal(amended.split("'").length, names.split("'").length)
  assert.doesNotMatch(amended, /["`\\{}]/)
})
