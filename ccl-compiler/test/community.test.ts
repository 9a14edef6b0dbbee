// Documents in the dialects of communities: read whole, checked where words mean something, listed
// where nobody acts; and executions whose conditions gate what is asked for.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { check, compile, format, readValues } from '@planetary-mesh/ccl-compiler'

const read = (name: string) =>
  readFileSync(new URL(`programs/${name}.ccl`, import.meta.url), 'utf8')

function checked(text: string, options: Parameters<typeof check>[1] = {}) {
  const result = check(text, options)
  assert.ok(result.ok, JSON.stringify(result.diagnostics, null, 2))
  return result
}

/** Every listed part: its path and its text. */
const listed = (text: string, options = {}) =>
  new Map(checked(text, options).descriptive.map(({ path, text }) => [path, text]))

test('bylaws are read whole, and every part of them is listed', () => {
  const parts = listed(read('bylaws'))
  const root = 'bylaws_def(House by the Canal version 2.1)'
  assert.equal(parts.get(`${root}.max_members`), '40')
  assert.equal(parts.get(`${root}.if`), 'proposal.kind == "sale"')
  assert.equal(parts.get(`${root}.if.voting_period`), '"60d"')
  assert.equal(parts.get(`${root}.else.else.voting_period`), '14d')
  assert.equal(parts.get(`${root}.else.if`), 'proposal.kind == "repair" and proposal.amount < 2000')
  assert.equal(parts.get(`${root}.member_age(range 16 120).may_vote`), 'true')
  assert.equal(parts.get(`${root}.working_days.spring`), '2')
  const handler = `${root}.actions.on(vote.closed)`
  assert.equal(parts.get(`${handler}.mint_token.data.closed_at`), 'timestamp()')
  assert.equal(parts.get(`${handler}.anchor_data.path`), 'concat("votes/", ctx.proposal_id)')
  assert.equal(parts.get(`${root}.log_event.name`), '"bylaws.read"')
})

test('pairs end with `;`, `,`, their line or their block, with a colon and without', () => {
  const forms = ['a: 1; b: 2;', 'a 1; b 2', 'a: 1, b: 2', 'a 1\nb 2\n', '"a": 1\n"b" 2;']
  for (const form of forms) {
    const parts = listed(`process { ${form} }`)
    assert.deepEqual(
      [...parts],
      [
        ['process.a', '1'],
        ['process.b', '2'],
      ],
      form,
    )
  }
})

test('an election and its spending rules are read, and asked for by nobody', () => {
  const { descriptive, effects, requests, diagnostics } = checked(read('committee-election'))
  assert.deepEqual([effects, requests, diagnostics], [[], [], []])
  const paths = descriptive.map(({ path }) => path)
  assert.ok(paths.includes('roles.role(treasurer).requirements.skills'))
  assert.ok(paths.includes('spending_rules.thresholds.range(201 5000).approvers'))
  assert.ok(paths.includes('actions.on(vote.cast).perform_metered_action.action'))
})

test('parameters of a template are listed, and nothing is built before they have values', () => {
  const text = read('lending-template')
  const { parameters } = checked(text)
  assert.deepEqual(
    parameters.map(({ name, span }) => [name, span.line]),
    [
      ['TOWN', 3],
      ['ITEMS', 4],
      ['PERIOD', 5],
      ['DEPOSIT', 7],
    ],
  )
  const unfilled = compile(text)
  assert.deepEqual(
    unfilled.diagnostics.map(({ code, span }) => [code, span.line]),
    [
      ['CCL0604', 3],
      ['CCL0604', 4],
      ['CCL0604', 5],
      ['CCL0604', 7],
    ],
  )
  const given = readValues(read('lending-values'))
  assert.ok(given.ok)
  const filled = compile(text, { values: given.values })
  assert.ok(filled.ok)
  assert.deepEqual(filled.parameters, [])
})

test('a value that does not fit is a mistake where the parameter stands', () => {
  const given = readValues('Q: 1.5; N: "seven"')
  assert.ok(given.ok)
  const { diagnostics } = check('bylaws { quorum ${Q} }', { values: given.values })
  assert.deepEqual(
    diagnostics.map(({ code, span }) => [code, span.column]),
    [['CCL0405', 17]],
  )
  const job = read('metered-job').replace('300,', '${N},')
  const wrong = check(job, { values: given.values })
  assert.deepEqual(
    wrong.diagnostics.map(({ code }) => code),
    ['CCL0401'],
  )
})

test('values are pairs, each named once', () => {
  const codes = (text: string) => {
    const given = readValues(text)
    return given.ok ? [] : given.diagnostics.map(({ code }) => code)
  }
  assert.deepEqual(codes('A: 1; A: 2;'), ['CCL0306'])
  assert.deepEqual(codes('A { b 1 }'), ['CCL0208'])
  assert.deepEqual(codes('A:'), ['CCL0207'])
  assert.deepEqual(codes('A: ['), ['CCL0201'])
})

test('a parameter with its value means what the value means in its place', () => {
  const policy = (most: string) =>
    `policy p { rule r: allow when usage.total < cu(${most}) because "up to \${M}"; }`
  const given = readValues('M: 250')
  assert.ok(given.ok)
  const filled = compile(policy('${M}'), { values: given.values })
  const plain = compile(policy('250').replace('${M}', '250'))
  assert.ok(filled.ok && plain.ok)
  assert.deepEqual(filled.programs[0]?.rules[0]?.condition, plain.programs[0]?.rules[0]?.condition)
  assert.equal(filled.units[0]?.header.rules[0]?.because, 'up to 250')
})

test('what an execution asks for is gated by what the document grants', () => {
  const text = read('metered-job')
  const asked = (source: string) => {
    const { requests, effects } = checked(source)
    return [requests.length, effects.map(({ action, args }) => [action, ...Object.values(args)])]
  }
  assert.deepEqual(asked(text), [
    1,
    [
      ['perform_action', 'prepare', 40],
      ['record_resource_usage', 'ResourceType.CPU', 40],
    ],
  ])
  assert.deepEqual(asked(text.replace('cpu_quota: 60', 'cpu_quota: 39')), [
    0,
    [['log', 'the pool grants too little']],
  ])
  assert.deepEqual(asked(text.replace('  cpu_quota: 60;\n', '')), [
    0,
    [['log', 'the pool grants too little']],
  ])
  assert.deepEqual(asked(text.replace('let cost = 30 + 10', 'let cost = 0'))[0], 0)
})

test('an amount may be computed, and must fit as if it were written out', () => {
  const text = read('s1').replace('1000', '2 * (400 + 100)')
  assert.deepEqual(checked(text).requests, checked(read('s1')).requests)
  const codes = (amount: string) => {
    return check(read('s1').replace('1000', amount)).diagnostics.map(({ code }) => code)
  }
  assert.deepEqual(codes('5 * 0'), ['CCL0405'])
  assert.deepEqual(codes('"5" + 5'), ['CCL0531'])
})

test('a job under a condition stays within its resources as any other does', () => {
  const { diagnostics } = check(read('metered-job').replace('compute 400', 'compute 299'))
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['CCL0502'],
  )
})

test('effects stand in the header of the compiled document', () => {
  const built = compile(read('metered-job'))
  assert.ok(built.ok)
  assert.deepEqual(built.header.effects, built.effects)
  assert.equal(built.header.requests, 1)
  const plain = compile(read('s1'))
  assert.ok(plain.ok)
  assert.equal('effects' in plain.header, false)
})

test('a function that nothing calls is named', () => {
  const unused = read('metered-job').replace('within_quota(cost)', 'cost > 0')
  assert.deepEqual(
    checked(unused).diagnostics.map(({ code }) => code),
    ['CCL0518'],
  )
})

test('documents keep their meaning when they are laid out', () => {
  for (const name of ['bylaws', 'committee-election', 'lending-template', 'metered-job']) {
    const text = read(name)
    const laid = format(text)
    assert.ok(laid !== null)
    assert.equal(format(laid), laid)
    const meaning = (source: string) => {
      const { descriptive, effects, requests } = checked(source)
      const parts = descriptive.map(({ path, text }) => [path, text.replace(/\s+/g, ' ')])
      return { parts, effects, requests }
    }
    assert.deepEqual(meaning(laid), meaning(text), name)
  }
})

test('a long chain of conditions and operators ends in a message, not in a crash', () => {
  const deep = [
    `bylaws { ${'if a { } else '.repeat(20_000)} { } }`,
    `bylaws { if ${'!'.repeat(50_000)}a { } }`,
    `bylaws { a ${'- '.repeat(50_000)}b }`,
    `execution { if (${'1 + '.repeat(50_000)}1 > 0) { } }`,
    `execution { let a = 2; ${'let a = a * a; '.repeat(5000)} }`,
    `execution { f(); if (true) { } }\n${'function f() { f(); f(); }'}`,
  ]
  for (const text of deep) {
    const { ok, diagnostics } = check(text)
    assert.equal(ok, false)
    assert.equal(diagnostics.length, 1, text.slice(0, 40))
  }
})

test('large documents take time in proportion to their size', () => {
  const many = (count: number, item: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => item(index)).join('\n')
  const count = 8000
  const texts = [
    `bylaws { ${many(count, (n) => `min_a${n} 1; max_a${n} 2;`)} }`,
    `thresholds { ${many(count, (n) => `range ${2 * n} ${2 * n + 1} { }`)} }`.replace(
      'thresholds',
      'spending_rules',
    ),
    `process { ${many(count, (n) => `a${n} timestamp();`)} }`,
  ]
  for (const text of texts) {
    const startedAt = process.cpuUsage()
    assert.ok(check(text).ok)
    const { user } = process.cpuUsage(startedAt)
    // it takes less than 0.2 s; what grows with the square of the size takes far more
    assert.ok(user < 3e6, `${user / 1e6} s`)
  }
})
