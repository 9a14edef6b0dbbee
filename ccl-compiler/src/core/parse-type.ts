/** Types as written: `cu`, `list<did>`, `option<Member>`, and `cu?` for `option<cu>`. */
import { LIMITS } from '@planetary-mesh/spec'
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
  const args: TypeNode[] = []
  if (reader.take('<')) {
    args.push(parseType(reader, depth + 1))
    reader.expect('>', 'after the type of the entries')
  }
  const node = { name: { text: token.image, range: rangeOf(token) }, args }
  const mark = reader.take('?')
  if (mark === null) return node
  return { name: { text: 'option', range: rangeOf(mark) }, args: [node] }
}
