/**
 * The items of a document or of a block in it. A pair ends with `;`, `,`, the end of its line or of
 * its block; what is given up is skipped to the end of its line: one mistake is one message.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { EOF, type IToken } from 'chevrotain'
import type { Name } from '../ast.ts'
import { GiveUp, type Reader } from '../core/reader.ts'
import { rangeOf, textValue } from '../literals.ts'
import { shown } from '../messages.ts'
import { breaksLine, startsLine } from '../source.ts'
import * as T from '../tokens.ts'
import type { Node, Term } from './ast.ts'
import { parseArguments, parsePrimary, parseTerm } from './parse-term.ts'

/** Up to the closing brace of a block whose content has the bracket depth `depth`. */
export function parseItems(reader: Reader, depth: number): Node[] {
  const nodes: Node[] = []
  while (!reader.done && !reader.problems.full) {
    if (reader.is('}') && (reader.peek().payload as number) < depth) break
    const start = reader.peek()
    try {
      nodes.push(parseItem(reader))
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error
      skipLine(reader, depth, start.startOffset)
    }
  }
  return nodes
}

function skipLine(reader: Reader, depth: number, start: number): void {
  const { source } = reader.problems
  while (!reader.done) {
    const token = reader.peek()
    const level = token.payload as number
    if (level < depth) return
    const begins = token.startOffset > start && startsLine(source, token.startOffset)
    if (level === depth && begins && reader.isKind(T.Name)) return
    reader.next()
    if (level === depth && token.image === ';') return
  }
}

const sameLine = (reader: Reader) =>
  reader.peek().tokenType !== EOF &&
  !breaksLine(reader.problems.source, reader.last.startOffset, reader.peek().startOffset)

function parseItem(reader: Reader): Node {
  const start = reader.peek()
  const isKey = reader.is(':', 1) || reader.is('=', 1)
  if (!isKey && !reader.isKind(T.Text)) {
    if (start.image === 'if') return parseIf(reader)
    if (start.image === 'on' && reader.isKind(T.Text, 1)) return parseHandler(reader)
    if (start.image === 'let' && reader.isKind(T.Name, 1)) return parseLet(reader)
    if (start.image === 'return') return parseReturn(reader)
    if (start.image === 'function' && reader.isKind(T.Name, 1)) return parseFunction(reader)
  }
  if (reader.isKind(T.Name) && reader.is('(', 1)) {
    const action = nameOf(reader)
    const args = parseArguments(reader)
    const range = reader.from(start)
    ended(reader)
    return { is: 'call', action, args, range }
  }
  if (!reader.isKind(T.Name) && !reader.isKind(T.Text)) {
    const expected = 'a pair, a block `name { … }` or a call'
    reader.problems.add('CCL0208', rangeOf(start), reader.found(), expected)
    reader.giveUp()
  }
  return parseNamed(reader, keyOf(reader))
}

function nameOf(reader: Reader): Name {
  const token = reader.next()
  return { text: token.image, range: rangeOf(token) }
}

/** A name, or a text where a name may hold anything. */
function keyOf(reader: Reader): Name {
  if (!reader.isKind(T.Text)) return nameOf(reader)
  const value = textValue(reader.next(), reader.problems)
  return { text: value.is === 'string' ? value.text : '', range: value.range }
}

function parseNamed(reader: Reader, key: Name): Node {
  if (reader.is('{') && sameLine(reader)) return parseBlock(reader, key, [])
  if (reader.is('=')) {
    reader.problems.add('CCL0209', rangeOf(reader.next()), shown(key.text))
    return pairOf(reader, key, parseTerm(reader))
  }
  if (reader.take(':') !== null) {
    // `community_charter:v1 { … }`
    if (isVersion(reader)) return parseBlock(reader, key, [parsePrimary(reader)])
    if (reader.is('{')) return parseBlock(reader, key, [])
    if (lacksValue(reader)) {
      reader.problems.add('CCL0207', reader.gap(), shown(key.text), reader.found())
      reader.giveUp()
    }
    return pairOf(reader, key, parseTerm(reader))
  }
  const words: Term[] = []
  while (sameLine(reader) && startsTerm(reader)) {
    words.push(words.length === 0 ? parseTerm(reader) : parsePrimary(reader))
  }
  if (reader.is('{') && sameLine(reader)) return parseBlock(reader, key, words)
  const [value, another] = words
  if (value === undefined) {
    reader.problems.add('CCL0207', reader.gap(), shown(key.text), reader.found())
    return reader.giveUp()
  }
  if (another !== undefined) {
    const text = reader.problems.source.text.slice(another.range.start, another.range.end)
    reader.problems.add('CCL0210', another.range, `\`${shown(text)}\``)
    reader.giveUp()
  }
  return pairOf(reader, key, value)
}

const isVersion = (reader: Reader) =>
  /^v\d+$/.test(reader.peek().image) && reader.is('{', 1) && sameLine(reader)

const lacksValue = (reader: Reader) =>
  [';', ',', '}', ')', ']'].some((sign) => reader.is(sign)) ||
  reader.done ||
  (reader.isKind(T.Name) && reader.is(':', 1))

function startsTerm(reader: Reader): boolean {
  if (reader.is('(') || reader.is('[') || reader.is('!')) return true
  return [T.Text, T.Numeral, T.Name, T.Minus].some((type) => reader.isKind(type))
}

function pairOf(reader: Reader, key: Name, value: Term): Node {
  ended(reader)
  return { is: 'pair', key, value, range: { start: key.range.start, end: value.range.end } }
}

/** After a pair or a call: `;`, `,`, the end of the line or of the block. */
function ended(reader: Reader): void {
  if (reader.take(';') !== null || reader.take(',') !== null) return
  if (reader.is('}') || reader.is(')') || reader.is(']') || !sameLine(reader)) return
  reader.problems.add('CCL0210', rangeOf(reader.peek()), reader.found())
  reader.giveUp()
}

function parseBlock(reader: Reader, kind: Name, heads: readonly Term[]): Node {
  const items = parseBody(reader)
  return { is: 'block', kind, heads, items, range: reader.from(kind.range) }
}

/** `{ … }`, and a `;` or `,` behind it if there is one. */
function parseBody(reader: Reader): Node[] {
  const open = reader.expect('{', 'before what belongs to it')
  const items = parseItems(reader, (open.payload as number) + 1)
  reader.expect('}', 'behind what belongs to it')
  if (reader.take(';') === null) reader.take(',')
  return items
}

function parseHandler(reader: Reader): Node {
  const start = reader.next()
  const event = keyOf(reader)
  return { is: 'on', event, items: parseBody(reader), range: reader.from(start) }
}

/** `if … { … } else if … { … } else { … }`: each else-if is the only item of the else before it. */
function parseIf(reader: Reader): Node {
  const branches: { start: IToken; condition: Term; yes: Node[] }[] = []
  let no: Node[] = []
  do {
    const start = reader.next()
    if (branches.length >= LIMITS.cclNestingMax) {
      reader.problems.add('CCL0213', rangeOf(start))
      reader.giveUp()
    }
    branches.push({ start, condition: parseTerm(reader), yes: parseBody(reader) })
    if (reader.take('else') === null) break
    if (!reader.is('if')) no = parseBody(reader)
  } while (reader.is('if') && reader.last.image === 'else')
  return branches.reduceRight<Node | undefined>((inner, { start, condition, yes }) => {
    const range = reader.from(start)
    return { is: 'if', condition, yes, no: inner === undefined ? no : [inner], range }
  }, undefined) as Node
}

function parseLet(reader: Reader): Node {
  const start = reader.next()
  const name = nameOf(reader)
  reader.expect('=', `behind \`let ${shown(name.text)}\``)
  const value = parseTerm(reader)
  const range = reader.from(start)
  ended(reader)
  return { is: 'let', name, value, range }
}

function parseReturn(reader: Reader): Node {
  const start = reader.next()
  const value = reader.is(';') || reader.is('}') ? null : parseTerm(reader)
  ended(reader)
  return { is: 'return', value, range: reader.from(start) }
}

function parseFunction(reader: Reader): Node {
  const start = reader.next()
  const name = nameOf(reader)
  reader.expect('(', 'before the parameters')
  const params: Name[] = []
  while (!reader.is(')')) {
    params.push(reader.name('a parameter'))
    if (reader.take(',') === null && !reader.is(')')) reader.unexpected('`,` between parameters')
  }
  reader.next()
  return { is: 'function', name, params, items: parseBody(reader), range: reader.from(start) }
}
