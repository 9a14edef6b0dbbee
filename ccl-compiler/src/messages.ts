/**
 * Every sentence the compiler says about a text, in one place. A code is stable: its meaning never
 * changes and it is never used again. The hundreds say the class: 01 characters, 02 structure,
 * 03 names, 04 values, 05 meaning, 06 what this version does not compile, 07 advice.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { COMMUNITY_MESSAGES } from './messages-community.ts'
import { say } from './wording.ts'

/** `a`, `b` and `c` */
export function listWords(words: readonly string[], and = 'and'): string {
  const quoted = words.map((word) => `\`${word}\``)
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} ${and} ${quoted.at(-1)}`
}

const meant = (near: string | undefined, otherwise: string) =>
  near === undefined ? otherwise : `did you mean \`${near}\`?`

/** A key in backticks; a place that has no key as it is. */
const at = (key: string) => (key.includes(' ') ? key : `\`${key}\``)

const oneOf = (known: readonly string[], none: string) =>
  known.length === 0 ? none : `known here: ${listWords(known)}`

const codePoint = (character: string) =>
  `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`

export const MESSAGES = {
  // characters
  CCL0101: (shown: string, character: string) =>
    say(`unexpected character ${shown} (${codePoint(character)})`, 'remove it'),
  CCL0102: (quote: string | undefined, endsText: boolean) => {
    if (endsText) return say('this `"` ends a text that never began', 'put a `"` before it too')
    return say(
      'this text has no closing `"` on its line',
      quote === undefined
        ? 'end it with `"`; a line break inside a text is written `\\n`'
        : `end it with a plain \`"\` instead of \`${quote}\``,
    )
  },
  CCL0103: (quote: string, repaired: string) =>
    say(`\`${quote}\` (${codePoint(quote)}) is not a CCL quote`, `write ${repaired}`),
  CCL0104: (repaired: string) => say('a text stands in double quotes', `write ${repaired}`),
  CCL0105: (written: string) =>
    say(
      `\`${written}\` is not an escape in a text`,
      'known are `\\"`, `\\\\`, `\\n`, `\\r`, `\\t` and `\\u{1F33E}`; a backslash itself is `\\\\`',
    ),
  CCL0106: () => say('this comment is never closed', 'end it with `*/`'),
  CCL0107: (character: string) =>
    say(`an unusual space (${codePoint(character)}) stands here`, 'replace it by a plain space'),
  CCL0108: (dash: string) =>
    say(`\`${dash}\` (${codePoint(dash)}) is not a minus sign`, 'write a plain `-`'),
  CCL0109: (written: string) => {
    const thousands = /^\d{1,3},\d{3}$/.test(written)
    const whole = thousands ? ` or, for thousands, \`${written.replace(',', '_')}\`` : ''
    return say(`\`${written}\` has a comma`, `write \`${written.replace(',', '.')}\`${whole}`)
  },
  CCL0110: (written: string, hint: string) => say(`\`${written}\` is not a number`, hint),
  CCL0111: () =>
    say('half a character (a lone surrogate) stands here', 'save the file as UTF-8 and try again'),
  CCL0112: (written: string) =>
    say(
      `\`${written}\` is no parameter`,
      'a parameter is a name in braces, such as `$' + '{BUDGET}`',
    ),

  // structure
  CCL0201: (bracket: string, closer: string, before: string) =>
    say(`\`${bracket}\` is never closed`, `add \`${closer}\` before ${before}`),
  CCL0202: (bracket: string) => say(`\`${bracket}\` closes nothing`, 'remove it'),
  CCL0204: (action: string, found: string) =>
    say(`expected \`;\` after \`${action}(…)\`, found ${found}`, 'end the call with `;`'),
  CCL0205: (key: string, found: string) =>
    say(`expected \`:\` after \`${key}\`, found ${found}`, `write \`${key}: …\``),
  CCL0206: (what: string, found: string) =>
    say(`expected \`,\` between ${what}, found ${found}`, 'put a `,` here'),
  CCL0207: (key: string, found: string) =>
    say(`expected a value for \`${key}\`, found ${found}`, `write \`${key}: …\` with a value`),
  CCL0208: (found: string, expected: string) =>
    say(`expected ${expected}, found ${found}`, 'remove it, or complete what it belongs to'),
  CCL0209: (key: string) =>
    say(`\`${key}\` is set with \`=\``, `write \`:\` instead: \`${key}: …\``),
  CCL0210: (found: string) =>
    say(
      `expected \`;\` or the end of the line, found ${found}`,
      'end the pair before it with `;`, or begin a new line',
    ),
  CCL0211: () =>
    say('there is nothing in this file', 'a smallest program: `execution { submit_job(…); }`'),
  CCL0212: (bytes: number) =>
    say(
      `the text has ${bytes} bytes, at most ${LIMITS.cclSourceBytesMax} are read`,
      'split it, or give big lists as files by their CID',
    ),
  CCL0213: () =>
    say(`nested deeper than ${LIMITS.cclNestingMax}`, 'flatten the blocks or lists around this'),
  CCL0214: (shown: number) =>
    say(`more mistakes than the ${shown} shown`, 'mend these first and check again'),
  CCL0215: (after: string, found: string) =>
    say(`expected \`;\` after ${after}, found ${found}`, 'end it with `;`'),
  CCL0216: (expected: string, found: string, help?: string) =>
    say(`expected ${expected}, found ${found}`, help ?? 'write what is expected, or remove this'),
  CCL0217: (sign: string, word: string) =>
    say(`\`${sign}\` is no word of CCL`, `write \`${word}\``),
  CCL0218: () => say('`=` compares nothing', 'equality is written `==`'),
  CCL0219: () => say('comparisons do not chain', 'join two of them with `and`: `a < b and b < c`'),
  CCL0220: (word: string, what: string, near: string | undefined, known: readonly string[]) =>
    say(`\`${word}\` does not stand in a ${what}`, meant(near, oneOf(known, ''))),

  // names
  CCL0301: (kind: string, near: string | undefined, known: readonly string[]) =>
    say(`unknown kind of block \`${kind}\``, meant(near, oneOf(known, 'no block stands here'))),
  CCL0302: (key: string, where: string, near: string | undefined, known: readonly string[]) =>
    say(
      `unknown property \`${key}\` in ${where}`,
      meant(near, oneOf(known, `nothing is set in ${where}`)),
    ),
  CCL0303: (action: string, near: string | undefined, known: readonly string[]) =>
    say(`unknown function \`${action}\``, meant(near, oneOf(known, ''))),
  CCL0304: (argument: string, action: string, near: string | undefined, known: readonly string[]) =>
    say(`\`${action}\` takes no argument \`${argument}\``, meant(near, oneOf(known, ''))),
  CCL0305: (what: string, where: string, home: string) =>
    say(`\`${what}\` does not stand in ${where}`, `move it into ${home}`),
  CCL0306: (key: string, where: string) =>
    say(`\`${key}\` is set twice in ${where}`, 'keep one of the two'),
  CCL0307: (kind: string, where: string) =>
    say(`a second \`${kind}\` in ${where}`, 'put both into one block'),
  CCL0308: (argument: string, where: string) =>
    say(`\`${argument}\` is given twice in ${where}`, 'keep one of the two'),
  CCL0309: (action: string, missing: readonly string[]) =>
    say(
      `\`${action}\` lacks ${listWords(missing)}`,
      `add ${missing.map((m) => `\`${m}: …\``).join(', ')}`,
    ),
  CCL0310: (action: string, next: string) =>
    say(`the arguments of \`${action}\` have names`, `write \`${next}: …\``),
  CCL0311: (kind: string) => say(`\`${kind}\` takes no name`, 'remove the name'),
  CCL0312: (key: string) => say(`\`${key}\` is one value, not a block`, `write \`${key}: …;\``),
  CCL0313: (kind: string) =>
    say(`\`${kind}\` is a block, not one value`, `write \`${kind} { … }\``),
  CCL0314: (word: string, what: string) =>
    say(`\`${word}\` is a word of the language`, `choose another name for ${what}`),
  CCL0315: (name: string, near: string | undefined) =>
    say(
      `nothing is called \`${name}\` here`,
      meant(near, 'declare it: `const`, `input`, `let` or `people`; a text stands in quotes'),
    ),
  CCL0316: (name: string, near: string | undefined, known: readonly string[]) =>
    say(`there is no type \`${name}\``, meant(near, oneOf(known, ''))),
  CCL0317: (field: string, of: string, near: string | undefined, known: readonly string[]) =>
    say(`${of} has no \`${field}\``, meant(near, oneOf(known, 'it has no fields'))),
  CCL0318: (name: string, what: string) =>
    say(`a second ${what} is called \`${name}\``, 'rename one of the two'),
  CCL0319: (name: string, near: string | undefined) =>
    say(`there is no function \`${name}\``, meant(near, 'declare it with `fn`')),
  CCL0320: (name: string, what: string, near: string | undefined, known: readonly string[]) =>
    say(`there is no ${what} \`${name}\``, meant(near, oneOf(known, `declare the ${what}`))),
  CCL0321: (name: string) =>
    say(
      `a function cannot ask for \`${name}\``,
      'make it a parameter, and give it in the rule that calls',
    ),
  CCL0322: (path: string, subject: string, near: string | undefined, known: readonly string[]) =>
    say(`\`${subject}\` never asks for \`${path}\``, meant(near, oneOf(known, 'remove it'))),
  CCL0323: () =>
    say('this test names no policy or selection', 'add `policy: name;` or `selection: name;`'),

  // values
  CCL0401: (key: string, expected: string, found: string, help: string) =>
    say(`\`${key}\` takes ${expected}, found ${found}`, help),
  CCL0402: (key: string, why: string, help: string) =>
    say(`${at(key)} takes the CID of a file: ${why}`, help),
  CCL0403: (key: string, why: string) =>
    say(`${at(key)} holds a broken DID: ${why}`, 'copy the whole `did:key:z…` of an Ed25519 key'),
  CCL0404: (key: string, found: string, near: string | undefined, known: readonly string[]) =>
    say(`\`${key}\` cannot be ${found}`, meant(near, `one of ${listWords(known, 'or')}`)),
  CCL0405: (key: string, expected: string, found: string) =>
    say(`\`${key}\` takes ${expected}, found ${found}`, 'write a number within that range'),
  CCL0406: (key: string) =>
    say(
      `the number for \`${key}\` is too large`,
      `numbers go up to ${LIMITS.amountMax} (2^53 - 1)`,
    ),
  CCL0407: (key: string, bytes: number, bytesMax: number) => {
    const what = key.includes(' ') ? key : `the text for ${at(key)}`
    return say(`${what} has ${bytes} bytes, at most ${bytesMax}`, 'shorten it')
  },
  CCL0408: (key: string, found: string) =>
    say(
      `\`${key}\` takes the name of a scope, found ${found}`,
      'lower case letters, digits and `. : _ / -`, beginning with a letter or digit',
    ),
  CCL0409: (name: string, where: string) =>
    say(
      `\`${name}\` in ${where} is not a file name`,
      'a name has no `/`, no control characters, and is neither empty, `.` nor `..`',
    ),
  CCL0410: (key: string, found: string) =>
    say(`\`${key}\` takes a duration, found ${found}`, 'write `10min`; units: ms, s, min, h, d, w'),
  CCL0411: (key: string) =>
    say(`\`${key}\` has more than six decimals`, 'shares are exact in millionths: `0.333333`'),
  CCL0412: (key: string, count: number, countMax: number) =>
    say(`${at(key)} has ${count} entries, at most ${countMax}`, 'leave some out'),
  CCL0413: (key: string) =>
    say(
      `the text for \`${key}\` begins with an invisible byte order mark (U+FEFF)`,
      'remove what stands before its first letter',
    ),
  CCL0414: (expected: string, found: string, help: string) =>
    say(`expected ${expected}, found ${found}`, help),
  CCL0415: (op: string, left: string, right: string, help: string) =>
    say(`\`${op}\` does not take ${left} and ${right}`, help),
  CCL0416: (left: string, right: string) =>
    say(
      `${left} and ${right} are different units`,
      `convert one of them, for example \`${left === 'int' ? right : left}(…)\``,
    ),
  CCL0417: (sign: string) =>
    say(
      `there is no \`${sign}\`: a division says how it rounds`,
      'write `div_down(a, b)`, `div_up(a, b)` or `div_even(a, b)`',
    ),
  CCL0418: (fn: string, wanted: number, given: number) =>
    say(
      `\`${fn}\` takes ${wanted} ${wanted === 1 ? 'value' : 'values'}, found ${given}`,
      given < wanted ? 'add what is missing' : 'remove what is too much',
    ),
  CCL0419: (type: string) =>
    say(
      `this may be none: it is an \`${type}\``,
      'say what holds then: `… otherwise 0`, or ask `has(…)`',
    ),
  CCL0420: (what: string) =>
    say(
      `${what} is beyond the whole numbers of 64 bits`,
      'numbers go from -9223372036854775808 to 9223372036854775807',
    ),
  CCL0421: (why: string) => say(`this always ends in an error: ${why}`, 'change the numbers'),
  CCL0422: (record: string, missing: readonly string[]) =>
    say(
      `\`${record}\` lacks ${listWords(missing)}`,
      `add ${missing.map((m) => `\`${m}: …\``).join(', ')}`,
    ),
  CCL0423: (fn: string, expected: string, found: string, form: string) =>
    say(`\`${fn}\` takes ${expected}, found ${found}`, `it is used like this: \`${form}\``),
  CCL0424: (what: string) =>
    say(`${what} must be known before the program runs`, 'write the value, or name a constant'),
  CCL0425: (what: string) =>
    say(`of which type is this ${what}?`, 'say it: `const name: list<did> = …`'),
  CCL0426: (type: string) =>
    say(`values of type \`${type}\` are not compared`, 'compare their fields, or use `has(…)`'),

  // meaning
  CCL0501: (sum: string) =>
    say(`the weights sum to ${sum}, not to 1`, 'change them until they sum to exactly 1'),
  CCL0502: (type: string, asked: number, granted: number) =>
    say(
      `the job asks ${asked} ${type}, but \`resources\` grants ${granted}`,
      'ask for less, or raise `resources`',
    ),
  CCL0503: (key: string, one: string, other: string) =>
    say(`\`${key}\` is ${one} here but ${other} there`, 'make the two the same, or remove one'),
  CCL0504: () =>
    say('this document submits no job', 'a job is submitted by `execution { submit_job(…); }`'),
  CCL0505: (asked: number, most: number) =>
    say(
      `no mesh runs a compute job of ${asked}: the most is ${most}`,
      'split the job, or ask for less',
    ),
  CCL0506: () =>
    say(
      `more than ${LIMITS.requestsMax} jobs in one document`,
      'submit the others with another document',
    ),
  CCL0507: (bytes: number) =>
    say(
      `this job has ${bytes} bytes, at most ${LIMITS.recordBytesMax}`,
      'give long arguments as a file under `inputs`',
    ),
  CCL0508: (rule: string) =>
    say(`rule \`${rule}\` can never fire: its condition is always false`, 'change or remove it'),
  CCL0509: (rule: string, other: string) =>
    say(
      `rule \`${rule}\` adds nothing: \`${other}\` already fires whenever it does`,
      'remove one of the two',
    ),
  CCL0510: (rule: string, other: string) =>
    say(
      `rules \`${rule}\` and \`${other}\` contradict each other: same condition, other effect`,
      'a deny always wins; remove the one that is not meant',
    ),
  CCL0511: (cycle: readonly string[]) =>
    say(
      `this defines itself: ${cycle.map((name) => `\`${name}\``).join(' → ')}`,
      'every program ends: use a list and `for … limit` instead of recursion',
    ),
  CCL0512: () => say('this loop has no limit', 'say how often at most: `for x in list limit 100`'),
  CCL0513: (fn: string) =>
    say(`not every way through \`${fn}\` returns a value`, 'end it with `return …;`'),
  CCL0514: (what: string, steps: number) =>
    say(
      `${what} may take ${steps.toPrecision(3)} steps, at most ${LIMITS.cclStepsMax} are allowed`,
      'lower a `limit`, or do not nest loops',
    ),
  CCL0515: () => say('nothing after `return` is ever reached', 'remove it'),
  CCL0516: (name: string) =>
    say(`\`${name}\` cannot be changed`, 'only what `let` made can; choose another name'),
  CCL0517: (test: string) =>
    say(`the test "${test}" expects nothing`, 'add `expect allow;`, `expect deny by rule;` …'),
  CCL0518: (name: string, what: string) =>
    say(`the ${what} \`${name}\` is never used`, 'use it or remove it'),
  CCL0519: (name: string) =>
    say(`selection \`${name}\` has no score`, 'add `score: bid.price;`, or `weights { … }`'),
  CCL0520: (name: string) =>
    say(`policy \`${name}\` allows nothing`, 'add `rule name: allow when …;`'),
  CCL0521: (path: string, subject: string) =>
    say(`\`${subject}\` needs \`${path}\`, which this test does not give`, `add \`${path}: …;\``),
  CCL0522: (what: string, most: number) =>
    say(`more than ${most} ${what}`, 'split the text, or leave some out'),
  CCL0523: () =>
    say(
      `a limit is a whole number from 1 to ${LIMITS.cclListMax}`,
      `lists have at most ${LIMITS.cclListMax} entries`,
    ),
  CCL0524: (test: string) =>
    say(`a second test is called "${test}"`, 'a report could not tell them apart: rename one'),
  CCL0525: (action: string) =>
    say(
      `\`${action}\` asks for something, which only \`on allow\` and \`on deny\` do`,
      'move it into `on allow { … }` of a policy',
    ),
  CCL0526: () => say('`on allow` and `on deny` return nothing', 'remove the `return`'),
  CCL0527: (sum: string) =>
    say(`the parts of the shares sum to ${sum}`, 'together they are at most 100%'),
  ...COMMUNITY_MESSAGES,
  CCL0540: (key: string) =>
    say(`the key \`${key}\` stands twice in this map`, 'keep one of the two'),
  CCL0542: (cid: string) =>
    say(`the text ${cid} is not here`, 'put the file beside this one: it is found by its CID'),
  CCL0543: (why: string) =>
    say(`the imported text cannot be used: ${why}`, 'import a text that compiles by itself'),
  CCL0544: (name: string) =>
    say(`"${name}" names no text`, 'a text is named by the CID of its bytes: `use "bafk…" as a;`'),
  CCL0541: (type: string) =>
    say(`\`${type}\` cannot be the key of a map`, 'keys are numbers, words or conditions'),

  // advice of `lint`
  CCL0701: (rule: string) =>
    say(`rule \`${rule}\` gives no reason`, 'add `because "…"`: whoever is refused reads it'),
  CCL0702: (rule: string, missing: string) =>
    say(`no test sees rule \`${rule}\` ${missing}`, 'add a `case` to a test'),

  // not compiled by this version
  CCL0601: (construct: string) =>
    say(
      `${construct} is not compiled by this version`,
      'leave it out: nothing is silently ignored',
    ),
  CCL0603: (sign: string) =>
    say(
      `this is a program of another language of the same name (\`${shown(sign)}\`)`,
      'CCL has policies, documents and tests, no contracts: see docs/ccl/tutorial.md',
    ),
  CCL0604: (name: string) =>
    say(
      `the parameter \`\${${name}}\` has no value`,
      'give a file of values: `--values FILE` with a line `NAME: value` for each',
    ),
} as const

export type DiagnosticCode = keyof typeof MESSAGES

/** Codes that do not stop a build. All others are errors. */
export const WARNINGS: ReadonlySet<DiagnosticCode> = new Set([
  'CCL0504',
  'CCL0505',
  'CCL0518',
  'CCL0520',
  'CCL0701',
  'CCL0702',
])

const SHOWN_MAX = 40

/** A piece of the text for use in a sentence: short, on one line, without control characters. */
export function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
  const points = [...clean.slice(0, 2 * SHOWN_MAX + 2)]
  return points.length > SHOWN_MAX ? `${points.slice(0, SHOWN_MAX).join('')}…` : clean
}
