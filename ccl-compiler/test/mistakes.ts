/**
 * Texts with one mistake each, and where it is found: code and line:column. `mistakes.test.ts` asks
 * that each gives exactly that one error.
 */
const CID = 'bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze'

const ARGS = [
  `wasm_cid: "${CID}"`,
  'description: "Data processing task"',
  'resource_type: "compute"',
  'resource_amount: 1000',
  'priority: "medium"',
]

/** The S1 program; its arguments stand on lines 3 to 7, from column 5. */
export const program = (args: readonly string[] = ARGS) =>
  `execution {\n  submit_job(\n    ${args.join(',\n    ')}\n  );\n}\n`

/** Its call, to be repeated. */
export const CALL = / {2}submit_job[\s\S]*;\n/

/** The S1 program with the argument of that index written otherwise. */
const withArg = (index: number, written: string) => program(ARGS.with(index, written))

/** Blocks before a whole program: their mistakes are on line 1. */
const before = (text: string) => `${text}\n${program()}`

export type Mistake = [what: string, text: string, code: string, at: string]

export const MISTAKES: readonly Mistake[] = [
  // characters
  ['a character the language does not have', before('title: "a" §;'), 'CCL0101', '1:12'],
  ['a foreign word', before('größte: 5;'), 'CCL0101', '1:3'],
  ['a text without its end', withArg(1, 'description: "Data'), 'CCL0102', '4:18'],
  ['a text without its beginning', withArg(1, 'description: Data task"'), 'CCL0102', '4:27'],
  ['a text that ends in a typographic quote', before('title: "a”;'), 'CCL0102', '1:8'],
  ['typographic quotes', withArg(4, 'priority: “medium”'), 'CCL0103', '7:15'],
  ['German quotes', withArg(1, 'description: „Daten“'), 'CCL0103', '4:18'],
  ['single quotes', withArg(4, "priority: 'medium'"), 'CCL0104', '7:15'],
  ['an unknown escape', before('title: "a\\qb";'), 'CCL0105', '1:10'],
  ['a surrogate as an escape', before('title: "\\u{D800}";'), 'CCL0105', '1:9'],
  ['a comment without its end', `${program()}/* the end`, 'CCL0106', '10:1'],
  ['a no-break space', before('title:\u00a0"a";'), 'CCL0107', '1:7'],
  ['a typographic minus', before('resources { compute: −5; }'), 'CCL0108', '1:22'],
  ['a decimal comma', before('selection { weights { price: 0,4; } }'), 'CCL0109', '1:30'],
  ['a decimal comma in a call', withArg(3, 'resource_amount: 1,000'), 'CCL0109', '6:22'],
  ['a number with a word behind it', before('job { deadline: 10mins; }'), 'CCL0110', '1:17'],
  ['a number with two points', before('version: 1.2.3'), 'CCL0110', '1:10'],
  ['half a character', before('title: "\ud800";'), 'CCL0111', '1:9'],

  // structure
  ['a brace never closed', program().replace(/\}\n$/, ''), 'CCL0201', '1:11'],
  ['a parenthesis never closed', program().replace('  );', '  ;'), 'CCL0201', '2:13'],
  ['an inner brace never closed', before('job {\n  requirements {\n}'), 'CCL0201', '2:16'],
  ['a bracket never closed', withArg(4, 'args: ["a", "b"'), 'CCL0201', '7:11'],
  ['a brace too many', `${program()}}\n`, 'CCL0202', '10:1'],
  ['a parenthesis too many', program().replace(');', '));'), 'CCL0202', '8:4'],
  ['no semicolon after a call', program().replace(');', ')'), 'CCL0204', '8:4'],
  ['a comma after a call', program().replace(');', '),'), 'CCL0204', '8:4'],
  ['no colon in a call', withArg(2, 'resource_type "compute"'), 'CCL0205', '5:19'],
  ['no colon before a name', before('title Votes: 5;'), 'CCL0205', '1:7'],
  ['a key alone', before('title;'), 'CCL0205', '1:6'],
  ['a key alone on its line', before('title'), 'CCL0205', '1:6'],
  ['no comma in a call', program().replace('task",', 'task"'), 'CCL0206', '4:40'],
  ['a semicolon in a call', program().replace('1000,', '1000;'), 'CCL0206', '6:26'],
  ['no comma in a list', withArg(4, `${ARGS[4]}, args: ["a" "b"]`), 'CCL0206', '7:36'],
  ['no value in a call', withArg(2, 'resource_type:'), 'CCL0207', '5:19'],
  ['no value before the next pair', before('title:\nversion: "1";'), 'CCL0207', '1:7'],
  ['no value at all', before('title: ;'), 'CCL0207', '1:8'],
  ['a stray semicolon', before('title: "a";;'), 'CCL0208', '1:12'],
  ['a stray number', before('5;'), 'CCL0208', '1:1'],
  ['a stray word in a call', withArg(4, `${ARGS[4]},, args: []`), 'CCL0208', '7:24'],
  ['a quoted key', before('"title": "a";'), 'CCL0208', '1:1'],
  ['an equals sign', before('title = "a";'), 'CCL0209', '1:7'],
  ['an equals sign in a call', withArg(4, 'priority = "medium"'), 'CCL0209', '7:14'],
  ['two pairs on one line', before('title: "a" version: "1";'), 'CCL0210', '1:12'],
  ['nothing', '', 'CCL0211', '1:1'],
  ['only a comment', '// nothing yet\n', 'CCL0211', '1:1'],
  ['nesting without end', '{'.repeat(10_000), 'CCL0213', '1:257'],

  // names
  ['a misspelled kind', before('resuorces { compute: 1000; }'), 'CCL0301', '1:1'],
  ['an unknown kind', before('weather { }'), 'CCL0301', '1:1'],
  ['a misspelled property', before('resources { comptue: 1000; }'), 'CCL0302', '1:13'],
  ['a misspelled title', before('titel: "a";'), 'CCL0302', '1:1'],
  ['a misspelled function', program().replace('submit_job', 'submitjob'), 'CCL0303', '2:3'],
  ['an unknown function', program().replace('submit_job', 'destroy'), 'CCL0303', '2:3'],
  ['a misspelled argument', withArg(3, 'resource_ammount: 1000'), 'CCL0304', '6:5'],
  ['an unknown argument', withArg(4, `${ARGS[4]}, colour: "red"`), 'CCL0304', '7:25'],
  ['a property in the wrong block', before('job { min_memory: 5; }'), 'CCL0305', '1:7'],
  ['a block in the wrong block', before('requirements { }'), 'CCL0305', '1:1'],
  ['a call outside', before('log("a");'), 'CCL0305', '1:1'],
  ['a property twice', before('title: "a";\ntitle: "b";'), 'CCL0306', '2:1'],
  ['a block twice', before('job { }\njob { }'), 'CCL0307', '2:1'],
  ['an argument twice', withArg(4, `${ARGS[4]}, priority: "low"`), 'CCL0308', '7:25'],
  [
    'an input twice',
    withArg(4, `${ARGS[4]}, inputs: { a: "${CID}", a: "${CID}" }`),
    'CCL0308',
    '7:101',
  ],
  ['an argument left out', program(ARGS.toSpliced(1, 1)), 'CCL0309', '2:3'],
  ['two arguments left out', program(ARGS.slice(2)), 'CCL0309', '2:3'],
  ['an argument without its name', withArg(0, `"${CID}"`), 'CCL0310', '3:5'],
  ['a name where none belongs', before('results final { }'), 'CCL0311', '1:9'],
  ['a block where a value belongs', before('title { }'), 'CCL0312', '1:1'],
  ['a value where a block belongs', before('resources: 1000;'), 'CCL0313', '1:1'],

  // values
  ['a text where a number belongs', withArg(3, 'resource_amount: "1000"'), 'CCL0401', '6:22'],
  ['a number where a text belongs', withArg(1, 'description: 5'), 'CCL0401', '4:18'],
  ['a decimal amount', withArg(3, 'resource_amount: 10.5'), 'CCL0401', '6:22'],
  ['a bare word', withArg(4, 'priority: medium'), 'CCL0401', '7:15'],
  ['a list where a text belongs', before('title: ["a"];'), 'CCL0401', '1:8'],
  ['a text where a list belongs', withArg(4, `${ARGS[4]}, args: "a"`), 'CCL0401', '7:31'],
  ['a malformed CID', withArg(0, 'wasm_cid: "bafyhello"'), 'CCL0402', '3:15'],
  ['an empty CID', withArg(0, 'wasm_cid: ""'), 'CCL0402', '3:15'],
  [
    'a CID of the old form',
    withArg(0, 'wasm_cid: "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"'),
    'CCL0402',
    '3:15',
  ],
  [
    'the CID of a record',
    withArg(0, 'wasm_cid: "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"'),
    'CCL0402',
    '3:15',
  ],
  ['a broken DID', before('author: "did:key:z6Mkhello";'), 'CCL0403', '1:9'],
  ['a priority there is none of', withArg(4, 'priority: "meduim"'), 'CCL0404', '7:15'],
  ['a resource there is none of', withArg(2, 'resource_type: "gpu"'), 'CCL0404', '5:20'],
  ['a negative amount', withArg(3, 'resource_amount: -5'), 'CCL0405', '6:22'],
  ['an amount of nothing', withArg(3, 'resource_amount: 0'), 'CCL0405', '6:22'],
  [
    'more reputation than there is',
    before('job { node_preferences { reputation_min: 101; } }'),
    'CCL0405',
    '1:42',
  ],
  [
    'a share above one',
    before('results { verification { federation_quorum: 1.5; } }'),
    'CCL0405',
    '1:45',
  ],
  ['a number too large', withArg(3, 'resource_amount: 9007199254740992'), 'CCL0406', '6:22'],
  ['a text too long', withArg(1, `description: "${'x'.repeat(1025)}"`), 'CCL0407', '4:18'],
  ['a scope that is none', before('resources { scope: "Coop Farm"; }'), 'CCL0408', '1:20'],
  [
    'a path as a file name',
    withArg(4, `${ARGS[4]}, inputs: { "a/b": "${CID}" }`),
    'CCL0409',
    '7:35',
  ],
  ['a duration without its unit', before('job { deadline: 10; }'), 'CCL0410', '1:17'],
  [
    'a share too fine',
    before('results { verification { federation_quorum: 0.1234567; } }'),
    'CCL0411',
    '1:45',
  ],
  [
    'too many arguments',
    withArg(4, `${ARGS[4]}, args: [${'"a",'.repeat(257)}]`),
    'CCL0412',
    '7:31',
  ],
  ['a byte order mark in a text', withArg(1, 'description: "\\u{FEFF}a"'), 'CCL0413', '4:18'],

  // meaning
  [
    'weights that are too little',
    before('selection { weights { price: 0.4; reputation: 0.5; } }'),
    'CCL0501',
    '1:13',
  ],
  ['a job beyond its resources', before('resources { compute: 999; }'), 'CCL0502', '7:22'],
  ['a resource that is not granted', before('resources { storage: 5000; }'), 'CCL0502', '7:22'],
  ['two priorities for one job', before('job { priority: "low"; }'), 'CCL0503', '8:15'],
  ['two scopes', before('resources { scope: "a"; }  job { scope: "b"; }'), 'CCL0503', '1:34'],

  [
    'more jobs than one document may submit',
    program().replace(CALL, (call) => call.repeat(257)),
    'CCL0506',
    '1794:3',
  ],
  [
    'a job larger than a record',
    withArg(4, `${ARGS[4]}, args: [${`"${'x'.repeat(4096)}",`.repeat(64)}]`),
    'CCL0507',
    '2:3',
  ],

  // not compiled by this version
  ['a sum in a title', before('title: 500 + 500;'), 'CCL0601', '1:8'],
]
