/**
 * The tidy rules: each takes a file (or all of them) and says what is wrong, `path:line: sentence`.
 * They see text alone, so that a test can plant a violation and see it found.
 */
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import {
  ABOUT_TIDINESS,
  BUILTINS,
  COLUMNS_MAX,
  COMPUTED_IMPORTS,
  EMPTY_ENDINGS,
  EMPTY_NAMES,
  IMPURE,
  INDEX_LINES_MAX,
  isDeciding,
  isStep,
  LEFTOVERS,
  LINES_MAX,
  MAY_IMPORT,
  MAY_RUN_ON,
  NAMED_BY_PATH,
  NOT_IN_SRC,
  NOT_IN_TESTS,
  OF_ONE_MACHINE,
  READER_MODULES,
  READERS,
  STEP_PACKAGES,
} from './house-rules.ts'
import { lineOf, type Source } from './source.ts'

const SCOPE = '@planetary-mesh/'

/** The room whose program this file belongs to, if it does: `spec` for `spec/src/index.ts`. */
export const roomOf = (path: string) => /^([a-z-]+)\/(?:src|bin)\//.exec(path)?.[1]

/**
 * The arrows: what a room's source may import, or name as a path.
 * `dependencies` are the third-party packages of the room's package.json.
 */
export function arrows(source: Source, dependencies: readonly string[]): string[] {
  const room = roomOf(source.path)
  if (room === undefined) return []
  const found = (at: number, sentence: string) => `${where(source, at)} ${sentence}`
  const problems: string[] = []
  for (const { specifier, at } of source.imports) {
    if (specifier === undefined) {
      if (!COMPUTED_IMPORTS.includes(source.path))
        problems.push(found(at, 'imports what is computed'))
      continue
    }
    const sentence = importProblem(source.path, room, specifier, dependencies)
    if (sentence !== undefined) problems.push(found(at, sentence))
  }
  const specifiers = new Set(source.imports.map(({ specifierAt }) => specifierAt))
  for (const { value, at } of source.strings) {
    if (specifiers.has(at)) continue
    if (value.startsWith('../') && leaves(source.path, room, value)) {
      problems.push(found(at, `reaches outside its room: ${value}`))
    }
    if (value.startsWith(SCOPE) && !value.includes(' ')) {
      const isNamed = NAMED_BY_PATH[room]?.includes(value) === true
      const sentence = isNamed ? undefined : roomProblem(source.path, room, value)
      if (sentence !== undefined) problems.push(found(at, sentence))
    }
  }
  return problems
}

function importProblem(
  path: string,
  room: string,
  specifier: string,
  dependencies: readonly string[],
): string | undefined {
  if (specifier.startsWith('.')) {
    return leaves(path, room, specifier) ? `reaches outside its room: ${specifier}` : undefined
  }
  if (specifier.startsWith(SCOPE)) return roomProblem(path, room, specifier)
  if (specifier.startsWith('node:')) return builtinProblem(path, specifier)
  if (isBuiltin(specifier)) return `imports ${specifier} without node:`
  if (/^(\/|[a-z]+:)/.test(specifier)) return `imports by address: ${specifier}`
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (isStep(path) && !STEP_PACKAGES.includes(name)) return `is a step and imports ${name}`
  return dependencies.includes(name) ? undefined : `imports ${name}, no dependency of ${room}`
}

function roomProblem(path: string, room: string, specifier: string): string | undefined {
  const target = specifier.slice(SCOPE.length).split('/')[0] as string
  if (isStep(path) && target !== 'spec') return `is a step and imports ${target}: spec alone`
  const may = MAY_IMPORT[room] ?? []
  return may.includes(target) ? undefined : `${room} may not import ${target}`
}

function builtinProblem(path: string, specifier: string): string | undefined {
  const may = isStep(path) ? [] : BUILTINS.find(({ part }) => part.test(path))?.may
  return may === undefined || may.includes(specifier) ? undefined : `may not import ${specifier}`
}

function leaves(path: string, room: string, relative: string): boolean {
  const target = posix.join(posix.dirname(path), relative)
  const home = path.startsWith(`${room}/bin/`) ? `${room}/` : `${room}/src/`
  const isPackage = target === `${room}/package.json`
  return !isPackage && !target.startsWith(home)
}

/** Code that decides has no clock, no chance, no waiting, no identity of its own. */
export function purity(source: Source): string[] {
  if (!isDeciding(source.path)) return []
  return IMPURE.flatMap((word) => {
    const use = new RegExp(`(?<![.\\w$])${word.replace('.', '\\.')}(?![\\w$]|\\s*\\??:)`, 'g')
    return [...source.bare.matchAll(use)].map(
      ({ index }) => `${where(source, index)} uses ${word} where things are decided`,
    )
  })
}

/** The values of spec's rules that decide: all that their index exports but the readers. */
export function deciders(rulesIndex: Source): string[] {
  return rulesIndex.imports
    .filter(({ isReExport, specifier = '' }) => isReExport && !READER_MODULES.includes(specifier))
    .flatMap(({ values }) => values)
    .filter((name) => !READERS.includes(name))
}

/** Nothing decides outside of spec's rules and the roles' steps. */
export function decisions(source: Source, deciding: readonly string[]): string[] {
  const room = roomOf(source.path)
  if (room === undefined || room === 'spec' || isStep(source.path)) return []
  return source.imports
    .filter(({ specifier }) => specifier?.split('/', 2).join('/') === `${SCOPE}spec`)
    .flatMap(({ values, at }) =>
      values
        .filter((name) => name === '*' || deciding.includes(name))
        .map((name) => `${where(source, at)} imports ${name} of spec: only steps decide`),
    )
}

/** How long a file and its lines may be; a line with a URL may be longer. */
export function sizes(source: Source): string[] {
  const lines = source.text.replace(/\n$/, '').split('\n')
  const linesMax = /^[a-z-]+\/src\/index\.ts$/.test(source.path) ? INDEX_LINES_MAX : LINES_MAX
  const long = lines.flatMap((line, index) =>
    [...line].length > COLUMNS_MAX && !MAY_RUN_ON.test(line)
      ? [`${source.path}:${index + 1}: ${[...line].length} columns, at most ${COLUMNS_MAX}`]
      : [],
  )
  if (lines.length <= linesMax) return long
  return [`${source.path}:1: ${lines.length} lines, at most ${linesMax}`, ...long]
}

/** Signs of something half-finished, and what has no place in source or in a test. */
export function leftovers(source: Source): string[] {
  if (ABOUT_TIDINESS.includes(source.path)) return []
  const lines = source.text.split('\n')
  const bareLines = source.bare.split('\n')
  const isSrc = roomOf(source.path) !== undefined && !source.path.includes('/bin/')
  const isTest = /\.(test|long)\.ts$/.test(source.path)
  return lines.flatMap((line, index) => {
    const bare = bareLines[index] ?? ''
    const word =
      LEFTOVERS.find((mark) => mark.test(line)) ??
      (isSrc ? NOT_IN_SRC.find((mark) => mark.test(bare)) : undefined) ??
      (isTest ? NOT_IN_TESTS.find((mark) => mark.test(bare)) : undefined)
    return word === undefined ? [] : [`${source.path}:${index + 1}: leftover: ${line.trim()}`]
  })
}

/** No file, of whatever kind, holds what is true on one machine only. */
export function machines({ path, text }: Pick<Source, 'path' | 'text'>): string[] {
  if (ABOUT_TIDINESS.includes(path)) return []
  return text
    .split('\n')
    .flatMap((line, index) =>
      OF_ONE_MACHINE.some((mark) => mark.test(line))
        ? [`${path}:${index + 1}: true on one machine only: ${line.trim().slice(0, 80)}`]
        : [],
    )
}

const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.long|\.d)?\.(ts|js|mjs)$/
const DECLARED = /\b(class|interface|type|function)\s+([A-Za-z_$][\w$]*)/g

/** Files are kebab-case and named by a noun; nothing is called by a word that says nothing. */
export function names(source: Source): string[] {
  const problems: string[] = []
  const parts = source.path.split('/')
  // AssemblyScript makes the name of an imported module from a file name
  const isNamedForGuest = parts.includes('assembly')
  if (!isNamedForGuest && !FILE_NAME.test(parts.at(-1) as string)) {
    problems.push(`${source.path}:1: not kebab-case`)
  }
  for (const part of parts) {
    const stem = part.replace(/\..*$/, '')
    if ((EMPTY_NAMES as readonly string[]).includes(stem)) {
      problems.push(`${source.path}:1: ${part} is a name that says nothing`)
    }
  }
  for (const match of source.bare.matchAll(DECLARED)) {
    const [, what, name = ''] = match
    const isEmpty = what !== 'function' && EMPTY_ENDINGS.test(name)
    if (isEmpty || (what === 'interface' && /^I[A-Z][a-z]/.test(name))) {
      problems.push(`${where(source, match.index)} ${what} ${name}: a name that says nothing`)
    }
  }
  return problems
}

const SHEBANG = /^#!.*\n/
const IMPORTS = /^(\s*import\b[^'"]*(['"])[^'"]*\2)*\s*/

/** A file of source opens with what it is about, at the top or right below its imports. */
export function opening(source: Source): string[] {
  const isOurs = roomOf(source.path) !== undefined || /^(tools|bench)\//.test(source.path)
  const text = source.text.replace(SHEBANG, '').trimStart()
  if (!isOurs || /^\/[/*]/.test(text) || /^\/[/*]/.test(text.replace(IMPORTS, ''))) return []
  return [`${source.path}:1: does not open with what it is about`]
}

function where(source: Source, at: number): string {
  return `${source.path}:${lineOf(source, at)}:`
}
