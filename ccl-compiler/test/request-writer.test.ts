/** Requests written into a module's memory are read as those that are copied there. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compile, RequestWriter } from '@planetary-mesh/ccl-compiler'
import type { Value } from '../src/ir/ir.ts'
import { AT } from '../src/wasm/layout.ts'
import { Generator } from './generate.ts'
import { decideIn, instantiate } from './run-unit.ts'

const PROGRAMS = 150
const REQUESTS = 6

it('every type of input, one request over the other, gives the same decision and steps', () => {
  const types = new Set<string>()
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const generator = new Generator(seed)
    const built = compile(generator.program())
    const unit = built.ok ? built.units[0] : undefined
    if (unit === undefined) continue
    const { program, header } = unit
    const { memory, decide } = instantiate(unit)
    const copied = instantiate(unit)
    const writer = new RequestWriter(program.inputs, memory, header)
    for (let request = 0; request < REQUESTS; request++) {
      const values: Value[] = program.inputs.map(({ type }) => generator.value(type))
      const answer = decide(header.request, writer.write(values))
      const { effect, rule, steps } = decideIn(copied, values)
      const found = [(answer & 1) === 1 ? 'allow' : 'deny', (answer >> 8) - 1]
      assert.deepEqual(found, [effect, rule ?? -1], `seed ${seed}, request ${request}`)
      assert.equal(writer.number(AT.steps), steps)
    }
    for (const { type } of program.inputs) types.add(type.is)
  }
  const wanted = 'bool cid cu did duration int list option percent text'.split(' ')
  assert.deepEqual(
    wanted.filter((type) => !types.has(type)),
    [],
  )
})

it('a request larger than the memory makes it grow, and the heap has its room', () => {
  const text = 'policy p { input words: list<text>; rule a: allow when count(words) == 4_000; }'
  const built = compile(text)
  assert.ok(built.ok)
  const [unit] = built.units
  assert.ok(unit)
  const { memory, decide } = instantiate(unit)
  const writer = new RequestWriter(unit.program.inputs, memory, unit.header)
  const words = Array.from({ length: 4000 }, (_, index) => `größe 🌾 ${'x'.repeat(index % 9)}`)
  const end = writer.write([words])
  assert.equal(decide(unit.header.request, end) & 1, 1)
  assert.ok(memory.buffer.byteLength >= end + unit.header.heap)
  // a shorter word over a longer one leaves nothing behind it
  const same = 'policy p { input a: text; input b: text; rule r: allow when a == b; }'
  const compared = compile(same)
  assert.ok(compared.ok && compared.units[0])
  const two = instantiate(compared.units[0])
  const pair = new RequestWriter(two.unit.program.inputs, two.memory, two.unit.header)
  const equal = (a: string, b: string) =>
    two.decide(two.unit.header.request, pair.write([a, b])) & 1
  assert.equal(equal('a long word of many bytes', 'another'), 0)
  assert.equal(equal('ab', 'ab'), 1)
  assert.equal(equal('äb', 'äb'), 1)
  assert.equal(equal('', ''), 1)
  assert.equal(equal('a', 'a\u0000'), 0)
})
