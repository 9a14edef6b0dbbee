/** Where a space stands between two words of one line. */
import { type IToken, tokenMatcher } from 'chevrotain'
import * as T from '../tokens.ts'

const KEYWORDS = new Set(
  (
    'and or not in if else for let return when unless because cite limit otherwise allow deny ' +
    'expect by on'
  ).split(' '),
)
const BEFORE_SIGN = new Set('== != < <= > >= + - * = -> ( [ { , ; : }'.split(' '))
const CLOSE = new Set(['?', ',', ';', ':', ')', ']', '.'])

/** Words whose spacing depends on what they are part of. */
export type Marks = {
  /** The `<` and `>` of types such as `list<did>`. */
  readonly types: ReadonlySet<IToken>
  /** Minuses that belong to what stands behind them, not between two values. */
  readonly signs: ReadonlySet<IToken>
}

/** Linear in the words, which come without comments. */
export function marksOf(words: readonly IToken[]): Marks {
  const types = new Set<IToken>()
  const signs = new Set<IToken>()
  let open = 0
  words.forEach((word, index) => {
    const before = words[index - 1]?.image
    if (word.image === '-' && !isOperand(before)) signs.add(word)
    if (word.image === '<' && (before === 'list' || before === 'option' || before === 'map')) {
      open++
      types.add(word)
    } else if (word.image === '>' && open > 0) {
      open--
      types.add(word)
    } else if (!/^\w+$/.test(word.image) && word.image !== '?' && word.image !== ',') open = 0
  })
  return { types, signs }
}

const isOperand = (image: string | undefined) =>
  image !== undefined && !KEYWORDS.has(image) && !BEFORE_SIGN.has(image)

export function spaceBetween(a: IToken, b: IToken, marks: Marks): boolean {
  return wanted(a, b, marks) || merges(a.image, b.image)
}

/** Written together, would these be other words? `1 .2` is not `1.2`, nor `- >` an arrow. */
function merges(a: string, b: string): boolean {
  const [end, start] = [a.at(-1) as string, b[0] as string]
  if (APART.includes(end) || APART.includes(start) || start === '?') return false
  if (end === '.' || start === '.') return /\d/.test(end + start) || end === start
  return /\w/.test(end) === /\w/.test(start)
}

const APART = '()[]{},;:"'

function wanted(a: IToken, b: IToken, { types, signs }: Marks): boolean {
  if (types.has(b) || (types.has(a) && a.image === '<') || signs.has(a)) return false
  if (CLOSE.has(b.image) || ['(', '[', '.'].includes(a.image)) return false
  // a call `f(…)`, but not `if (…)` or `a * (…)`
  if (b.image === '(') return !tokenMatcher(a, T.Name) || KEYWORDS.has(a.image)
  return true
}
