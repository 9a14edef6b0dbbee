/** Texts of a megabyte, and brackets, words and declarations nested or chained by the thousand. */

const when = (condition: string) => `policy p { rule a: allow when ${condition}; }`
const lists = (depth: number) => `${'list<'.repeat(depth)}int${'>'.repeat(depth)}`
const chain = (count: number, link: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => link(index)).join('\n')

/**
 * Of what is repeated by the thousand, a `share` is enough to see that it is answered; what is a
 * megabyte stays one, and nests as deep.
 */
export const hugeTexts = (share = 1): readonly (readonly [what: string, text: string])[] => [
  ['open braces', '{'.repeat(10_000)],
  ['blocks in blocks', `${'a { '.repeat(10_000)}${'} '.repeat(10_000)}`],
  ['lists in lists', `title: ${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['semicolons without end', ';'.repeat(1_000_000 * share)],
  ['a megabyte of one number', `title: ${'9'.repeat(1_000_000)}`],
  ['a megabyte of one name', 'a'.repeat(1_000_000)],
  ['a megabyte of one text', `title: "${'a'.repeat(1_000_000)}"`],
  ['a megabyte of backslashes', `title: "${'\\'.repeat(1_000_000)}"`],
  ['a megabyte of spaces', ' '.repeat(1_000_000)],
  ['a megabyte of one comment', `/*${'*'.repeat(1_000_000)}`],
  ['a megabyte of strange characters', '§ '.repeat(500_000)],
  ['quotes without end', '"\n'.repeat(500_000 * share)],
  ['a condition of nots', when('not '.repeat(200_000 * share))],
  ['a condition of minuses', when('-'.repeat(500_000 * share))],
  ['a sum without end', when(`1${' + 1'.repeat(200_000 * share)} > 1`)],
  ['a path without end', when(`a${'.a'.repeat(400_000 * share)}`)],
  ['parentheses', when(`${'('.repeat(250)}true${')'.repeat(250)}`)],
  ['lists of lists', when(`${'['.repeat(250)}${']'.repeat(250)} in []`)],
  ['types of types', `const a: ${'list<'.repeat(100_000 * share)}int = 1;`],
  ['a chain of constants', chain(20_000 * share, (n) => `const c${n}: int = c${n + 1};`)],
  [
    'a chain of functions',
    chain(15_000 * share, (n) => `fn f${n}() -> int { return f${n + 1}(); }`),
  ],
  [
    'a chain of records',
    chain(20_000 * share, (n) => `record R${n} { f: R${n + 1}; g: R${n + 1}; }`),
  ],
  ['records that double', chain(60, (n) => `record R${n} { f: R${n + 1}; g: R${n + 1}; }`)],
  ['conditions in conditions', `fn f() -> int { ${'if true { '.repeat(250)} ${'}'.repeat(251)}`],
  ['else if without end', `fn f() -> int { ${'if true { } else '.repeat(50_000 * share)} { } }`],
  ['rules without end', `policy p { ${chain(30_000 * share, (n) => `rule r${n}: allow;`)} }`],
  ['tests without end', chain(20_000 * share, (n) => `test "${n}" { expect ${n} == ${n}; }`)],
  ['a list without end', when(`1 in [${'1, '.repeat(300_000 * share)}]`)],
  [
    'functions that call twice',
    chain(60, (n) => `fn f${n}() -> int { return f${n + 1}() + f${n + 1}(); }`),
  ],
  [
    'constants of constants',
    `const a0: list<int> = [${'1, '.repeat(4000)}];
${chain(20, (n) => `const a${n + 1}: ${lists(n + 2)} = [${`a${n}, `.repeat(400)}];`)}
${when('count(a20) == 3 and count(a20) == 3')}`,
  ],
  [
    'constants that are computed',
    `const a: list<int> = [${'1, '.repeat(4000)}];
${chain(2000, (n) => `const b${n}: list<list<int>> = [for x in a: a];`)}`,
  ],
  [
    'types that double',
    `${chain(50, (n) => `record R${n} { f: R${n + 1}; g: R${n + 1}; }`)}
record R50 { x: int; } policy p {
 input r: R0; rule a: allow when count([r]) == 1; }`,
  ],
  [
    'a header of megabytes',
    `record ${'R'.repeat(100)} { x: int; }
record S { ${chain(9000, (n) => `f${n}: ${'R'.repeat(100)};`)} }
policy p { input s: S; rule a: allow when s.f1.x > 1; }`,
  ],
  ['policies without end', chain(15_000 * share, (n) => `policy p${n} { rule a: allow; }`)],
  ['a megabyte of wrong names', chain(20_000 * share, (n) => `const a${n}: int = b${n} + c${n};`)],
  ['a megabyte of one wrong name', when('somebody == '.repeat(80_000))],
  ['a megabyte of a reason', `policy p { rule a: allow because "${'x'.repeat(1_000_000)}"; }`],
  ['a megabyte of a constant', `const a: text = "${'x'.repeat(1_000_000)}";`],
  ['a megabyte of right lines', `reporting {\n${'a: 1;\n'.repeat(170_000)}}`],
]
