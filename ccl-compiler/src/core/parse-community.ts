/** Governance and budgets: blocks of properties, roles, proposals and shares. */
import type { Name } from '../ast.ts'
import { rangeOf } from '../literals.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import * as T from '../tokens.ts'
import type * as A from './ast.ts'
import { parseOn, parseToken } from './parse-declarations.ts'
import { parseExpression } from './parse-expression.ts'
import type { Reader } from './reader.ts'

/** `key: value;` */
function property(reader: Reader, what: string): A.Property {
  const word = reader.peek()
  if (!reader.isKind(T.Name)) return reader.unexpected(`a property of the ${what}`)
  reader.next()
  const name: Name = { text: word.image, range: rangeOf(word) }
  reader.expect(':', `after \`${shown(name.text)}\``)
  const value = parseExpression(reader)
  reader.expect(';', `\`${shown(name.text)}\``)
  return { name, value }
}

/** `{ … }` of a block whose kind was just read; true if something in it was given up. */
function inside(reader: Reader, depth: number, what: string, read: () => void): boolean {
  reader.expect('{', `after the name of the ${what}`)
  const lost = reader.until(depth + 1, read)
  reader.expect('}', `at the end of the ${what}`)
  return lost
}

export function parseGovernance(reader: Reader): A.GovernanceDecl {
  const start = reader.next()
  const name = reader.name('a governance')
  const roles: { name: Name; properties: A.Property[] }[] = []
  const proposals: A.Proposal[] = []
  reader.lost ||= inside(reader, start.payload as number, 'governance', () => {
    const word = reader.peek()
    const depth = word.payload as number
    if (reader.take('role')) {
      const role = reader.name('a role')
      const properties: A.Property[] = []
      inside(reader, depth, 'role', () => properties.push(property(reader, 'role')))
      roles.push({ name: role, properties })
    } else if (reader.take('proposal')) proposals.push(proposal(reader, depth))
    else {
      const known = ['role', 'proposal']
      const near = nearest(word.image, known)
      reader.problems.add('CCL0220', rangeOf(word), shown(word.image), 'governance', near, known)
      reader.giveUp()
    }
  })
  return { is: 'governance', name, roles, proposals }
}

function proposal(reader: Reader, depth: number): A.Proposal {
  const name = reader.name('a proposal')
  const properties: A.Property[] = []
  const ons: A.OnDecl[] = []
  const lost = inside(reader, depth, 'proposal', () => {
    if (reader.is('on')) ons.push(parseOn(reader, ['passed', 'failed']))
    else properties.push(property(reader, 'proposal'))
  })
  return { name, properties, ons, lost }
}

export function parseBudget(reader: Reader): A.BudgetDecl {
  const start = reader.next()
  const name = reader.name('a budget')
  const { resource, scope } = parseToken(reader)
  const properties: A.Property[] = []
  const shares: { name: Name; properties: A.Property[] }[] = []
  const lost = inside(reader, start.payload as number, 'budget', () => {
    const depth = reader.peek().payload as number
    if (!reader.is('share')) {
      properties.push(property(reader, 'budget'))
      return
    }
    reader.next()
    const share = reader.name('a share')
    const own: A.Property[] = []
    inside(reader, depth, 'share', () => own.push(property(reader, 'share')))
    shares.push({ name: share, properties: own })
  })
  return { is: 'budget', name, resource, scope, properties, shares, lost }
}
