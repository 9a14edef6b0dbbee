import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compile } from '@planetary-mesh/ccl-compiler'
import { decodeBlock, LIMITS } from '@planetary-mesh/spec'
import { inputsFromJson } from '../src/core/json-inputs.ts'
import { decide, type Outcome } from '../src/ir/interpret.ts'
import { WebAssembly } from './engine.ts'
import { PEOPLE } from './generate.ts'
import { decideIn, instantiate } from './run-unit.ts'

/** What the interpreter and the module say, which must be the same. */
function outcome(text: string, inputs: object = {}): Outcome & { by: string | null } {
  const built = compile(text)
  assert.deepEqual(
    built.diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  )
  assert.ok(built.ok)
  const [unit] = built.units
  assert.ok(unit !== undefined)
  const read = inputsFromJson(unit.program, inputs)
  assert.ok(read.ok, read.ok ? '' : read.why)
  const found = decide(unit.program, read.values, unit.header.costMax)
  assert.deepEqual(decideIn(instantiate(unit), read.values), found)
  const by = found.rule === null ? null : (unit.program.rules[found.rule]?.name ?? null)
  return { ...found, by }
}

const policy = (rules: string) => `policy p for token("compute") { input n: int; ${rules} }`
const brief = ({ effect, by, error }: ReturnType<typeof outcome>) => [effect, by, error]
/** 2^63 - 1: one more is the error `overflow`. */
const MAX = '9223372036854775807'

describe('a policy', () => {
  const two = policy('rule a: allow when n > 0; rule d: deny when n > 5;')
  it('denies by default', () => {
    assert.deepEqual(brief(outcome(two, { n: 0 })), ['deny', null, null])
  })
  it('allows when a rule allows', () => {
    assert.deepEqual(brief(outcome(two, { n: 5 })), ['allow', 'a', null])
  })
  it('denies when a rule denies, whatever allows', () => {
    assert.deepEqual(brief(outcome(two, { n: 6 })), ['deny', 'd', null])
  })
  it('denies when a deny ends in an error', () => {
    const text = policy('rule a: allow when n > 0; rule d: deny when n + 1 < 0;')
    assert.deepEqual(brief(outcome(text, { n: MAX })), ['deny', 'd', 'overflow'])
    assert.deepEqual(brief(outcome(text, { n: 1 })), ['allow', 'a', null])
  })
  it('does not allow by a rule that ends in an error, and says which error', () => {
    const text = policy('rule a: allow when n + 1 > 0;')
    assert.deepEqual(brief(outcome(text, { n: MAX })), ['deny', null, 'overflow'])
  })
  it('allows by another rule than the one that erred, and reports both', () => {
    const text = policy('rule a: allow when n + 1 > 0; rule b: allow when n > 1;')
    const found = outcome(text, { n: MAX })
    assert.deepEqual(brief(found), ['allow', 'b', null])
    assert.deepEqual(found.statuses, ['overflow', 'fired'])
  })
  it('names the first rule of the text that decided', () => {
    const text = policy('rule a: allow when n > 1; rule b: allow when n > 2;')
    assert.equal(outcome(text, { n: 3 }).by, 'a')
  })
  it('without when and unless fires always; unless holds it back', () => {
    assert.equal(outcome(policy('rule a: allow;')).effect, 'allow')
    const unless = policy('rule a: allow when n > 0 unless n > 5;')
    assert.equal(outcome(unless, { n: 5 }).effect, 'allow')
    assert.equal(outcome(unless, { n: 6 }).effect, 'deny')
  })
  it('takes no shortcut around an error on the left, and one around an error on the right', () => {
    const right = policy('rule a: allow when n > 0 or n + 1 > 0;')
    assert.deepEqual(brief(outcome(right, { n: MAX })), ['allow', 'a', null])
    const left = policy('rule a: allow when n + 1 > 0 or n > 0;')
    assert.deepEqual(brief(outcome(left, { n: MAX })), ['deny', null, 'overflow'])
  })
})

describe('what a policy asks for', () => {
  const text = policy(`rule a: allow when n > 0;
    on allow {
      log(message: "welcome");
      if n > 5 { mint_tokens(to: caller, amount: cu(n + 1)); }
    }
    on deny { log(message: "sorry"); }`)
  const asked = (n: number | string) => {
    const { effects, effect, error } = outcome(text, { n, caller: PEOPLE[0] })
    return [effect, error, ...effects.map(({ args }) => args.join(' '))]
  }
  it('comes out in order, after the decision', () => {
    assert.deepEqual(asked(1), ['allow', null, 'welcome'])
    assert.deepEqual(asked(6), ['allow', null, 'welcome', `${PEOPLE[0]} 7`])
    assert.deepEqual(asked(0), ['deny', null, 'sorry'])
  })
  it('denies, and asks for nothing, when it ends in an error', () => {
    assert.deepEqual(asked(MAX), ['deny', 'overflow'])
  })
  it('is at most 64 effects', () => {
    const many = policy(
      'input l: list<int>; rule a: allow; on allow { for x in l limit 100 { log(message: "x"); } }',
    )
    const l = Array.from({ length: LIMITS.cclEffectsMax }, () => 1)
    assert.equal(outcome(many, { n: 0, l }).effects.length, LIMITS.cclEffectsMax)
    assert.deepEqual(brief(outcome(many, { n: 0, l: [...l, 1] })), ['deny', null, 'limit'])
  })
})

describe('numbers', () => {
  const LEAST = '-9223372036854775808'
  const cases: [expression: string, n: number | string, value: string][] = [
    ['div_down(n, 2)', 7, '3'],
    ['div_down(n, 2)', -7, '-4'],
    ['div_down(n, -2)', 7, '-4'],
    ['div_up(n, 2)', 7, '4'],
    ['div_up(n, 2)', -7, '-3'],
    ['div_even(n, 2)', 7, '4'],
    ['div_even(n, 2)', 5, '2'],
    ['div_even(n, 2)', -5, '-2'],
    ['div_even(n, 2)', -7, '-4'],
    ['div_even(n, -2)', 5, '-2'],
    ['div_even(n, -3)', 5, '-2'],
    ['div_even(n, 3)', 4, '1'],
    ['div_even(n, 9223372036854775807)', LEAST, '-1'],
    ['part_down(n, 33.3333%)', 1000, '333'],
    ['part_up(n, 33.3333%)', 1000, '334'],
    ['part_down(n, 33.3333%)', -1000, '-334'],
    ['part_down(n, 100%)', MAX, MAX],
    ['part_down(n, 100%)', LEAST, LEAST],
    ['n * -1', MAX, '-9223372036854775807'],
    ['-n', MAX, '-9223372036854775807'],
    ['n - 1 + 1', MAX, MAX],
  ]
  for (const [expression, n, value] of cases) {
    it(`${expression} is ${value} where n is ${n}`, () => {
      const text = `selection s { input n: int; score: ${expression}; }`
      assert.equal(outcome(text, { n }).score, BigInt(value))
    })
  }
  const errors: [expression: string, n: string, error: string][] = [
    ['n + 1', MAX, 'overflow'],
    ['n - 1', LEAST, 'overflow'],
    ['n * 2', MAX, 'overflow'],
    ['n * -1', LEAST, 'overflow'],
    ['-1 * n', LEAST, 'overflow'],
    ['-n', LEAST, 'overflow'],
    ['div_down(n, -1)', LEAST, 'overflow'],
    ['part_up(n, 200%)', MAX, 'overflow'],
    ['div_down(1, n)', '0', 'divide_by_zero'],
    ['sum(for x in [n, 1]: x)', MAX, 'overflow'],
  ]
  for (const [expression, n, error] of errors) {
    it(`${expression} ends in ${error} where n is ${n}`, () => {
      const text = `selection s { input n: int; score: ${expression}; }`
      assert.deepEqual(brief(outcome(text, { n })), ['deny', null, error])
    })
  }
})

describe('limits', () => {
  it('a list longer than its limit is an error', () => {
    const text = policy('input l: list<int>; rule a: allow when any(for x in l limit 2: x == n);')
    assert.equal(outcome(text, { n: 2, l: [1, 2] }).effect, 'allow')
    assert.deepEqual(brief(outcome(text, { n: 1, l: [1, 2, 3] })), ['deny', null, 'limit'])
  })

  it('lists made of lists end in the error memory, at the same entry everywhere', () => {
    const text = policy(
      'input l: list<int>; rule a: allow when any(for x in l: n in [for y in l: x + y]);',
    )
    const l = Array.from({ length: 300 }, (_, index) => index)
    assert.deepEqual(brief(outcome(text, { n: -1, l })), ['deny', null, 'memory'])
    assert.ok(300 * 301 > LIMITS.cclCellsMax)
    assert.equal(outcome(text, { n: 398, l: l.slice(0, 200) }).effect, 'allow')
  })

  it('a thousand people in a policy are looked up, and cost no more than eight', () => {
    const names = (count: number) => Array.from({ length: count }, (_, n) => `"member ${n}"`)
    const text = (count: number) =>
      `policy p { input who: text; rule a: allow when who in [${names(count)}]; }`
    const many = outcome(text(1000), { who: 'member 999' })
    assert.equal(many.effect, 'allow')
    assert.equal(outcome(text(1000), { who: 'member 1000' }).effect, 'deny')
    assert.equal(many.steps, outcome(text(8), { who: 'member 7' }).steps)
  })
})

describe('a module', () => {
  it('is the same for the same text, imports nothing, and says what it is', () => {
    const text = policy('rule a: allow when n > 0 because "more than nothing"; rule d: deny;')
    const units = [compile(text), compile(text)].map((built) => built.ok && built.units[0])
    const [one, other] = units
    assert.ok(one && other)
    assert.deepEqual(one.wasm, other.wasm)
    const module = new WebAssembly.Module(one.wasm)
    assert.deepEqual(WebAssembly.Module.imports(module), [])
    assert.deepEqual(
      WebAssembly.Module.exports(module).map(({ name }) => name),
      ['memory', 'decide'],
    )
    const [section] = WebAssembly.Module.customSections(module, 'ccl')
    assert.ok(section !== undefined)
    const header = decodeBlock(new Uint8Array(section)) as typeof one.header
    const { kind, inputs, rules } = header
    assert.equal(kind, 'policy')
    assert.deepEqual(inputs, [['n', 'int']])
    assert.deepEqual(rules, [
      { name: 'a', effect: 'allow', because: 'more than nothing' },
      { name: 'd', effect: 'deny' },
    ])
  })
})

describe('a selection', () => {
  const text = `selection s {
    require trusted: bid.reputation >= 80;
    score: bid.price * 2 + cu(div_down(bid.est_time, 1s));
    tie_break: [bid.reputation, bid.node];
  }`
  const bid = { price: 10, est_time: '1min', reputation: 80, node: PEOPLE[0] }
  it('scores a bid that fulfils what is required, and says what ties go by', () => {
    const { effect, score, ties } = outcome(text, { bid })
    assert.deepEqual([effect, score, ties], ['allow', 80n, [80n, PEOPLE[0]]])
  })
  it('refuses a bid by the name of the requirement', () => {
    const found = outcome(text, { bid: { ...bid, reputation: 79 } })
    assert.deepEqual([...brief(found), found.score], ['deny', 'trusted', null, null])
  })
})

describe('a map', () => {
  const asked = (condition: string) =>
    `policy p { input m: map<text, int>; input k: text; rule r: allow when ${condition}; }`
  const effect = (condition: string, m: object, k = 'a') =>
    outcome(asked(condition), { m, k }).effect
  it('gives the value of a key, and none for another', () => {
    assert.equal(effect('(get(m, k) otherwise 0) == 5', { b: 1, a: 5 }), 'allow')
    assert.equal(effect('has(get(m, k))', { b: 1 }), 'deny')
    assert.equal(effect('has(get(m, k))', {}), 'deny')
  })
  it('holds what is among its keys, not among its values', () => {
    assert.equal(effect('k in m', { a: 0 }), 'allow')
    assert.equal(effect('k in m', { A: 1 }), 'deny')
  })
  it('is a list of entries in the order in which they came', () => {
    const found = '(first(keys(m)) otherwise "") == "z" and sum(values(m)) == 6 and count(m) == 2'
    assert.equal(effect(found, { z: 4, a: 2 }), 'allow')
    assert.equal(effect('any(for e in m: e.key == "z" and e.value == 4)', { z: 4 }), 'allow')
  })
  it('counts the first of two entries of one key', () => {
    const twice = [
      { key: 'a', value: 1 },
      { key: 'a', value: 2 },
    ]
    assert.equal(effect('(get(m, k) otherwise 0) == 1', twice), 'allow')
  })
  it('may be constant, and asked inside of another', () => {
    const text = `const price: map<text, int> = { "a": 2, "b": 3 };
      const name: map<int, text> = { 1: "a", 2: "b" };
      policy p { input n: int;
        rule r: allow when (get(price, get(name, n) otherwise "") otherwise 0) == 3; }`
    assert.equal(outcome(text, { n: 2 }).effect, 'allow')
    assert.equal(outcome(text, { n: 1 }).effect, 'deny')
    assert.equal(outcome(text, { n: 3 }).effect, 'deny')
  })
})
