/**
 * One CCL text and where things stand in it. Everything inside the compiler counts offsets in
 * UTF-16 code units, as JavaScript strings do; people get lines and columns, both from 1, with
 * columns in code points, as editors show them.
 */

/** A half-open range of offsets in UTF-16 code units. */
export type Range = { readonly start: number; readonly end: number }

/** The length of a text in UTF-8; half a character counts as the sign that stands for it. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x80) continue
    const isPair = code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(index + 1))
    if (isPair) index++
    bytes += code < 0x800 ? 1 : 2
  }
  return bytes
}

const isLow = (code: number) => code >= 0xdc00 && code < 0xe000

export type Position = { readonly line: number; readonly column: number }

export type Source = {
  readonly file: string
  readonly text: string
  /** The offset at which each line starts; a line ends with LF, CRLF or CR. */
  readonly lineStarts: readonly number[]
}

export function sourceOf(text: string, file: string): Source {
  // a byte order mark is no part of the first line
  const lineStarts = [text.startsWith('\u{FEFF}') ? 1 : 0]
  if (text.includes('\r')) {
    for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) lineStarts.push(index + end.length)
  } else {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      lineStarts.push(at + 1)
    }
  }
  return { file, text, lineStarts }
}

/** The line and column of an offset, both from 1. */
export function positionAt(source: Source, offset: number): Position {
  const line = lineIndex(source, offset)
  const start = source.lineStarts[line] as number
  return { line: line + 1, column: codePoints(source.text, start, offset) + 1 }
}

/** Where a line, counted from 1, begins and ends, without its line ending. */
export function lineRange(source: Source, line: number): Range {
  const start = source.lineStarts[line - 1] ?? source.text.length
  let end = source.lineStarts[line] ?? source.text.length
  while (end > start && '\r\n'.includes(source.text[end - 1] as string)) end--
  return { start, end }
}

/** True when a line ends somewhere in `start … end`. */
export function breaksLine(source: Source, start: number, end: number): boolean {
  return lineIndex(source, start) !== lineIndex(source, end)
}

export function indentOf(source: Source, offset: number): number {
  const start = source.lineStarts[lineIndex(source, offset)] as number
  let at = start
  while (source.text[at] === ' ' || source.text[at] === '\t') at++
  return at - start
}

/** True when only blanks stand before `offset` on its line. */
export function startsLine(source: Source, offset: number): boolean {
  return (
    (source.lineStarts[lineIndex(source, offset)] as number) + indentOf(source, offset) === offset
  )
}

function lineIndex(source: Source, offset: number): number {
  let low = 0
  let high = source.lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((source.lineStarts[middle] as number) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

function codePoints(text: string, start: number, end: number): number {
  let count = 0
  let at = start
  for (; at < end; count++) at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1
  return count
}
