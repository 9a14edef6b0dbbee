/**
 * Modules as a host asks them: what keeps them small, that nothing which is left out of them was
 * needed, and that requests written into their memory are read as those that are copied there.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compile, RequestWriter, type Unit } from '@planetary-mesh/ccl-compiler'
import { signerFromSeed } from '@planetary-mesh/spec'
import { decide } from '../src/ir/interpret.ts'
import type { Value } from '../src/ir/ir.ts'
import { AT } from '../src/wasm/layout.ts'
import { Generator } from './generate.ts'
import { decideIn, instantiate } from './run-unit.ts'

/** The bar of the design for a small policy. */
const SMALL_BYTES = 1024

const people = Array.from({ length: 9 }, (_, at) => signerFromSeed(new Uint8Array(32).fill(at)).did)
const [stranger = '', ...members] = people

function unitOf(text: string): Unit {
  const built = compile(text)
  const unit = built.ok ? built.units[0] : undefined
  assert.ok(unit !== undefined, text)
  return unit
}

it('a permit list, a ban list, a quota and a rate limit together take at most 1 KiB', () => {
  const unit = unitOf(`const members: list<did> = ["${members.slice(0, 4).join('", "')}"];
    const banned: list<did> = ["${members[0]}"];
    policy pool for token("compute") {
      rule within: allow;
      rule stranger: deny unless caller in members;
      rule banned: deny when caller in banned;
      rule quota: deny when usage.total + request.amount > cu(10_000);
      rule rate: deny when used_within(1h) + request.amount > cu(500);
    }`)
  assert.ok(unit.wasm.length <= SMALL_BYTES, `${unit.wasm.length} bytes`)
  const instance = instantiate(unit)
  const asked = (caller: string, ...amounts: bigint[]) => {
    const values = [caller, ...amounts]
    const found = decideIn(instance, values)
    assert.deepEqual(found, decide(unit.program, values, unit.header.costMax))
    return [found.effect, unit.program.rules[found.rule ?? -1]?.name, found.error]
  }
  const [first = '', second = ''] = members
  assert.deepEqual(asked(second, 9_900n, 100n, 400n), ['allow', 'within', null])
  assert.deepEqual(asked(stranger, 0n, 1n, 0n), ['deny', 'stranger', null])
  assert.deepEqual(asked(first, 0n, 1n, 0n), ['deny', 'banned', null])
  assert.deepEqual(asked(second, 9_901n, 100n, 0n), ['deny', 'quota', null])
  assert.deepEqual(asked(second, 0n, 100n, 401n), ['deny', 'rate', null])
  assert.deepEqual(asked(second, 2n ** 63n - 1n, 1n, 0n), ['deny', 'quota', 'overflow'])
  // and the error of one decision is not that of the next
  assert.deepEqual(asked(second, 0n, 1n, 0n), ['allow', 'within', null])
})

it('a short list holds its words and no others, however many there are', () => {
  for (let count = 0; count <= members.length; count++) {
    const listed = members.slice(0, count)
    const unit = unitOf(`const l: list<did> = [${listed.map((did) => `"${did}"`)}];
      policy p { rule in_it: allow when caller in l; }`)
    const instance = instantiate(unit)
    for (const did of people) {
      const wanted = listed.includes(did) ? 'allow' : 'deny'
      assert.equal(decideIn(instance, [did]).effect, wanted, `${count}: ${did}`)
    }
  }
})

it('a DID is equal to one of the same length and the same bytes, to the last', () => {
  const did = members[0] as string
  const text = `policy p { input who: did; rule same: allow when who == "${did}"; }`
  const { program, header, ...unit } = unitOf(text)
  const { memory, decide: ask } = instantiate({ program, header, ...unit })
  const writer = new RequestWriter(program.inputs, memory, header)
  const allows = (who: string) => (ask(header.request, writer.write([who])) & 1) === 1
  assert.ok(allows(did))
  assert.ok(!allows(`${did} and more`))
  assert.ok(!allows(did.slice(0, -8)))
  assert.ok(!allows(`${did}${'\0'.repeat(8)}`))
  for (let at = 0; at < did.length; at++) {
    const other = did[at] === 'x' ? 'y' : 'x'
    assert.ok(!allows(did.slice(0, at) + other + did.slice(at + 1)), `byte ${at}`)
  }
})

/** What a rule can come to: the error is an overflow, a division by zero, or none. */
const CONDITIONS = ['', 'when N == 0', 'when N == 1', 'when N + 9_223_372_036_854_775_807 == N']
const DIVIDES = 'when div_down(1, N) > 0 or 2 - N == 2'

it('whatever rules come to, the module says what the interpreter says', () => {
  const kinds = ['allow', 'deny'].flatMap((effect) =>
    [...CONDITIONS, DIVIDES].map((when) => `${effect} ${when}`),
  )
  let decisions = 0
  for (const a of kinds) {
    for (const b of kinds) {
      // behind any two: one that is quiet or fires, one that is quiet or errs
      for (const c of ['allow when N == 1', `deny ${DIVIDES}`]) {
        const rules = [a, b, c].map(
          (kind, at) => `input n${at}: int; rule r${at}: ${kind.replaceAll('N', `n${at}`)};`,
        )
        const built = compile(`policy p { ${rules.join(' ')} }`)
        // rules that contradict or repeat each other do not compile
        const unit = built.ok ? built.units[0] : undefined
        if (unit === undefined) continue
        const instance = instantiate(unit)
        for (let bits = 0; bits < 8; bits++) {
          const bitOf = (path: string) => BigInt((bits >> Number(path.slice(1))) & 1)
          const values: Value[] = unit.program.inputs.map(({ path }) => bitOf(path))
          const wanted = decide(unit.program, values, unit.header.costMax)
          assert.deepEqual(decideIn(instance, values), wanted, `${rules} ${values}`)
          decisions++
        }
      }
    }
  }
  assert.ok(decisions > 1000, `${decisions}`)
})

const PROGRAMS = 75
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
