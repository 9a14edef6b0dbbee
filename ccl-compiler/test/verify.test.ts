/** The check of module bytes: everything compiled passes, and each thing it forbids is refused. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { compile, decide } from '@planetary-mesh/ccl-compiler'
import { Refusal, verifyPolicyBytes } from '@planetary-mesh/spec'
import { builtInBody } from '../src/wasm/built-in.ts'
import * as W from '../src/wasm-bytes.ts'
import { WebAssembly } from './engine.ts'

const { OP, TYPE } = W
const EXAMPLES = join(import.meta.dirname, '../../examples/ccl')

const refusal = (bytes: Uint8Array, kind: 'jobs' | 'policy' = 'policy'): string => {
  try {
    verifyPolicyBytes(bytes, kind)
    return 'passes'
  } catch (thrown) {
    assert.ok(thrown instanceof Refusal, String(thrown))
    return `${thrown.code}: ${thrown.detail}`
  }
}

describe('what the compiler makes passes', () => {
  for (const file of globSync('*.ccl', { cwd: EXAMPLES }).filter((name) => !/_bad/.test(name))) {
    it(file, () => {
      const built = compile(readFileSync(join(EXAMPLES, file), 'utf8'))
      assert.ok(built.ok)
      for (const { wasm } of built.units) assert.equal(refusal(wasm), 'passes')
      assert.equal(refusal(built.wasm, 'jobs'), 'passes')
    })
  }
})

it('a loop with nothing in it passes too: each of its turns takes a step', () => {
  const loop = 'fn f(l: list<int>) -> int { for x in l limit 4_000 { } return 1; }'
  const built = compile(`${loop} policy p { input l: list<int>; rule a: allow when f(l) == 1; }`)
  assert.ok(built.ok)
  const [unit] = built.units
  assert.ok(unit)
  assert.equal(refusal(unit.wasm), 'passes')
  const steps = (length: number) => {
    const list = new Array<bigint>(length).fill(0n)
    return decide(unit.program, [list], unit.header.costMax).steps
  }
  assert.equal(steps(4000) - steps(0), 4000)
})

/** A module by hand, in all that a policy has; each case changes one part of it. */
type Parts = {
  types: W.Bytes[]
  imports: W.Bytes[]
  functions: number[]
  tables: W.Bytes[]
  memories: W.Bytes[]
  globals: W.Bytes[]
  exports: W.Bytes[]
  start: number[]
  bodies: W.Bytes[]
  data: W.Bytes[]
  custom: W.Bytes[]
}

const exported = (name: string, kind: number, index = 0) => W.join([W.name(name), [kind, index]])
const body = (...code: number[]) => W.sized([0, ...code, OP.end])
const ZERO = [OP.i32Const, 0]
const STEPS = [TYPE.i64, 1, OP.i64Const, 0, OP.end]

function moduleOf(change: Partial<Parts> = {}): Uint8Array {
  const parts: Parts = {
    types: [[TYPE.func, 2, TYPE.i32, TYPE.i32, 1, TYPE.i32]],
    imports: [],
    functions: [0],
    tables: [],
    memories: [[1, 1, 16]],
    globals: [STEPS, ERROR],
    exports: [exported('memory', W.KIND.memory), exported('decide', W.KIND.func)],
    start: [],
    bodies: [body(OP.i64Const, 0, OP.globalSet, 0, ...ZERO)],
    data: [],
    custom: [W.join([W.name('ccl'), [0xa0]])],
    ...change,
  }
  const listed = (id: number, items: W.Bytes[]) =>
    items.length === 0 ? [] : [W.section(id, W.vector(items))]
  return W.moduleOf([
    ...listed(1, parts.types),
    ...listed(2, parts.imports),
    ...listed(
      3,
      parts.functions.map((index) => [index]),
    ),
    ...listed(4, parts.tables),
    ...listed(5, parts.memories),
    ...listed(6, parts.globals),
    ...listed(7, parts.exports),
    ...(parts.start.length === 0 ? [] : [W.section(8, parts.start)]),
    ...listed(10, parts.bodies),
    ...listed(11, parts.data),
    ...parts.custom.map((content) => W.section(0, content)),
  ])
}

const ASKED = [OP.globalGet, 0, OP.i64Const, 10, OP.i64GtS]
const ENDS = [OP.if, TYPE.empty, ...ZERO, OP.globalSet, 1, ...ZERO, OP.return, OP.end]
const CHARGED = [OP.globalGet, 0, OP.i64Const, 1, OP.i64Add, OP.globalSet, 0]
const FUELED = [...ASKED, ...ENDS, ...CHARGED]
const EXIT = [OP.localGet, 0, OP.localGet, 1, OP.i32Eq, OP.brIf]
const ERROR = [TYPE.i32, 1, OP.i32Const, 0, OP.end]
const inLoop = (code: number[]) => [OP.loop, TYPE.empty, ...code, OP.br, 0, OP.end]
const looping = (...head: number[]) => body(...inLoop(head), OP.unreachable)
const two = (first: W.Bytes, second: W.Bytes) => ({ functions: [0, 0], bodies: [first, second] })
const call = (index: number) => [OP.localGet, 0, OP.localGet, 1, OP.call, index]
const F32 = 0x7d
const importing = (name: string, kind = 0) =>
  W.join([W.name('mesh'), W.name(name), kind === 0 ? [0, 0] : [kind, 0, 1]])

const CASES: [what: string, change: Partial<Parts>, says: string][] = [
  ['an import', { imports: [importing('now')] }, 'IMPORT_REFUSED: it imports mesh.now'],
  ['an imported memory', { imports: [importing('m', 2)] }, 'IMPORT_REFUSED: it imports mesh.m'],
  ['a table', { tables: [[0x70, 0, 1]] }, 'it has a section 4'],
  ['a start function', { start: [0] }, 'it has a section 8'],
  ['no memory', { memories: [] }, 'it has 0 memories'],
  ['a memory without a most', { memories: [[0, 1]] }, 'its memory has no most'],
  ['a memory beyond 64 MiB', { memories: [[1, 1, 0x81, 8]] }, 'its memory has 1 to 1025 pages'],
  ['another export', { exports: [exported('decide', 0)] }, 'it exports decide'],
  ['an entry of another type', { types: [[TYPE.func, 0, 1, TYPE.i32]] }, 'the type of its decide'],
  [
    'a memory exported as decide',
    { exports: [exported('memory', 2), exported('decide', 2)] },
    'what it exports as decide',
  ],
  [
    'a floating-point type',
    { types: [[TYPE.func, 2, TYPE.i32, TYPE.i32, 1, F32]] },
    'it has values of the type 0x7d',
  ],
  ['a floating-point local', { bodies: [W.sized([1, 1, F32, OP.end])] }, 'a local is no integer'],
  ['a floating-point instruction', { bodies: [body(0x92)] }, 'it has an instruction 0x92'],
  ['memory.grow', { bodies: [body(...ZERO, 0x40, 0)] }, 'it has an instruction 0x40'],
  ['call_indirect', { bodies: [body(0x11, 0, 0)] }, 'it has an instruction 0x11'],
  ['a vector instruction', { bodies: [body(0xfd, 0)] }, 'it has an instruction 0xfd'],
  ['a block of another type', { bodies: [body(OP.block, 0x00)] }, 'a block has another type'],
  ['a loop without fuel', { bodies: [looping()] }, 'it has a loop that takes no fuel'],
  [
    'a loop that asks another global',
    { bodies: [looping(...FUELED.with(1, 1))] },
    'it has a loop that takes no fuel',
  ],
  [
    'a loop that asks, and goes on all the same',
    { bodies: [looping(...ASKED, OP.if, TYPE.empty, OP.end, ...CHARGED)] },
    'it has a loop that takes no fuel',
  ],
  [
    'a loop that asks, and takes nothing',
    { bodies: [looping(...ASKED, ...ENDS)] },
    'it has a loop that takes no fuel',
  ],
  [
    'a loop that goes back before it asks',
    { bodies: [looping(...EXIT, 0, ...FUELED)] },
    'it has a loop that takes no fuel',
  ],
  [
    'a loop that goes back before it takes',
    { bodies: [looping(...ASKED, ...ENDS, ...ZERO, OP.brIf, 0, ...CHARGED)] },
    'it has a loop that takes no fuel',
  ],
  [
    'a loop that may go on without end',
    { bodies: [looping(...FUELED.with(3, 0x7f))] },
    'it may take -1 steps',
  ],
  [
    'steps that are set back',
    two(body(...ZERO), body(OP.i64Const, 0, OP.globalSet, 0, ...ZERO)),
    'it forgets the steps it took',
  ],
  [
    'steps that shrink',
    { bodies: [body(OP.globalGet, 0, OP.i64Const, 0x7f, OP.i64Add, OP.globalSet, 0, ...ZERO)] },
    'it counts its steps in another way',
  ],
  ['a function that calls itself', two(body(...ZERO), body(...call(1))), 'calls itself'],
  ['two that call each other', two(body(...call(1)), body(...call(0))), 'calls itself'],
  ['a call of nothing', { bodies: [body(...call(7))] }, 'calls a function that is not there'],
  ['a global of nothing', { bodies: [body(OP.globalGet, 7)] }, 'uses a global that is not there'],
  ['a global that is computed', { globals: [[TYPE.i64, 1, 0x23, 0, 0x0b, 0]] }, 'begin as 0'],
  ['data outside', { data: [[0, OP.i32Const, 0x7f, OP.end, 0]] }, 'its data leave its memory'],
  ['no header', { custom: [] }, 'it has no section `ccl`'],
  ['another section', { custom: [W.name('ccl'), W.name('more')] }, "it has a section 'more'"],
  ['two headers', { custom: [W.name('ccl'), W.name('ccl')] }, "two sections are called 'ccl'"],
  ['a body too many', { bodies: [body(...ZERO), body(...ZERO)] }, 'bodies do not match'],
]

describe('what a policy may not hold is refused', () => {
  it('and what is changed in the cases below passes as it is', () => {
    assert.equal(refusal(moduleOf()), 'passes')
    assert.ok(WebAssembly.validate(moduleOf()))
    for (const head of [FUELED, [...EXIT, 1, ...FUELED]]) {
      const wasm = moduleOf({
        bodies: [body(OP.block, TYPE.empty, ...inLoop(head), OP.end, ...ZERO)],
      })
      assert.equal(refusal(wasm), 'passes')
      assert.ok(WebAssembly.validate(wasm))
    }
    const same = builtInBody('same', () => 0).bytes()
    assert.equal(refusal(moduleOf(two(body(...ZERO), same))), 'passes')
  })

  for (const [what, change, says] of CASES) {
    it(what, () => {
      const found = refusal(moduleOf(change))
      assert.match(found, /^(MODULE|IMPORT)_REFUSED: /)
      assert.ok(found.endsWith(says), found)
    })
  }

  it('a loop of the modules, with one instruction changed', () => {
    const same = builtInBody('same', () => 0).bytes()
    const at = same.lastIndexOf(OP.i64Eq)
    const changed = same.with(at, OP.i64Ne)
    const found = refusal(moduleOf(two(body(...ZERO), changed)))
    assert.equal(found, 'MODULE_REFUSED: it has a loop that takes no fuel')
  })

  it('a job that loops, or whose memory grows', () => {
    const built = compile('execution { }')
    assert.ok(built.ok)
    assert.match(refusal(built.wasm), /it exports memory,run|it exports/)
    const grows = built.wasm.slice()
    const at = grows.findIndex((_, at) => [5, 4, 1, 1, 1, 1].every((b, i) => grows[at + i] === b))
    grows[at + 5] = 2
    assert.equal(refusal(grows, 'jobs'), 'MODULE_REFUSED: its memory has 1 to 2 pages')
  })

  it('every way to cut a module short, and every change of one byte, gets an answer', () => {
    const built = compile(readFileSync(join(EXAMPLES, 'quota.ccl'), 'utf8'))
    assert.ok(built.ok)
    const { wasm } = built.units[0] as { wasm: Uint8Array }
    const whole = Array.from({ length: wasm.length }, (_, end) => refusal(wasm.subarray(0, end)))
    // it may do without its last section, the names
    assert.equal(whole.filter((said) => said === 'passes').length, 1)
    let refused = 0
    for (let at = 0; at < wasm.length; at++) {
      for (const bit of [1, 0x40, 0x80]) {
        if (refusal(wasm.with(at, (wasm[at] as number) ^ bit)) !== 'passes') refused++
      }
    }
    // a change of a number or a name is another policy, and still one
    assert.ok(refused > wasm.length, `${refused} of ${3 * wasm.length} changes are refused`)
  })
})
