/** Fifteen CCL texts with one mistake each, and where it stands: `line:column`, counted from 1. */

export const CID_TEXT = 'bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze'

/** The program of S1, comment included; a mistake is made by writing part of it otherwise. */
export const S1_PROGRAM = `execution {
  // Submit a computation job
  submit_job(
    wasm_cid: "${CID_TEXT}",
    description: "Data processing task",
    resource_type: "compute",
    resource_amount: 1000,
    priority: "medium"
  );
}
`

const written = (part: string, otherwise: string): string => {
  if (!S1_PROGRAM.includes(part)) throw new TypeError(`no '${part}' in the program`)
  return S1_PROGRAM.replace(part, otherwise)
}
const before = (text: string) => `${text}\n${S1_PROGRAM}`

/** `marked` is the text over the carets; empty where something is missing between two words. */
export type WrongText = { what: string; text: string; at: string; marked: string }

export const WRONG_TEXTS: readonly WrongText[] = [
  {
    what: 'an unknown function',
    text: written('submit_job(', 'submit_jbo('),
    at: '3:3',
    marked: 'submit_jbo',
  },
  {
    what: 'an unknown kind of block',
    text: before('resuorces { compute: 1; }'),
    at: '1:1',
    marked: 'resuorces',
  },
  {
    what: 'an unknown property',
    text: before('resources { comptue: 1000; }'),
    at: '1:13',
    marked: 'comptue',
  },
  {
    what: 'an unknown argument',
    text: written('description:', 'descripton:'),
    at: '5:5',
    marked: 'descripton',
  },
  {
    what: 'a text where a number belongs',
    text: written('1000', '"1000"'),
    at: '7:22',
    marked: '"1000"',
  },
  {
    what: 'a number where a text belongs',
    text: written('"medium"', '5'),
    at: '8:15',
    marked: '5',
  },
  {
    what: 'a CID that is none',
    text: written(CID_TEXT, 'bafyhello'),
    at: '4:15',
    marked: '"bafyhello"',
  },
  {
    what: 'no semicolon after the call',
    text: written('  );', '  )'),
    at: '9:4',
    marked: '',
  },
  {
    what: 'no comma between two arguments',
    text: written('task",', 'task"'),
    at: '5:40',
    marked: '',
  },
  {
    what: 'no colon in an argument',
    text: written('resource_type: ', 'resource_type '),
    at: '6:19',
    marked: '"compute"',
  },
  {
    what: 'a brace that is never closed',
    text: S1_PROGRAM.replace(/\}\n$/, ''),
    at: '1:11',
    marked: '{',
  },
  {
    what: 'a priority there is none of',
    text: written('"medium"', '"meduim"'),
    at: '8:15',
    marked: '"meduim"',
  },
  {
    what: 'a resource there is none of',
    text: written('"compute"', '"gpu"'),
    at: '6:20',
    marked: '"gpu"',
  },
  {
    what: 'an argument given twice',
    text: written('"medium"', '"medium",\n    priority: "low"'),
    at: '9:5',
    marked: 'priority',
  },
  {
    what: 'an argument left out',
    text: written('    priority: "medium"\n', '').replace('1000,', '1000'),
    at: '3:3',
    marked: 'submit_job',
  },
  {
    what: 'a negative amount',
    text: written('1000', '-5'),
    at: '7:22',
    marked: '-5',
  },
]
