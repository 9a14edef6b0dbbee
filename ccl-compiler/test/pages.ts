/**
 * The pages of docs/ccl that are made from tables: one for each code of a diagnostic, with a text
 * that shows it, and the reference of kinds, properties, actions, types and functions.
 */
import { check, compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { ACTIONS } from '../src/actions.ts'
import { COMMUNITY, FUNCTIONS, HANDLED, OPEN_KINDS } from '../src/community/words.ts'
import { ASKED } from '../src/core/asked-actions.ts'
import { BUILTINS } from '../src/core/builtins.ts'
import { OFFERED } from '../src/core/imports.ts'
import {
  BUDGET_INPUTS,
  type Known,
  POLICY_INPUTS,
  PROPOSAL_INPUTS,
  SELECTION_INPUTS,
} from '../src/core/inputs.ts'
import { NUMBERS, typeName, WORDS } from '../src/ir/ir.ts'
import { DOCUMENT, type Kind } from '../src/kinds.ts'
import { MESSAGES, WARNINGS } from '../src/messages.ts'
import type { Type } from '../src/types.ts'
import { COMMUNITY_MISTAKES } from './community-mistakes.ts'
import { CORE_MISTAKES } from './core-mistakes.ts'
import { unmark } from './marked.ts'
import { MISTAKES, program } from './mistakes.ts'

const MADE = 'Made from the tables of `ccl-compiler/` by `ccl-compiler/test/make-pages.ts`.'
const CLASSES: Record<string, string> = {
  '01': 'Characters and words',
  '02': 'Structure',
  '03': 'Names',
  '04': 'Values, types and units',
  '05': 'Meaning',
  '06': 'Not of this language, or not complete',
  '07': 'Advice of `lint`',
}
const POLICY = 'policy p { rule a: allow when request.amount < cu(5); }'

/** Texts for codes that no single mistake of the tests shows. */
const MORE: Record<string, string> = {
  CCL0504: 'title: "a";\n',
  CCL0505: program().replace('1000', '20_000'),
  CCL0518: `const a: int = 5;\n${POLICY}\n`,
  CCL0520: 'policy p { rule a: deny when request.amount > cu(5) because "too much"; }\n',
  CCL0701: `${POLICY}\n`,
  CCL0702: 'policy p { rule a: allow when request.amount < cu(5) because "little"; }\n',
}
/** Codes about the size of a text; an example would be as long. */
const LONG: Record<string, string> = {
  CCL0212: 'A text is at most 1 MiB long.',
  CCL0213: 'Brackets, expressions and types nest at most 256 deep.',
  CCL0506: 'A document submits at most 256 jobs.',
  CCL0507: 'A job, with its arguments, is at most 256 KiB.',
  CCL0543: 'A text that is imported with `use` compiles by itself, and imports nothing.',
  CCL0214: 'After 100 mistakes the others are counted, not shown.',
}
const EXAMPLE_MAX = 2000

const codes = () => Object.keys(MESSAGES).sort() as (keyof typeof MESSAGES)[]

/** A short text with that mistake, and what is said about it. */
function exampleOf(code: string): { text: string; said: string } | null {
  const texts = [
    ...(MORE[code] === undefined ? [] : [MORE[code]]),
    ...MISTAKES.filter(([, , of]) => of === code).map(([, text]) => text),
    ...[...CORE_MISTAKES, ...COMMUNITY_MISTAKES]
      .filter(([, , of]) => of === code)
      .map(([, marked]) => unmark(marked).text),
  ].filter((text) => text.length <= EXAMPLE_MAX && text !== '')
  for (const text of texts.toSorted((a, b) => a.length - b.length)) {
    // what has no value is said only when something is to be built
    const read = code === 'CCL0604' ? compile : check
    const { diagnostics } = read(text, { file: 'example.ccl', lint: true })
    const found = diagnostics.filter((diagnostic) => diagnostic.code === code)
    if (found.length > 0) {
      const said = formatDiagnostics(found.slice(0, 1), text)
      return { text: text.toWellFormed(), said: said.toWellFormed() }
    }
  }
  return null
}

function errorPage(code: keyof typeof MESSAGES): string {
  const kind = WARNINGS.has(code) ? 'A warning: the text compiles all the same.' : 'An error.'
  const example = exampleOf(code)
  const lines = [`# ${code}`, '', `${CLASSES[code.slice(3, 5)]}. ${kind}`, '']
  if (example === null) lines.push(LONG[code] ?? '')
  else {
    lines.push('This text', '', '```ccl', example.text.trimEnd(), '```', '', 'gives', '')
    lines.push('```', example.said.trimEnd(), '```')
  }
  return `${lines.join('\n')}\n\n${MADE}\n`
}

function errorIndex(): string {
  const lines = [
    '# Errors of CCL',
    '',
    'One mistake gives one message. A code keeps its meaning.',
    '',
  ]
  let last = ''
  for (const code of codes()) {
    const title = CLASSES[code.slice(3, 5)] as string
    if (title !== last) lines.push(...(last === '' ? [] : ['']), `## ${title}`, '')
    last = title
    const said = exampleOf(code)
      ?.said.split('\n')[0]
      ?.replace(/^.*?(?:error|warning) \w+: /, '')
    lines.push(`- [${code}](${code}.md) ${said ?? LONG[code]}`)
  }
  return `${lines.join('\n')}\n\n${MADE}\n`
}

function typeOf(type: Type): string {
  switch (type.is) {
    case 'whole':
      return `whole number from ${type.min}${type.unit === undefined ? '' : `, ${type.unit}`}`
    case 'choice':
      return type.of.map((word) => `\`"${word}"\``).join(' ')
    case 'list':
      return `list of ${typeOf(type.of)}`
    case 'file':
      return 'CID of a file'
    case 'files':
      return 'CIDs by file name'
    default:
      return type.is
  }
}

function kindRows(kind: Kind, path: string): string[] {
  const rows = [...kind.properties].map(([name, { type, listed }]) => {
    const where = path === '' ? name : `${path}.${name}`
    return `| \`${where}\` | ${typeOf(type)} | ${listed ? 'descriptive' : 'acted on'} |`
  })
  if (kind.free) rows.push(`| \`${path}.…\` | anything | descriptive |`)
  for (const [name, inner] of kind.blocks) {
    rows.push(...kindRows(inner, path === '' ? name : `${path}.${name}`))
  }
  return rows
}

const inputRows = (inputs: ReadonlyMap<string, Known>) =>
  [...inputs].map(([path, { type, about }]) => {
    const unit = type === 'amount' ? 'the unit of the resource' : `\`${typeName(type)}\``
    return `| \`${path}\` | ${unit} | ${about} |`
  })

function reference(): string {
  return `${[
    '# Reference of CCL',
    ...['', '## Blocks and properties of documents', ''],
    ...['| property | value | |', '|---|---|---|', ...kindRows(DOCUMENT, '')],
    ...['', '## Actions of documents', '', '| action | arguments |', '|---|---|'],
    ...[...ACTIONS].map(([name, action]) => {
      const args = [...action.args.keys()].map((arg) => `\`${arg}\``).join(' ')
      return `| \`${name}\` | ${args}${action.positional ? ', by name or in this order' : ''} |`
    }),
    ...['', 'Of all of them the mesh carries out `submit_job` and `log`; a document that asks for'],
    ...['another is refused there with EFFECT_UNSUPPORTED.'],
    ...['', '## Documents of a community', ''],
    `At the top: ${words([...COMMUNITY])}, and ${words([...OPEN_KINDS])}. Inside, names are free.`,
    ...['', 'In `on "event" { … }` and `actions`:', '', '| action | parts |', '|---|---|'],
    ...[...HANDLED].map(
      ([name, parts]) => `| \`${name}\` | ${parts === null ? 'any' : words(parts)} |`,
    ),
    ...['', `Functions in values: ${words(FUNCTIONS)}.`],
    ...['', '## What `on allow` and `on deny` of a policy ask for', ''],
    ...['| action | arguments |', '|---|---|'],
    ...[...ASKED].map(([name, args]) => {
      const each = [...args].map(([arg, type]) => `\`${arg}: ${typeName(type)}\``)
      return `| \`${name}\` | ${each.join(' ')} |`
    }),
    ...['', '## What `use` takes', '', '| name | gives |', '|---|---|'],
    '| the CID of a text | its constants, functions, records and people, behind the alias |',
    ...OFFERED.map((name) => `| \`${name}\` | no names: says what a text is written for |`),
    ...['', 'What this page lists is there without `use`; any other name is CCL0544.'],
    ...['', '## Types', ''],
    `Numbers, all signed 64-bit and none mixing with another: ${words(NUMBERS)}.`,
    `Words: ${words(WORDS)}. Conditions: \`bool\`.`,
    'Made of others: `list<T>`, `option<T>` (also written `T?`), and records.',
    ...['', '## Functions', '', '| function | gives |', '|---|---|'],
    ...[...BUILTINS.values()].map(({ form, about }) => `| \`${form}\` | ${about} |`),
    ...['', '## What a policy may ask', '', '| input | type | |', '|---|---|---|'],
    ...inputRows(POLICY_INPUTS),
    '| `roles.NAME` | `list<did>` | everybody who has that role |',
    ...['', '## What a budget may ask, besides what a policy may', ''],
    ...['| input | type | |', '|---|---|---|'],
    ...inputRows(BUDGET_INPUTS).slice(POLICY_INPUTS.size),
    ...['', '## What a proposal may ask', '', '| input | type | |', '|---|---|---|'],
    ...inputRows(PROPOSAL_INPUTS),
    ...['', '## What a selection may ask', '', '| input | type | |', '|---|---|---|'],
    ...inputRows(SELECTION_INPUTS),
  ].join('\n')}\n\n${MADE}\n`
}

const words = (of: readonly string[]) => of.map((word) => `\`${word}\``).join(', ')

/** All pages by their path below docs/ccl. */
export function pages(): Map<string, string> {
  return new Map([
    ['reference.md', reference()],
    ['errors/README.md', errorIndex()],
    ...codes().map((code): [string, string] => [`errors/${code}.md`, errorPage(code)]),
  ])
}
