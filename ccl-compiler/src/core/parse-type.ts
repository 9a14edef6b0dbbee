/** Types as written: `cu`, `list<did>`, `map<did, cu>`, `option<Member>`, or `Member?` for that. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { rangeOf } from '../literals.ts'
import * as T from '../tokens.ts'
import type { TypeNode } from './ast.ts'
import type { Reader } from './reader.ts'

export function parseType(reader: Reader, depth = 0): TypeNode {
  const token = reader.peek()
  if (!reader.isKind(T.Name)) return reader.unexpected('a type, such as `int` or `list<did>`')
  if (depth >= LIMITS.cclNestingMax) {
    reader.problems.add('CCL0213', rangeOf(token))
    return reader.giveUp()
  }
  reader.next()
  let text = token.image
  if (reader.is('.') && reader.isKind(T.Name, 1)) {
    reader.next()
    text += `.${reader.next().image}`
  }
  const range = reader.from(token)
  const args: TypeNode[] = []
  if (reader.take('<')) {
    args.push(parseType(reader, depth + 1))
    if (reader.take(',') !== null) args.push(parseType(reader, depth + 1))
    reader.expect('>', 'after the type of the entries')
  }
  const node = { name: { text, range }, args }
  const mark = reader.take('?')
  if (mark === null) return node
  return { name: { text: 'option', range: rangeOf(mark) }, args: [node] }
}
