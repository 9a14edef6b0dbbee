/**
 * Diagnostics for people: place, code and sentence on the first line, then the line of the text
 * with carets under it, and what to do.
 */
import type { Diagnostic, Span } from './diagnostic.ts'
import { lineRange, type Source, sourceOf } from './source.ts'

/** Longer lines are cut to a window around the mistake. */
const WIDTH_MAX = 100
const BEFORE_MAX = 40

/**
 * The diagnostics of `text`, one after another, ending with a line break; '' if there are none.
 * Control characters of the text are replaced, so that a file cannot steer a terminal.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], text: string): string {
  const source = sourceOf(text, diagnostics[0]?.span.file ?? '-')
  return diagnostics
    .map((diagnostic) => {
      const { code, severity, message, help, span, mended, related = [] } = diagnostic
      const lines = [
        `${place(span)}: ${severity} ${code}: ${message}`,
        ...picture(source, span),
        `  = help: ${help}`,
      ]
      if (mended !== undefined)
        lines.push(`  = mended: ${[...mended].map(visible).join('').trim()}`)
      for (const { message, span } of related) {
        lines.push(`${place(span)}: note: ${message}`, ...picture(source, span))
      }
      return `${lines.join('\n')}\n`
    })
    .join('\n')
}

const place = ({ file, line, column }: Span) => `${file}:${line}:${column}`

function picture(source: Source, span: Span): string[] {
  const { start, end } = lineRange(source, span.line)
  let first = start
  if (end - start > WIDTH_MAX) first = Math.max(start, span.offset - BEFORE_MAX)
  // not in the middle of a character
  if (/^\p{Cs}/u.test(source.text.slice(first, first + 1))) first++
  const before = [...source.text.slice(first, span.offset)].map(visible)
  const marked = [
    ...source.text.slice(
      span.offset,
      Math.min(end, span.offset + Math.min(span.length, 2 * WIDTH_MAX)),
    ),
  ]
  const rest = source.text.slice(first, Math.min(end, first + 2 * WIDTH_MAX))
  const line = [...rest].slice(0, WIDTH_MAX).map(visible)
  const width = Math.max(1, Math.min(marked.length, line.length - before.length))
  const gutter = ' '.repeat(String(span.line).length)
  // a tab stays a tab, so that the carets stand under their word at any tab width
  const indent = before.map((point) => (point === '\t' ? '\t' : ' '))
  return [
    ` ${gutter} |`,
    ` ${span.line} | ${line.join('')}`,
    ` ${gutter} | ${indent.join('')}${'^'.repeat(width)}`,
  ]
}

const visible = (point: string) =>
  /[\p{Cc}\p{Cf}]/u.test(point) && point !== '\t' ? '\u{FFFD}' : point
