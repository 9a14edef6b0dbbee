/**
 * Mends what word processors and mails leave in a text: typographic quotes and dashes, unusual
 * spaces, decimal commas, a byte order mark, carriage returns. Everything else stays as it is.
 */
import type { IToken } from 'chevrotain'
import * as T from '../tokens.ts'

const SLIPS = [T.OddString, T.SingleString, T.OddDash, T.OddSpace]

/** The text with every such slip mended. Pure, linear, never throws. */
export function repair(text: string): string {
  if (!text.isWellFormed()) return text
  const { tokens, groups } = T.lexer.tokenize(text)
  const slips = (groups as { slips?: IToken[] }).slips ?? []
  const edits: { start: number; end: number; by: string }[] = []
  for (const word of [...tokens, ...slips]) {
    if (!SLIPS.includes(word.tokenType)) continue
    edits.push({ start: word.startOffset, end: T.endOf(word), by: mended(word) })
  }
  tokens.forEach((comma, index) => {
    const [before, after] = [tokens[index - 1], tokens[index + 1]]
    if (comma.image !== ',' || before === undefined || after === undefined) return
    const touching = T.endOf(before) === comma.startOffset && after.startOffset === T.endOf(comma)
    // `[1,2]` is a list; `0,4` after a colon is a number
    const whole = before.tokenType === T.Whole && tokens[index - 2]?.image === ':'
    if (!touching || !whole || ![T.Whole, T.Percent].includes(after.tokenType)) return
    edits.push({ start: comma.startOffset, end: comma.startOffset + 1, by: '.' })
  })
  edits.sort((a, b) => a.start - b.start)
  const parts: string[] = []
  let at = 0
  for (const { start, end, by } of edits) {
    parts.push(text.slice(at, start), by)
    at = end
  }
  parts.push(text.slice(at))
  return parts.join('').replace(/\r\n?/g, '\n')
}

function mended({ tokenType, image, startOffset }: IToken): string {
  if (tokenType === T.OddDash) return '-'
  if (tokenType === T.OddSpace) return image === '\u{FEFF}' || startOffset === 0 ? '' : ' '
  const closed = image.length > 1 && /["'“”„‟«»‘’‚‛‹›]$/.test(image)
  const inner = image.slice(1, closed ? -1 : undefined)
  // what was never closed ends before the signs that end a statement
  let end = inner.length
  while (!closed && end > 0 && ' \t;,)}]'.includes(inner[end - 1] as string)) end--
  return `"${inner.slice(0, end).replaceAll('"', '\\"')}"${inner.slice(end)}`
}
