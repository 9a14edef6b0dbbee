/**
 * Text to what it means, in one line of steps: scan, split, then documents (parse, resolve,
 * requests) and the typed core (parse, check). Pure; any text gives an answer, never an exception.
 */
import { type JobRequest, LIMITS } from '@planetary-mesh/spec/bare'
import { readCommunity } from './community/read-community.ts'
import { type CheckedCore, checkCore } from './core/check-core.ts'
import type { Imports } from './core/imports.ts'
import { lint } from './core/lint.ts'
import { splitText } from './core/split.ts'
import { type Diagnostic, Problems, type Span, spanOf } from './diagnostic.ts'
import { foreignWord } from './foreign.ts'
import { parse } from './grammar.ts'
import { rangeOf } from './literals.ts'
import { type AskedEffect, askedIn } from './requests.ts'
import { resolve } from './resolve.ts'
import { scan } from './scan.ts'
import { byteLength, type Source, sourceOf } from './source.ts'
import type { Values } from './values.ts'

/** What was read but is not acted on: where, as written, and the place. */
export type Descriptive = { path: string; text: string; span: Span }

/** A parameter of a template, and the first place where it stands. */
export type Parameter = { name: string; span: Span }

export type Refused = { ok: false; diagnostics: Diagnostic[] }

export type Checked = CheckedCore & {
  ok: true
  /** One for each `submit_job`, in order: what the module will hand to the host. */
  requests: JobRequest[]
  /** What `execution` asks for beside jobs, in order. */
  effects: AskedEffect[]
  descriptive: Descriptive[]
  /** Parameters `${NAME}` without a value: nothing is built before they have one. */
  parameters: Parameter[]
  /** Warnings only. */
  diagnostics: Diagnostic[]
}

/** `file` is the name used in diagnostics, `-` if none is given; `lint` adds advice. */
export type CompileOptions = {
  file?: string
  lint?: boolean
  /** For the parameters of a template. */
  values?: Values
  /** For `use`: texts by their CIDs. */
  imports?: Imports
}

/** Everything `compile` does but the module. */
export function check(text: string, options: CompileOptions = {}): Checked | Refused {
  const source = sourceOf(text, options.file ?? '-')
  const problems = new Problems(source, options.values)
  const found = readable(source, problems) ? read(problems, options.imports) : undefined
  if (found !== undefined && options.lint === true && !problems.hasErrors) lint(found, problems)
  const diagnostics = problems.list()
  if (found === undefined || problems.hasErrors) return { ok: false, diagnostics }
  return { ok: true, ...found, diagnostics }
}

/** Of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3

function readable(source: Source, problems: Problems): boolean {
  const { text } = source
  const start = { start: 0, end: 0 }
  // most texts are too short to be too large, however many bytes a character takes
  const isLarge = text.length * UTF8_BYTES_MAX > LIMITS.cclSourceBytesMax
  const bytes = isLarge ? byteLength(text) : 0
  if (bytes > LIMITS.cclSourceBytesMax) problems.add('CCL0212', start, bytes)
  else if (!source.text.isWellFormed()) {
    const at = source.text.search(/\p{Cs}/u)
    problems.add('CCL0111', { start: at, end: at + 1 })
  } else return true
  return false
}

type Read = Omit<Checked, 'ok' | 'diagnostics'>

function read(problems: Problems, imports: Imports | undefined): Read | undefined {
  const scanned = scan(problems)
  if (scanned === null) return undefined
  if (scanned.tokens.length === 0) {
    problems.add('CCL0211', { start: 0, end: 0 })
    return undefined
  }
  const foreign = foreignWord(scanned.tokens)
  if (foreign !== undefined) {
    problems.add('CCL0603', rangeOf(foreign), foreign.image)
    return undefined
  }
  const { document, community, core } = splitText(scanned, problems.source)
  const parsed = parse(document, problems)
  const { execution, listed } = readCommunity(community, parsed.items, problems)
  const items = [...parsed.items, ...execution]
  const { broken } = parsed
  const resolved = resolve(items, broken, problems)
  // a policy with a title need not submit a job; what is said about jobs is for nothing without
  const others = core.length + community.length
  const elsewhere = others > 0 && resolved.top.blocks.size === 0
  const { requests, effects } = askedIn(resolved, problems, elsewhere)
  const descriptive = [...resolved.listed, ...listed].map(({ path, value, range }) => ({
    path,
    text: problems.source.text.slice(value.range.start, value.range.end),
    span: spanOf(problems.source, range),
  }))
  const checked = checkCore(core, problems, imports)
  const parameters = [...problems.unset].map(([name, range]) => {
    return { name, span: spanOf(problems.source, range) }
  })
  return { requests, effects, descriptive, parameters, ...checked }
}
