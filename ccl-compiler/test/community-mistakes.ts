/**
 * Bylaws, elections, budgets and templates with one mistake each, at the place that `«…»` marks;
 * and executions with conditions.
 */
const inBylaws = (text: string) => `bylaws_def "Commons" version "1" {\n  ${text}\n}\n`
const on = (text: string) => `actions {\n  on "vote.cast" {\n    ${text}\n  }\n}\n`
const run = (text: string, functions = '') =>
  `resources { compute: 100; cpu_quota: 50; }\nexecution {\n  ${text}\n}\n${functions}`

export const COMMUNITY_MISTAKES: readonly [what: string, marked: string, code: string][] = [
  // characters and structure
  ['a parameter without a name', inBylaws('quorum «${}»'), 'CCL0112'],
  ['a parameter of two words', inBylaws('quorum «${the quorum}»;'), 'CCL0112'],
  ['a property without its value', inBylaws('quorum«»\n  seats 7'), 'CCL0207'],
  ['a colon without a value', inBylaws('quorum: «;»'), 'CCL0207'],
  ['a stray number', inBylaws('«7» seats'), 'CCL0208'],
  ['an equals sign in bylaws', inBylaws('quorum «=» 0.5'), 'CCL0209'],
  ['two properties on one line', inBylaws('quorum 0.5 «seats» 7'), 'CCL0210'],
  ['no comma in a list of roles', inBylaws('roles ["a" «"b"»]'), 'CCL0206'],
  ['a condition without its block', inBylaws('if proposal.type == "x"«»\n  quorum 0.5'), 'CCL0216'],
  ['an operator without its right side', inBylaws('if load > «{» quorum 0.5 }'), 'CCL0216'],
  // names
  ['a misspelled kind of document', '«electoin» "board" { seats 7 }', 'CCL0301'],
  ['an action that nobody knows', on('«mint_tokn» { type "receipt"; }'), 'CCL0303'],
  ['a part that an action does not have', on('mint_token { «recipent» ctx.voter; }'), 'CCL0304'],
  ['a function that nobody knows', on('mint_token { data { at: «timestmp»(); } }'), 'CCL0303'],
  ['a property set twice', inBylaws('quorum 0.5;\n  «quorum» 0.6;'), 'CCL0306'],
  ['two roles of one name', 'roles { role "a" { seats 1 }\n «role» "a" { seats 2 } }', 'CCL0307'],
  ['one event handled twice', 'actions { on "a" { }\n on «"a"» { } }', 'CCL0307'],
  // values
  ['a quorum above one', inBylaws('quorum «1.5»;'), 'CCL0405'],
  ['a percentage above a hundred', 'allocate { service "a" { percentage «120» } }', 'CCL0405'],
  ['seats below zero', 'roles { role "a" { seats «-1»; } }', 'CCL0405'],
  ['a period of an unknown unit', inBylaws('voting_period «"14y"»'), 'CCL0410'],
  // meaning
  [
    'weights that are too much',
    'organization "m" { policy_def w { «price_weight»: 0.5, resources_weight: 0.2,' +
      ' reputation_weight: 0.3, timeliness_weight: 0.1 } }',
    'CCL0501',
  ],
  ['an event with no name', 'actions { on «"vote cast"» { } }', 'CCL0532'],
  [
    'allocations above the whole',
    'allocations { category "a" { allocation 0.6 }\n category "b" { allocation «0.5» } }',
    'CCL0534',
  ],
  [
    'categories above the total',
    'budget { total: 100; categories { a: 60; b: «50»; } }',
    'CCL0534',
  ],
  ['a least above the most', inBylaws('«min_duration» "21d";\n  max_duration "7d";'), 'CCL0535'],
  ['a range upside down', 'spending_rules { «range» 500 100 { approvers 1; } }', 'CCL0536'],
  [
    'ranges over one another',
    'spending_rules { range 0 500 { approvers 1 }\n «range» 500 900 { approvers 2 } }',
    'CCL0537',
  ],
  ['texts put in order', inBylaws('if «proposal.type > "x"» { quorum 0.5 }'), 'CCL0538'],
  // executions
  [
    'a condition that is not known',
    run('if (log) { } if («load») { log("x"); }').replace('if (log) { } ', ''),
    'CCL0528',
  ],
  ['a variable that is not there', run('let a = 5; if («b» > a) { log("x"); }'), 'CCL0529'],
  ['a function that calls itself', run('f(); if (true) { }', 'function f() { «f()»; }'), 'CCL0530'],
  ['a number compared with a text', run('if («5 == "5"») { log("x"); }'), 'CCL0531'],
  ['a division', run('let a = «10 / 2»; log(a);'), 'CCL0539'],
  [
    'a number out of all bounds',
    run('let a = 9_000_000_000_000_000; let b = «a * a»; log(b);'),
    'CCL0406',
  ],
  // other languages
  ['a contract', '«contract» escrow(cid a) { action refund() { } }', 'CCL0603'],
  ['a function of another language', 'fn run() -> «Integer» { return 1; }', 'CCL0603'],
  ['a class', '«class» Fund { transferable: true }', 'CCL0603'],
  // parameters, when it is built
  ['a parameter without a value', inBylaws('quorum «${QUORUM}»'), 'CCL0604'],
  ['a parameter in a text', inBylaws('name "the «${TOWN}» commons"'), 'CCL0604'],
  ['a parameter in a job', run('if (true) { } log(message: «${TEXT}»);'), 'CCL0604'],
  [
    'a parameter in a policy',
    'policy p { rule r: allow when usage.total < cu(«${MOST}»); }',
    'CCL0604',
  ],
]
