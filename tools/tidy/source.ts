/**
 * Reads a TypeScript or JavaScript file as far as the tidy rules need: its text without comments,
 * its text without comments and strings, its strings, and what it imports.
 */

export type Source = {
  /** Relative to the repository, with `/`. */
  path: string
  text: string
  /** `text` with every comment, and every string's inside, turned into blanks. */
  bare: string
  strings: readonly { value: string; at: number }[]
  imports: readonly Import[]
}

export type Import = {
  /** Undefined for an `import()` of something computed. */
  specifier: string | undefined
  /** Names of the values it takes; `*` for all. Types are not among them. */
  values: readonly string[]
  isReExport: boolean
  at: number
  /** Where its specifier stands among the strings. */
  specifierAt: number
}

const STATIC = /\b(import|export)\b(\s+type\b)?([\w$*\s{},]*?)\bfrom\s*(['"]) *\4/g
const SIDE_EFFECT = /\bimport\s*(['"]) *\1/g
const DYNAMIC = /\b(?:import|require)\s*\(\s*/g

export function readSource(path: string, text: string): Source {
  const { bare, strings } = scan(text)
  const stringAt = new Map(strings.map(({ value, at }) => [at, value]))
  const imports: Import[] = []
  const add = (at: number, specifierAt: number, values: readonly string[], isReExport = false) =>
    imports.push({ specifier: stringAt.get(specifierAt), values, isReExport, at, specifierAt })
  for (const match of bare.matchAll(STATIC)) {
    const [whole, verb, type, clause = '', quote = ''] = match
    const isReExport = verb === 'export'
    if (isReExport && !/^\s*[{*]/.test(clause)) continue
    const specifierAt = match.index + whole.lastIndexOf(quote, whole.length - 2)
    add(match.index, specifierAt, type === undefined ? valuesOf(clause) : [], isReExport)
  }
  for (const match of bare.matchAll(SIDE_EFFECT)) {
    add(match.index, match.index + match[0].search(/['"]/), [])
  }
  for (const match of bare.matchAll(DYNAMIC)) {
    add(match.index, match.index + match[0].length, ['*'])
  }
  return { path, text, bare, strings, imports }
}

/** The line of a place in the text, from 1. */
export const lineOf = (source: Source, at: number) => source.text.slice(0, at).split('\n').length

function valuesOf(clause: string): string[] {
  if (clause.includes('*')) return ['*']
  const [byDefault = '', named = ''] = clause.split('{')
  const names = named
    .replace('}', '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => name.split(/\s+as\s+/)[0] as string)
  return byDefault.replace(',', '').trim() === '' ? names : ['default', ...names]
}

const REGEX_AFTER_CHAR = /[(,=:[!&|?{};+\-*%<>~^]/
const REGEX_AFTER_WORD = /\b(return|typeof|case|in|of|new|delete|void|throw|await|yield|else|do)$/

/** Blanks comments and the insides of strings, templates and regular expressions. */
function scan(text: string): { bare: string; strings: { value: string; at: number }[] } {
  const strings: { value: string; at: number }[] = []
  const bare: string[] = []
  /** For each open `${`, how many braces were open before it. */
  const templates: number[] = []
  let braces = 0
  let at = 0

  const keep = (to: number) => {
    bare.push(text.slice(at, to))
    at = to
  }
  const blank = (to: number) => {
    bare.push(text.slice(at, to).replace(/[^\n]/g, ' '))
    at = to
  }
  const mayBeRegex = () => {
    const before = bare.join('').trimEnd()
    return before === '' || REGEX_AFTER_CHAR.test(before.slice(-1)) || REGEX_AFTER_WORD.test(before)
  }
  /** Blanks from inside a template to its end or to its next `${`. */
  const template = () => {
    const end = endOf(text, at, /`|\$\{/y)
    blank(end)
    if (text[at] === '`') keep(at + 1)
    else {
      keep(at + 2)
      templates.push(braces)
    }
  }

  while (at < text.length) {
    const char = text[at] as string
    if (text.startsWith('//', at)) blank(indexOf(text, '\n', at))
    else if (text.startsWith('/*', at)) blank(indexOf(text, '*/', at + 2) + 2)
    else if (char === "'" || char === '"') {
      const end = endOf(text, at + 1, char === "'" ? /['\n]/y : /["\n]/y)
      strings.push({ value: text.slice(at + 1, end), at })
      keep(at + 1)
      blank(end)
      keep(end + 1)
    } else if (char === '`') {
      keep(at + 1)
      template()
    } else if (char === '}' && templates.at(-1) === braces) {
      templates.pop()
      keep(at + 1)
      template()
    } else if (char === '/' && mayBeRegex()) {
      keep(at + 1)
      blank(endOfRegex(text, at))
    } else {
      if (char === '{') braces++
      if (char === '}') braces--
      keep(at + 1)
    }
  }
  return { bare: bare.join(''), strings }
}

/** Where the sticky `mark` first matches from `from` on, not behind a backslash. */
function endOf(text: string, from: number, mark: RegExp): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else {
      mark.lastIndex = at
      if (mark.test(text)) return at
    }
  }
  return text.length
}

/** Where the regular expression whose inside begins at `from` ends: a `/` outside of `[…]`. */
function endOfRegex(text: string, from: number): number {
  let end = from
  while (text[end] === '[') end = endOf(text, end, /\]/y) + 1
  const next = endOf(text, end, /[/\n[]/y)
  return text[next] === '[' ? endOfRegex(text, next) : next
}

/** Where `mark` stands from `from` on, or the end of the text. */
function indexOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at === -1 ? text.length : at
}
