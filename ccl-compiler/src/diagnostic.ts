/**
 * A diagnostic says that the text is wrong: where, what, and what to do about it. Diagnostics are
 * collected, never thrown, and at most LIMITS.cclDiagnosticsMax are kept.
 */

import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Value } from './ast.ts'
import { repair } from './format/repair.ts'
import { type DiagnosticCode, MESSAGES, WARNINGS } from './messages.ts'
import { lineRange, positionAt, type Range, type Source } from './source.ts'
import type { Wording } from './wording.ts'

/**
 * Lines and columns count from 1, columns in code points; `endColumn` is one past the last.
 * `offset` and `length` count UTF-16 code units, as JavaScript strings do.
 */
export type Span = {
  file: string
  line: number
  column: number
  endLine: number
  endColumn: number
  offset: number
  length: number
}

export type Diagnostic = {
  /** Stable, such as `CCL0302`; a code is never given another meaning. */
  code: DiagnosticCode
  severity: 'error' | 'warning'
  message: string
  help: string
  span: Span
  /** Of what word processors leave in a text: the whole line as it is when it is mended. */
  mended?: string
  /** The other place, where there is one, such as the first of two definitions. */
  related?: { message: string; span: Span }[]
}

export function spanOf(source: Source, range: Range): Span {
  const from = positionAt(source, range.start)
  const to = positionAt(source, range.end)
  return {
    file: source.file,
    line: from.line,
    column: from.column,
    endLine: to.line,
    endColumn: to.column,
    offset: range.start,
    length: range.end - range.start,
  }
}

/** Typographic quotes and dashes, unusual spaces, decimal commas. */
const MENDABLE: ReadonlySet<DiagnosticCode> = new Set([
  'CCL0103',
  'CCL0104',
  'CCL0107',
  'CCL0108',
  'CCL0109',
] as const)
/** A longer line is not shown whole. */
const MENDED_MAX = 400

function mendedLine(source: Source, code: DiagnosticCode, line: number): string | undefined {
  if (!MENDABLE.has(code)) return undefined
  const { start, end } = lineRange(source, line)
  if (end - start > MENDED_MAX) return undefined
  const text = source.text.slice(start, end)
  const mended = repair(text)
  return mended === text ? undefined : mended
}

const QUOTE_SLIPS: ReadonlySet<DiagnosticCode> = new Set(['CCL0102', 'CCL0103', 'CCL0104'])
const isQuoteSlip = ({ code }: Diagnostic) => QUOTE_SLIPS.has(code)

/** Collects diagnostics of one text. */
export class Problems {
  readonly source: Source
  readonly #kept: Diagnostic[] = []
  #errors = 0
  #dropped = 0
  /** Values for the parameters of a template, and the parameters seen without one. */
  readonly values: ReadonlyMap<string, Value>
  readonly unset = new Map<string, Range>()
  /** What was said about a place is not said again, whoever comes by. */
  readonly #places = new Set<string>()

  constructor(source: Source, values: ReadonlyMap<string, Value> = new Map()) {
    this.source = source
    this.values = values
  }

  /** Reports one mistake; the words come from the table of messages. */
  add<C extends DiagnosticCode>(
    code: C,
    range: Range,
    ...values: Parameters<(typeof MESSAGES)[C]>
  ): void {
    this.#keep(code, range, values, [])
  }

  /** Reports a mistake that two places make together. */
  addWith<C extends DiagnosticCode>(
    code: C,
    range: Range,
    other: { message: string; range: Range },
    ...values: Parameters<(typeof MESSAGES)[C]>
  ): void {
    this.#keep(code, range, values, [other])
  }

  /** How many errors there are so far. */
  get errors(): number {
    return this.#errors
  }

  get hasErrors(): boolean {
    return this.#errors > 0
  }

  /** True when further errors would only be counted: whoever loops may stop. */
  get full(): boolean {
    return this.#dropped > 0
  }

  /** All kept diagnostics in the order of the text. */
  list(): Diagnostic[] {
    // a slip of quotes turns words into text and text into words: it explains the rest of its line
    const quotes = new Set(this.#kept.filter(isQuoteSlip).map(({ span }) => span.line))
    // what a text with errors never uses, or asks too much, may be due to them
    const kept = this.#kept
      .filter(({ severity }) => severity === 'error' || !this.hasErrors)
      .filter((diagnostic) => isQuoteSlip(diagnostic) || !quotes.has(diagnostic.span.line))
      .toSorted((a, b) => a.span.offset - b.span.offset)
    if (this.#dropped === 0) return kept
    const end = this.source.text.length
    return [...kept.slice(0, -1), this.#make('CCL0214', { start: end, end }, [kept.length - 1], [])]
  }

  #keep(
    code: DiagnosticCode,
    range: Range,
    values: readonly unknown[],
    others: readonly { message: string; range: Range }[],
  ): void {
    const place = `${code} ${range.start}`
    if (this.#places.has(place)) return
    this.#places.add(place)
    if (!WARNINGS.has(code)) this.#errors++
    if (this.#kept.length >= LIMITS.cclDiagnosticsMax) this.#dropped++
    else this.#kept.push(this.#make(code, range, values, others))
  }

  #make(
    code: DiagnosticCode,
    range: Range,
    values: readonly unknown[],
    others: readonly { message: string; range: Range }[],
  ): Diagnostic {
    const word = MESSAGES[code] as (...values: readonly unknown[]) => Wording
    const { message, help } = word(...values)
    const severity = WARNINGS.has(code) ? 'warning' : 'error'
    const span = spanOf(this.source, range)
    const mended = mendedLine(this.source, code, span.line)
    if (mended !== undefined) return { code, severity, message, help, span, mended }
    if (others.length === 0) return { code, severity, message, help, span }
    const related = others.map((other) => ({
      message: other.message,
      span: spanOf(this.source, other.range),
    }))
    return { code, severity, message, help, span, related }
  }
}
