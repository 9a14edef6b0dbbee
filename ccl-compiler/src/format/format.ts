/**
 * The one way a text is laid out: two spaces for each open bracket, one space between words, at
 * most one empty line. Words, comments and the ends of lines stay where they are, because in a
 * document the end of a line can end a pair; so the formatted text means what the text meant.
 */
import type { IToken } from 'chevrotain'
import { Problems } from '../diagnostic.ts'
import { scan } from '../scan.ts'
import { breaksLine, type Source, sourceOf } from '../source.ts'
import * as T from '../tokens.ts'
import { marksOf, spaceBetween } from './spacing.ts'

const OPENERS = new Set(['{', '(', '['])
const CLOSERS = new Set(['}', ')', ']'])
/** After these a line is complete; after anything else of the typed core it goes on. */
const ENDS = new Set([';', ',', '{', '}', '(', '['])

/**
 * The text laid out, or null if its words and brackets cannot be read: `check` says why. Never
 * throws; formatting twice changes nothing.
 */
export function format(text: string): string | null {
  const problems = new Problems(sourceOf(text, '-'))
  if (!text.isWellFormed()) return null
  const scanned = scan(problems)
  if (scanned === null || problems.hasErrors) return null
  const words = [...scanned.tokens, ...scanned.comments].sort(
    (a, b) => a.startOffset - b.startOffset,
  )
  return layOut(words, new Set(scanned.comments), problems.source)
}

type Open = { readonly indent: number; readonly line: number }

function layOut(words: readonly IToken[], comments: ReadonlySet<IToken>, source: Source): string {
  const marks = marksOf(words.filter((word) => !comments.has(word)))
  const open: Open[] = []
  const parts: string[] = []
  let before: IToken | undefined
  let last: IToken | undefined
  let line = 0
  let indent = 0
  for (const word of words) {
    const comment = comments.has(word)
    const breaks = before === undefined ? 0 : breaksBetween(before, word, source)
    const closed = CLOSERS.has(word.image) && !comment ? open.pop() : undefined
    if (before === undefined || breaks > 0) {
      if (before !== undefined) parts.push(breaks > 1 ? '\n\n' : '\n')
      line++
      // a closing bracket stands under the line of its opening one
      indent = closed?.indent ?? (open.at(-1)?.indent ?? -1) + 1
      if (goesOn(last, word, comment)) indent++
      parts.push('  '.repeat(indent))
    } else if (comment || comments.has(before) || spaceBetween(last as IToken, word, marks)) {
      parts.push(' ')
    }
    parts.push(comment ? tidyComment(word.image) : word.image)
    if (OPENERS.has(word.image) && !comment) {
      // brackets opened on one line indent what they hold once
      const outer = open.at(-1)
      const shared = outer !== undefined && outer.line === line
      open.push({ indent: shared ? outer.indent : indent, line })
    }
    before = word
    if (!comment) last = word
  }
  return parts.length === 0 ? '' : `${parts.join('')}\n`
}

/** How many line ends stand between two words. */
function breaksBetween(a: IToken, b: IToken, source: Source): number {
  const end = T.endOf(a)
  if (!breaksLine(source, Math.max(a.startOffset, end - 1), b.startOffset)) return 0
  const between = source.text.slice(end, b.startOffset)
  return between.split(/\r\n|\n|\r/).length - 1
}

/** A statement that takes several lines: `rule a: allow` and below it `when …`. */
function goesOn(last: IToken | undefined, word: IToken, comment: boolean): boolean {
  if (last === undefined || comment || ENDS.has(last.image)) return false
  return CONTINUES.has(word.image)
}

const CONTINUES = new Set(
  'when unless because cite and or otherwise in if limit == != < <= > >= + - * ->'.split(' '),
)

/** Without blanks before the ends of its lines. */
const tidyComment = (image: string) =>
  image
    .split(/\r\n|\n|\r/)
    .map((line) => line.trimEnd())
    .join('\n')
