/**
 * How deep WebAssembly's text format is nested: brackets, and blocks that are opened and closed by
 * words. The translator calls itself for each and does not watch its stack, which is small: beyond
 * it, it fails in any way or never ends.
 */

/** Its stack ends at 145 `(block`, its dearest, and later in all else. */
const NESTING_MAX = 128

const OPENING: readonly string[] = ['block', 'loop', 'if', 'try', 'try_table']
/** From one of these characters to the next: a text, a comment, a bracket or a word. */
const STEP = /"|;;|\(;|[()]|[^\s()";]+/g
const IN_TEXT = /\\.|"/gs
const IN_COMMENT = /\(;|;\)/g
const LINE = /\n/g

/** Where `text` is nested too deeply, as a position in it; undefined when nowhere. */
export function tooDeepAt(text: string): number | undefined {
  let depth = 0
  let before = ''
  for (let at = 0; ; ) {
    STEP.lastIndex = at
    const [token] = STEP.exec(text) ?? []
    if (token === undefined) return undefined
    const { lastIndex } = STEP
    if (token === '"') at = after(text, lastIndex, IN_TEXT, '"')
    else if (token === ';;') at = after(text, lastIndex, LINE, '\n')
    else if (token === '(;') at = afterComment(text, lastIndex)
    else {
      at = lastIndex
      // a word after a bracket is closed by the bracket's
      if (token === '(' || (before !== '(' && OPENING.includes(token))) depth++
      else if (token === ')' || (before !== '(' && token === 'end')) depth--
      if (depth > NESTING_MAX) return lastIndex - token.length
      before = token
    }
  }
}

/** The position after the first `closing` among what `pattern` finds from `at` on. */
function after(text: string, at: number, pattern: RegExp, closing: string): number {
  pattern.lastIndex = at
  for (;;) {
    const [found] = pattern.exec(text) ?? []
    if (found === undefined) return text.length
    if (found === closing) return pattern.lastIndex
  }
}

/** Comments stand in each other. */
function afterComment(text: string, at: number): number {
  IN_COMMENT.lastIndex = at
  for (let open = 1; open > 0; ) {
    const [found] = IN_COMMENT.exec(text) ?? []
    if (found === undefined) return text.length
    open += found === '(;' ? 1 : -1
  }
  return IN_COMMENT.lastIndex
}
