/**
 * One mistake each in the words, structure and names of the typed core; `«…»` marks what the
 * message must point at, exactly. `mistakes.test.ts` asks that each gives that one error.
 */
import { amount, CALLER, fn, type Marked, rule, select, test, vote, when } from './marked.ts'
import { VALUE_MISTAKES } from './value-mistakes.ts'

const NAME_MISTAKES: readonly Marked[] = [
  // characters
  [
    'typographic quotes in a rule',
    rule('rule a: deny when caller in roles.x because «“no”»;'),
    'CCL0103',
  ],
  ['a no-break space in a rule', when(`${amount}«\u00a0»< cu(5)`), 'CCL0107'],
  ['a typographic minus in a rule', when(`${amount} > cu(«−»5)`), 'CCL0108'],
  ['a share too fine for ppm', when(`part_down(${amount}, «0.1234567») > cu(1)`), 'CCL0411'],
  ['a decimal duration', when('used_within(«1.5h») < cu(5)'), 'CCL0110'],

  // structure
  [
    'a rule without its semicolon',
    rule(`rule a: deny when ${amount} > cu(5)«»\n  rule b: deny when usage.total > cu(5);`),
    'CCL0215',
  ],
  [
    'a constant without its semicolon',
    `const a: int = 5«»\n${when(`${amount} < cu(a)`)}`,
    'CCL0215',
  ],
  ['a rule without its colon', rule('rule a «allow» when true;'), 'CCL0216'],
  ['a rule without its name', rule('rule «:» allow when true;'), 'CCL0216'],
  ['an effect there is none of', rule('rule a: «permit» when true;'), 'CCL0216'],
  ['a rule without a condition', rule('rule a: allow when«;»'), 'CCL0216'],
  ['a reason without quotes', rule(`rule a: deny when ${amount} > cu(5) because «no»;`), 'CCL0216'],
  ['when behind because', rule(`rule a: deny because "no" «when» ${amount} > cu(5);`), 'CCL0216'],
  ['a type left out', `${fn('return n;', 'fn f(n«,» l: list<int>) -> int')}`, 'CCL0216'],
  [
    'no type of a result',
    fn('return n;', 'fn f(n: int, l: list<int>) «{» return n; }\nfn g() -> int'),
    'CCL0216',
  ],
  ['an operand left out', rule(`rule a: allow when ${amount} <= «;»`), 'CCL0216'],
  ['no comma between values', fn('return n;').replace('f(1, [2])', 'f(1 «[»2])'), 'CCL0206'],
  ['&& instead of and', when(`${amount} < cu(5) «&&» ${CALLER}`), 'CCL0217'],
  ['|| instead of or', when(`${amount} < cu(5) «||» ${CALLER}`), 'CCL0217'],
  ['! instead of not', when(`«!»(${CALLER})`), 'CCL0217'],
  ['= instead of ==', when('caller «=» roles.x'), 'CCL0218'],
  ['a chain of comparisons', when(`cu(1) < ${amount} «<» cu(5)`), 'CCL0219'],
  ['a word that is no member of a policy', rule('«rulle» a: deny when true;'), 'CCL0220'],
  ['a score in a policy', rule('«score»: request.amount;'), 'CCL0220'],
  ['a statement without meaning', fn('«n + 1»; return n;'.replace('n + 1»', 'n» + 1')), 'CCL0216'],
  [
    'an order twice',
    select('score: bid.price; order: "ascending"; «order»: "descending";'),
    'CCL0306',
  ],

  // names
  ['an action there is none of', rule('on allow { «lgo»(message: "a"); }'), 'CCL0303'],
  ['an argument there is none of', rule('on allow { log(«mesage»: "a"); }'), 'CCL0304'],
  [
    'an argument of an action twice',
    rule('on deny { log(message: "a", «message»: "b"); }'),
    'CCL0308',
  ],
  ['an action without its argument', rule('on deny { «log»(); }'), 'CCL0309'],
  [
    'on allow twice',
    rule('on allow { log(message: "a"); } on «allow» { log(message: "b"); }'),
    'CCL0307',
  ],
  [
    'a word of the language as a name',
    'const «limit_»: int = 1;'.replace('limit_', 'for') + when(`${amount} < cu(5)`),
    'CCL0314',
  ],
  ['a name there is none of', when('«callr» in roles.x'), 'CCL0315'],
  ['a group of inputs as a value', when('«request» == cu(5)'), 'CCL0315'],
  ['a variable assigned before it is made', fn('«m» = 1; return n;'), 'CCL0315'],
  ['a type there is none of', `const a: «number» = 5;\n${when(`${amount} < cu(a)`)}`, 'CCL0316'],
  ['a type of nothing', fn('return n;', 'fn f(n: int, l: «list») -> int'), 'CCL0316'],
  ['a misspelled input', when('request.«amuont» < cu(5)'), 'CCL0317'],
  ['a bid in a policy', when('«bid».price < cu(5)'), 'CCL0315'],
  [
    'a field there is none of',
    `record M { w: int; }\n${rule('input m: M; rule a: allow when m.«v» > 1;')}`,
    'CCL0317',
  ],
  [
    'a text that is not here',
    `use «"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"» as a;\n${when(`${amount} < cu(5)`)}`,
    'CCL0542',
  ],
  ['an import of no CID', `use «"pool.ccl"» as a;\n${when(`${amount} < cu(5)`)}`, 'CCL0544'],
  ['a key of a map twice', when('count({ 1: 5, 2: 6, «1»: 7 }) > 0'), 'CCL0540'],
  [
    'a map by lists',
    rule('input m: map<«list»<int>, int>; rule a: allow when count(m) > 1;'),
    'CCL0541',
  ],
  ['a map by records', `record M { w: int; }\n${when('count({ «M(w: 1)»: 1 }) > 0')}`, 'CCL0541'],
  ['a map of two kinds', when('count({ 1: 5, 2: «"a"» }) > 0'), 'CCL0414'],
  ['a map of nothing', when('count(«{}») > 0'), 'CCL0425'],
  ['a map without its colon', when('count({ 1 «5» }) > 0'), 'CCL0216'],
  ['a key of another type', when('get({ "a": 1 }, «5») == some(1)'), 'CCL0414'],
  ['a list asked as a map', when('has(get(«[1]», 1))'), 'CCL0423'],
  [
    'a type of a map with one part',
    rule('input m: «map»<int>; rule a: allow when count(m) > 1;'),
    'CCL0316',
  ],
  [
    'a field in a record there is none of',
    `record M { w: int; }\n${when('M(«v»: 1).w > 1')}`,
    'CCL0317',
  ],
  [
    'two constants of one name',
    `const a: int = 1; const «a»: int = 2;\n${when(`${amount} < cu(a)`)}`,
    'CCL0318',
  ],
  [
    'two rules of one name',
    rule(`rule a: deny when ${amount} > cu(5); rule «a»: deny when ${amount} > cu(6);`),
    'CCL0318',
  ],
  ['a variable of the name of a parameter', fn('let «n» = 1; return n;'), 'CCL0318'],
  ['an input of the name of a given one', rule('input «caller»: did;'), 'CCL0318'],
  [
    'two fields of one name',
    `record M { w: int; «w»: cu; }\n${rule('input m: M; rule a: allow when m.w > 1;')}`,
    'CCL0318',
  ],
  ['a function there is none of', when(`«div»(${amount}, 2) < cu(5)`), 'CCL0319'],
  [
    'a test of a rule there is none of',
    test('usage.total: cu(0); expect allow by «b»;'),
    'CCL0320',
  ],
  ['a test of a deny that is an allow', test('usage.total: cu(0); expect deny by «a»;'), 'CCL0320'],
  [
    'a test of a policy there is none of',
    `test "t" { policy: «q»; expect allow; }\n${when(`${amount} < cu(5)`)}`,
    'CCL0320',
  ],
  [
    'an input inside a function',
    fn('if «caller» == caller { return 1; } return n;').replace('== caller ', '== "x" '),
    'CCL0321',
  ],
  ['a counter inside a function', fn('return int(«used_within(1h)»);'), 'CCL0321'],
  [
    'a test that gives what nobody asks',
    test('usage.total: cu(0); «request.scope»: "a"; «»expect allow;').replace(
      '«request.scope»: "a"; «»',
      '«requst»: "a"; ',
    ),
    'CCL0322',
  ],
  ['a test of nothing', `test "t" { «expect allow;» }\n${when(`${amount} < cu(5)`)}`, 'CCL0323'],
  [
    'a value without its name in a record',
    `record M { w: int; }\n${when('M(«1»).w > 1')}`,
    'CCL0310',
  ],
  [
    'a type of resource there is none of',
    `policy p for token(«"cpu"») { rule a: allow when ${CALLER}; }`,
    'CCL0404',
  ],

  // governance and budgets
  [
    'a property of a proposal there is none of',
    vote('«quorm»: 50%; threshold: 50%; voting_period: 7d; eligible: role.m;'),
    'CCL0302',
  ],
  [
    'a proposal without a threshold',
    vote('quorum: 50%; voting_period: 7d; eligible: role.m;').replace('proposal p', 'proposal «p»'),
    'CCL0309',
  ],
  [
    'a quorum of nothing',
    vote('quorum: «0%»; threshold: 50%; voting_period: 7d; eligible: role.m;'),
    'CCL0405',
  ],
  [
    'a threshold beyond all votes',
    vote('quorum: 50%; threshold: «101%»; voting_period: 7d; eligible: role.m;'),
    'CCL0405',
  ],
  [
    'a quorum that is a number',
    vote('quorum: «50»; threshold: 50%; voting_period: 7d; eligible: role.m;'),
    'CCL0416',
  ],
  [
    'a role there is none of',
    vote('quorum: 50%; threshold: 50%; voting_period: 7d; eligible: role.«n»;'),
    'CCL0320',
  ],
  [
    'a person where a role belongs',
    vote('quorum: 50%; threshold: 50%; voting_period: 7d; eligible: «anna»;'),
    'CCL0216',
  ],
  [
    'two roles of one name',
    'governance g { role m { can: ["vote"]; } role «m» { can: ["vote"]; } }',
    'CCL0318',
  ],
  ['a word that is no member of governance', 'governance g { «rule» a: allow; }', 'CCL0220'],
  [
    'on approved instead of passed',
    vote('quorum: 50%; threshold: 50%; voting_period: 7d; eligible: role.m; on «approved» { }'),
    'CCL0216',
  ],
  [
    'a policy of another name than votes',
    vote(
      'quorum: 50%; threshold: 50%; voting_period: 7d; eligible: role.m; on passed { adopt_policy(cid: proposal.«polcy_cid»); }',
    ),
    'CCL0317',
  ],
  [
    'parts beyond the whole',
    'budget «b» { pool: cu(5); share s { part: 60%; } share t { part: 50%; } }',
    'CCL0527',
  ],
  [
    'a floor above the cap',
    'budget b { pool: cu(5); share s { part: 60%; cap: cu(1); floor: «cu(2)»; } }',
    'CCL0405',
  ],
  ['a budget without a pool', 'budget «b» { share s { part: 60%; } }', 'CCL0309'],
  ['a budget without shares', 'budget «b» { pool: cu(5); }', 'CCL0309'],
  [
    'a pool of another unit',
    'budget b for token("storage") { pool: «cu(5)»; share s { part: 60%; } }',
    'CCL0416',
  ],
  [
    'two shares of one name',
    'budget b { pool: cu(5); share s { part: 10%; } share «s» { part: 5%; } }',
    'CCL0318',
  ],
  ['a share without its part', 'budget b { pool: cu(5); share «s» { cap: cu(1); } }', 'CCL0309'],
]

export const CORE_MISTAKES = [...NAME_MISTAKES, ...VALUE_MISTAKES]
