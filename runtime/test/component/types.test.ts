// The types that a component's author names: records, variants, enums and flags, and what is made
// of them, given as JSON and printed as JSON.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Sandbox } from '@planetary-mesh/spec'
import { openSandbox } from '../../src/slot/open-sandbox.ts'
import { refuses } from '../refuses.ts'
import { runInput, text } from '../run-input.ts'
import { fromWit, MISSING } from './make-component.ts'

const here = { skip: MISSING }
const OWNER = 'acme:test/types'
const NAMED = `
  record point { x: s32, y-z: f64, name: string }
  record maybe { a: option<u8>, b: option<string> }
  variant shape { circle(u32), none, at(point), ok(f64), err(u8) }
  enum colour { red, light-green }
  flags mode { read, do-it }`
const TYPES: Record<string, string> = {
  point: 'point',
  maybe: 'maybe',
  shape: 'shape',
  colour: 'colour',
  mode: 'mode',
  pair: 'tuple<string, string>',
  options: 'tuple<option<u8>, option<u8>>',
  again: 'option<option<u32>>',
  result: 'result<u32, string>',
  bare: 'result',
  deep: 'tuple<shape, option<list<mode>>>',
}

/** Lists of each type, as in memory: what goes in comes out. */
const WIT = `package acme:test;
interface types {${NAMED}
  ${Object.entries(TYPES)
    .map(([name, type]) => `same-${name}: func(it: list<${type}>) -> list<${type}>;`)
    .join('\n')}
  mark: func(it: mode, shape: shape, more: maybe) -> tuple<mode, u8>;
  find: func(it: u32) -> option<u32>;
  perhaps: func(it: u32) -> result<option<u32>, colour>;
  nothing: func(it: u32);
}
world test { export types; }`
const CORE = `(module
  (memory (export "memory") 1)
  (global $at (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $at (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
    (global.set $at (i32.add (global.get $at) (local.get 3)))
    (i32.sub (global.get $at) (local.get 3)))
  (func $same (param i32 i32) (result i32)
    (i32.store (i32.const 8) (local.get 0))
    (i32.store (i32.const 12) (local.get 1))
    (i32.const 8))
  (func (export "${OWNER}#mark")
    (param i32 i32 i64 f64 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.store8 (i32.const 8) (local.get 0))
    (i32.store8 (i32.const 9) (local.get 1))
    (i32.const 8))
  (func $given (param i32) (result i32)
    (i32.store8 (i32.const 8) (i32.ne (local.get 0) (i32.const 0)))
    (i32.store (i32.const 12) (local.get 0))
    (i32.const 8))
  (export "${OWNER}#find" (func $given))
  (func (export "${OWNER}#perhaps") (param i32) (result i32)
    (i32.store (i32.const 4) (i32.const 0))
    (drop (call $given (local.get 0)))
    (i32.const 4))
  (func (export "${OWNER}#nothing") (param i32))
  ${Object.keys(TYPES)
    .map((name) => `(export "${OWNER}#same-${name}" (func $same))`)
    .join('\n')})`

let sandbox: Sandbox
let module: Uint8Array
before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  if (!MISSING) module = await fromWit(CORE, WIT)
})
after(() => sandbox.close())
const run = (name: string, ...values: string[]) =>
  sandbox.run(runInput({ module, args: [`${OWNER}#${name}`, ...values] }))

const kept: [name: string, ...values: string[]][] = [
  ['point', '[{"x":-1,"yZ":2.5,"name":""},{"x":0,"yZ":"NaN","name":"é"}]'],
  ['maybe', '[{"a":1,"b":null},{"a":null,"b":""}]'],
  [
    'shape',
    '[{"tag":"circle","val":2},{"tag":"none"},{"tag":"ok","val":-0},{"tag":"err","val":255}]',
  ],
  ['shape', '[{"tag":"at","val":{"x":1,"yZ":"-Infinity","name":"n"}}]'],
  ['colour', '["red","light-green"]'],
  ['mode', '[{"read":true,"doIt":false},{"read":false,"doIt":true}]'],
  ['pair', '[["a","b"],["",""]]'],
  ['options', '[[1,null],[null,null]]'],
  ['again', '[{"tag":"some","val":null},{"tag":"none"},{"tag":"some","val":3}]'],
  ['result', '[{"tag":"ok","val":5},{"tag":"err","val":"no"}]'],
  ['bare', '[{"tag":"ok"},{"tag":"err"}]'],
  ['deep', '[[{"tag":"none"},[{"read":true,"doIt":true}]],[{"tag":"circle","val":1},null]]'],
]
for (const [name, value] of kept) {
  test(`${name} comes back as it went in: ${value}`, here, async () => {
    assert.equal(text((await run(`same-${name}`, value as string)).stdout), `${value}\n`)
  })
}

const read: [name: string, given: string, printed: string][] = [
  ['point', '[{"x":1,"y-z":2,"name":""}]', '[{"x":1,"yZ":2,"name":""}]'],
  ['maybe', '[{}]', '[{"a":null,"b":null}]'],
  ['mode', '[{"do-it":true}]', '[{"read":false,"doIt":true}]'],
]
for (const [name, given, printed] of read) {
  test(`${name} may be given as ${given}`, here, async () => {
    assert.equal(text((await run(`same-${name}`, given)).stdout), `${printed}\n`)
  })
}

const refused: [name: string, value: string, words: RegExp][] = [
  ['point', '[{"x":1,"yZ":2,"name":"","more":1}]', /an object of x, yZ, name is wanted/],
  ['point', '[{"x":1,"name":""}]', /a number is wanted, not undefined/],
  ['point', '[[1,2,"n"]]', /an object of x/],
  ['maybe', '["ab"]', /an object of a, b is wanted, not "ab"/],
  ['maybe', '[{"c":1}]', /an object of a, b/],
  ['shape', '[null]', /a case by its "tag" is wanted, not null/],
  ['shape', '[{"tag":"square"}]', /invalid variant tag value `"square"`/],
  ['shape', '[{"tag":"circle","val":1,"more":2}]', /an object of tag, val/],
  ['colour', '["lightGreen"]', /"lightGreen" is not one of the cases of colour/],
  ['mode', '[["read"]]', /an object of read, doIt is wanted, not \["read"\]/],
  ['mode', '[{"reed":true}]', /an object of read, doIt/],
  ['mode', '[{"read":"false"}]', /true or false is wanted, not "false"/],
  ['mode', '[null]', /an object of read, doIt is wanted, not null/],
  ['pair', '["ab"]', /a list of 2 values is wanted, not "ab"/],
  ['pair', '[["a","b","c"]]', /a list of 2 values/],
  ['options', '[[1]]', /a list of 2 values is wanted, not \[1\]/],
  ['again', '[3]', /a case by its "tag"/],
  ['result', '[{"ok":5}]', /a case by its "tag"/],
]
for (const [name, value, words] of refused) {
  test(`${name} is not ${value}: refused`, here, async () => {
    await refuses(run(`same-${name}`, value), 'MODULE_REFUSED', words)
  })
}

test('they are held to their types outside a list too', here, async () => {
  const rest = ['{"tag":"none"}', '{}']
  const marked = await run('mark', '{"doIt":true}', ...rest)
  assert.equal(text(marked.stdout), '[{"read":false,"doIt":true},1]\n')
  await refuses(run('mark', '{"doIt":1}', ...rest), 'MODULE_REFUSED', /true or false/)
  await refuses(run('mark', '{}', '"none"', '{}'), 'MODULE_REFUSED', /a case by its "tag"/)
  await refuses(run('mark', '{}', '{"tag":"none"}', '[]'), 'MODULE_REFUSED', /an object of a, b/)
})

test('no value is null, and nothing at all is nothing', here, async () => {
  const printed = async (...args: [string, string]) => text((await run(...args)).stdout)
  assert.equal(await printed('find', '7'), '7\n')
  assert.equal(await printed('find', '0'), 'null\n')
  assert.equal(await printed('perhaps', '0'), 'null\n')
  assert.equal(await printed('nothing', '0'), '')
})
