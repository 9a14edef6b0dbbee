/** What stands in a function: `let`, assignment, `if`, `for … limit`, `return`. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { rangeOf } from '../literals.ts'
import { shown } from '../messages.ts'
import * as T from '../tokens.ts'
import type { Stmt } from './ast.ts'
import { limitOf, parseArguments, parseExpression } from './parse-expression.ts'
import { parseType } from './parse-type.ts'
import type { Reader } from './reader.ts'

/** Statements in braces. */
export function parseBody(reader: Reader): Stmt[] {
  const open = reader.expect('{', 'before the statements')
  const body: Stmt[] = []
  reader.until((open.payload as number) + 1, () => body.push(statement(reader)))
  reader.expect('}', 'after the statements')
  return body
}

function statement(reader: Reader): Stmt {
  const start = reader.peek()
  switch (start.image) {
    case 'let': {
      reader.next()
      const name = reader.name('a variable')
      const type = reader.take(':') ? parseType(reader) : null
      reader.expect('=', `after \`let ${shown(name.text)}\``)
      const value = parseExpression(reader)
      reader.expect(';', 'the variable')
      return { is: 'let', name, type, value, range: reader.from(start) }
    }
    case 'if':
      return ifStatement(reader, 0)
    case 'for': {
      reader.next()
      const variable = reader.name('the variable of a loop')
      reader.expect('in', `after \`for ${shown(variable.text)}\``)
      const source = parseExpression(reader)
      const limit = limitOf(reader)
      const range = reader.from(start)
      return { is: 'for', variable, source, limit, body: parseBody(reader), range }
    }
    case 'return': {
      reader.next()
      const value = parseExpression(reader)
      reader.expect(';', 'the returned value')
      return { is: 'return', value, range: reader.from(start) }
    }
  }
  if (reader.isKind(T.Name) && reader.is('=', 1)) {
    const name = reader.name('a variable')
    reader.next()
    const value = parseExpression(reader)
    reader.expect(';', 'the assignment')
    return { is: 'assign', name, value, range: reader.from(start) }
  }
  if (reader.isKind(T.Name) && reader.is('(', 1)) {
    const action = reader.name('an action')
    const args = parseArguments(reader)
    reader.expect(';', `\`${shown(action.text)}(…)\``)
    return { is: 'ask', action, args, range: reader.from(start) }
  }
  return reader.unexpected('`let`, `if`, `for`, `return` or an assignment')
}

function ifStatement(reader: Reader, chain: number): Stmt {
  const start = reader.next()
  if (chain >= LIMITS.cclNestingMax) {
    reader.problems.add('CCL0213', rangeOf(start))
    reader.giveUp()
  }
  const condition = parseExpression(reader)
  const range = reader.from(start)
  const yes = parseBody(reader)
  let no: Stmt[] = []
  if (reader.take('else')) {
    no = reader.is('if') ? [ifStatement(reader, chain + 1)] : parseBody(reader)
  }
  return { is: 'if', condition, yes, no, range }
}
