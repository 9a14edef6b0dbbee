/** Mistakes in the types, units and meaning of the typed core, one each; `«…»` as before. */
import { amount, CALLER, fn, type Marked, rule, select, test, when } from './marked.ts'

export const VALUE_MISTAKES: readonly Marked[] = [
  // types and units
  ['a number where a condition belongs', when(`«${amount}»`), 'CCL0414'],
  [
    'a text where a number belongs',
    `const a: int = «"5"»;\n${when(`${amount} < cu(a)`)}`,
    'CCL0414',
  ],
  ['one value where a list belongs', when('caller in «caller»'), 'CCL0414'],
  ['a for over a number', when('sum(for x in «5»: x) > 1'), 'CCL0414'],
  ['a comparison of a text and a number', when(`request.scope «==» ${amount}`), 'CCL0415'],
  ['an order of texts', when('request.scope «<» request.resource'), 'CCL0415'],
  ['a sum of texts', when('request.scope «+» "a" == "b"'), 'CCL0415'],
  ['an amount times an amount', when(`${amount} «*» usage.total > cu(1)`), 'CCL0415'],
  ['a share by multiplication', when(`${amount} «*» 50% > cu(1)`), 'CCL0415'],
  ['an amount against a bare number', when(`${amount} «<=» 100`), 'CCL0416'],
  ['an amount against a duration', when(`${amount} «<=» 10min`), 'CCL0416'],
  ['an amount plus a number', when(`${amount} «+» 1 < cu(5)`), 'CCL0416'],
  ['another unit than declared', `const a: cu = «5»;\n${when(`${amount} < a`)}`, 'CCL0416'],
  ['a slash', when(`${amount} «/» 2 < cu(5)`), 'CCL0417'],
  ['a percent sign as a remainder', when(`${amount} «%» 2 < cu(5)`), 'CCL0417'],
  ['too few values', fn('return n;').replace('f(1, [2])', '«f»(1)'), 'CCL0418'],
  ['too many values', when(`«count»([1], [2]) > 1`), 'CCL0418'],
  [
    'an option that is not handled',
    rule('input o: option<int>; rule a: allow when «o» > 1;'),
    'CCL0419',
  ],
  [
    'a field of an option',
    `record M { w: int; }\n${rule('input m: M?; rule a: allow when «m».w > 1;')}`,
    'CCL0419',
  ],
  ['the first of a list as a value', when(`«first([1, 2])» + 1 > 1`), 'CCL0419'],
  [
    'a number beyond 64 bits',
    `const a: int = «9223372036854775808»;\n${when(`${amount} < cu(a)`)}`,
    'CCL0420',
  ],
  [
    'a constant that overflows',
    `const a: int = «9223372036854775807 + 1»;\n${when(`${amount} < cu(a)`)}`,
    'CCL0420',
  ],
  ['a division by zero', when(`${amount} > cu(«div_down(5, 0)»)`), 'CCL0421'],
  ['a field left out', `record M { w: int; v: int; }\n${when('«M»(w: 1).v > 1')}`, 'CCL0422'],
  ['a condition in a division', when('div_down(«true», 2) > 1'), 'CCL0423'],
  [
    'a share that is none',
    when(`part_down(${amount}, «2») > cu(1)`.replace('«2»', '2')).replace(amount, `«${amount}»`),
    'CCL0423',
  ],
  ['a sum of conditions', when('sum(«[true]») > 1'), 'CCL0423'],
  [
    'a counter of an unknown time',
    rule(`input d: duration; rule a: deny when used_within(«d») > cu(1);`),
    'CCL0424',
  ],
  ['an empty list of no type', when('count(«[]») > 1'), 'CCL0425'],
  ['none of no type', when('has(«none»)'), 'CCL0425'],
  ['a comparison of lists', rule('input l: list<int>; rule a: allow when l «==» l;'), 'CCL0426'],
  ['a broken DID in a rule', when('caller == «"did:key:z6Mkhello"»'), 'CCL0403'],
  [
    'a broken CID in a rule',
    rule('input c: cid; rule a: allow when c == «"bafyhello"»;'),
    'CCL0402',
  ],
  [
    'a broken DID of a person',
    `people { anna: «"did:key:z6Mk"»; }\n${when('caller != anna')}`,
    'CCL0403',
  ],
  [
    'a scope that is none',
    `policy p for token("compute", scope: «"Coop Farm"») { rule a: allow when ${CALLER}; }`,
    'CCL0408',
  ],
  ['an order there is none of', select('score: bid.price; order: «"upwards"»;'), 'CCL0404'],
  ['a score that is a word', select('score: «bid.node»;'), 'CCL0414'],

  [
    'a reason longer than a record holds',
    rule(`rule a: deny when ${amount} > cu(5) because «"${'x'.repeat(1025)}"»;`),
    'CCL0407',
  ],
  [
    'a name longer than a record holds',
    rule(`rule «${'x'.repeat(129)}»: deny when ${amount} > cu(5);`),
    'CCL0407',
  ],

  // meaning
  ['a rule that never fires', rule(`rule «a»: deny when 1 > 2;`), 'CCL0508'],
  [
    'a rule twice',
    rule(`rule a: deny when ${amount} > cu(5); rule «b»: deny when ${amount} > cu(5);`),
    'CCL0509',
  ],
  [
    'a rule behind one that always fires',
    rule(`rule a: deny; rule «b»: deny when ${amount} > cu(5);`),
    'CCL0509',
  ],
  [
    'two rules that contradict',
    rule(`rule a: deny when ${amount} > cu(5); rule «b»: allow when ${amount} > cu(5);`),
    'CCL0510',
  ],
  ['recursion', fn('return f(n - 1, l);').replace('fn f', 'fn «f»'), 'CCL0511'],
  [
    'recursion by way of another',
    `fn «g»(n: int) -> int { return h(n); }\nfn h(n: int) -> int { return g(n); }\n${when('g(1) > 1')}`,
    'CCL0511',
  ],
  [
    'a constant of itself',
    `const «a»: int = b; const b: int = a;\n${when(`${amount} < cu(b)`)}`
      .replace('const «a»', 'const a')
      .replace('const b', 'const «b»'),
    'CCL0511',
  ],
  [
    'a record of itself',
    `record «M» { m: M; }\n${rule('input m: M; rule a: allow when count([m]) > 1;')}`,
    'CCL0511',
  ],
  ['a loop without a limit', fn('let t = 0; for x in l«» { t = t + x; } return t;'), 'CCL0512'],
  ['a limit of nothing', fn('let t = 0; for x in l limit «0» { t = t + x; } return t;'), 'CCL0523'],
  [
    'a limit beyond all lists',
    fn('let t = 0; for x in l limit «1_000_000» { t = t + x; } return t;'),
    'CCL0523',
  ],
  ['a way that does not return', fn('if n > 0 { return 1; }').replace('fn f', 'fn «f»'), 'CCL0513'],
  [
    'a program that costs too much',
    rule(
      'input l: list<int>; rule a: allow when sum(for x in l: sum(for y in l: sum(for z in l: x * y * z))) > 1;',
    ).replace('policy p', 'policy «p»'),
    'CCL0514',
  ],
  ['a statement behind return', fn('return n; «let m = 1;»'), 'CCL0515'],
  ['an assignment to a parameter', fn('«n» = 2; return n;'), 'CCL0516'],
  ['an assignment to a constant', `const c: int = 1;\n${fn('«c» = 2; return c;')}`, 'CCL0516'],
  ['an action in a function', fn('«log»(message: "a"); return n;'), 'CCL0525'],
  ['a return in a handler', rule('on allow { «return 1;» }'), 'CCL0526'],
  [
    'an amount of another kind',
    rule('on allow { mint_tokens(to: caller, amount: «credits(5)»); }'),
    'CCL0416',
  ],
  [
    'a loop in a handler without a limit',
    rule('on allow { for x in [1]«» { log(message: "a"); } }'),
    'CCL0512',
  ],
  ['a test that expects nothing', test('usage.total: cu(0);').replace('"t"', '«"t"»'), 'CCL0517'],
  ['a test that lacks an input', test('expect allow;').replace('"t"', '«"t"»'), 'CCL0521'],
  [
    'two tests of one name',
    test('usage.total: cu(0); expect allow;').concat(`test «"t"» { expect 1 < 2; }`),
    'CCL0524',
  ],
  [
    'a selection without a score',
    select('require r: bid.reputation > 5;').replace('selection s', 'selection «s»'),
    'CCL0519',
  ],
  [
    'more ties than there are',
    select(`score: bid.price; tie_break: [${'bid.node, '.repeat(8)}«bid.node»];`),
    'CCL0522',
  ],
]
