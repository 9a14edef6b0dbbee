/** Declarations of the typed core: what stands at the top of a text or in a policy. */
import type { IToken } from 'chevrotain'
import type { Name } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import { rangeOf } from '../literals.ts'
import { listWords, shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import * as T from '../tokens.ts'
import type * as A from './ast.ts'
import { parseBudget, parseGovernance } from './parse-community.ts'
import { parseExpression } from './parse-expression.ts'
import { parseBody } from './parse-statement.ts'
import { parseTest } from './parse-test.ts'
import { parseType } from './parse-type.ts'
import { Reader } from './reader.ts'

/** The declarations in these words, which `splitText` has found to be the typed core. */
export function parseCore(tokens: readonly IToken[], problems: Problems): A.Core {
  const reader = new Reader(tokens, problems)
  const decls: A.Decl[] = []
  const uses: A.UseDecl[] = []
  let lost = false
  while (!reader.done && !problems.full) {
    const read = reader.is('use')
      ? () => uses.push(use(reader))
      : () => decls.push(declaration(reader))
    if (!reader.attempt(0, read)) lost = true
  }
  return { decls, uses, broken: reader.broken, lost: lost || reader.lost }
}

const KINDS = 'policy selection governance budget fn record const people test'.split(' ')

function declaration(reader: Reader): A.Decl {
  switch (reader.peek().image) {
    case 'const':
      return constant(reader)
    case 'fn':
      return fn(reader)
    case 'record':
      return record(reader)
    case 'people':
      return people(reader)
    case 'policy':
      return policy(reader)
    case 'selection':
      return selection(reader)
    case 'governance':
      return parseGovernance(reader)
    case 'budget':
      return parseBudget(reader)
    case 'test':
      return parseTest(reader)
    default: {
      const { image } = reader.peek()
      const near = nearest(image, KINDS)
      reader.problems.add('CCL0301', rangeOf(reader.peek()), shown(image), near, KINDS)
      return reader.giveUp()
    }
  }
}

function use(reader: Reader): A.UseDecl {
  reader.next()
  const from = reader.text('the CID of a text')
  reader.expect('as', 'and a name for it')
  const alias = reader.name('an import')
  reader.expect(';', 'the import')
  return { is: 'use', from, alias }
}

function constant(reader: Reader): A.ConstDecl {
  reader.next()
  const name = reader.name('a constant')
  const type = reader.take(':') ? parseType(reader) : null
  reader.expect('=', `after \`const ${shown(name.text)}\``)
  const value = parseExpression(reader)
  reader.expect(';', 'the constant')
  return { is: 'const', name, type, value }
}

function fn(reader: Reader): A.FnDecl {
  reader.next()
  const name = reader.name('a function')
  reader.expect('(', `after \`fn ${shown(name.text)}\``)
  const params = fieldsUntil(reader, ')', ',', 'a parameter')
  reader.next()
  reader.expect('->', `and the type of what \`${shown(name.text)}\` returns`)
  const result = parseType(reader)
  const before = reader.givenUp
  const body = parseBody(reader)
  return { is: 'fn', name, params, result, body, lost: reader.givenUp > before }
}

function fieldsUntil(reader: Reader, closer: string, separator: string, what: string): A.Field[] {
  const fields: A.Field[] = []
  while (!reader.is(closer)) {
    const name = reader.name(what)
    reader.expect(':', `and a type after \`${shown(name.text)}\``)
    fields.push({ name, type: parseType(reader) })
    if (reader.take(separator) || reader.is(closer)) continue
    if (separator === ';') reader.expect(';', 'the field')
    else reader.unexpected(`\`${separator}\` or \`${closer}\``)
  }
  return fields
}

function record(reader: Reader): A.RecordDecl {
  reader.next()
  const name = reader.name('a record')
  reader.expect('{', `after \`record ${shown(name.text)}\``)
  const fields = fieldsUntil(reader, '}', ';', 'a field')
  reader.next()
  return { is: 'record', name, fields }
}

function people(reader: Reader): A.PeopleDecl {
  const start = reader.next()
  reader.expect('{', 'after `people`')
  const entries: { name: Name; did: A.Expr }[] = []
  const lost = reader.until((start.payload as number) + 1, () => {
    const name = reader.name('a person')
    reader.expect(':', `and a DID after \`${shown(name.text)}\``)
    entries.push({ name, did: parseExpression(reader) })
    reader.expect(';', 'the person')
  })
  reader.next()
  reader.lost ||= lost
  return { is: 'people', entries }
}

type Members = {
  lost: boolean
  consts: A.ConstDecl[]
  inputs: A.InputDecl[]
  rules: A.RuleDecl[]
  ons: A.OnDecl[]
  requires: A.RequireDecl[]
  score: A.Expr | null
  order: Name | null
  ties: A.Expr[]
}

const IN_POLICY = ['rule', 'const', 'input', 'on']
const IN_SELECTION = ['require', 'score', 'order', 'tie_break', 'const', 'input']

function members(reader: Reader, start: IToken, known: readonly string[], what: string): Members {
  const found: Members = {
    lost: false,
    consts: [],
    inputs: [],
    rules: [],
    ons: [],
    requires: [],
    score: null,
    order: null,
    ties: [],
  }
  reader.expect('{', `after the name of the ${what}`)
  found.lost = reader.until((start.payload as number) + 1, () => {
    const word = reader.peek()
    if (!known.includes(word.image)) {
      if (!reader.isKind(T.Name)) reader.unexpected('a rule or a constant')
      const near = nearest(word.image, known)
      reader.problems.add('CCL0220', rangeOf(word), shown(word.image), what, near, known)
      reader.giveUp()
    }
    member(reader, found)
  })
  reader.expect('}', `at the end of the ${what}`)
  return found
}

function member(reader: Reader, found: Members): void {
  const word = reader.peek()
  switch (word.image) {
    case 'const':
      found.consts.push(constant(reader))
      return
    case 'input': {
      reader.next()
      const name = reader.name('an input')
      reader.expect(':', `and a type after \`${shown(name.text)}\``)
      const type = parseType(reader)
      reader.expect(';', 'the input')
      found.inputs.push({ is: 'input', name, type })
      return
    }
    case 'rule':
      found.rules.push(rule(reader))
      return
    case 'on':
      found.ons.push(parseOn(reader, ['allow', 'deny']))
      return
    case 'require':
      found.requires.push(requirement(reader))
      return
  }
  reader.next()
  reader.expect(':', `after \`${word.image}\``)
  const again = (first: boolean) => {
    if (first) return
    reader.problems.add('CCL0306', rangeOf(word), word.image, 'the selection')
    reader.giveUp()
  }
  if (word.image === 'score') {
    again(found.score === null)
    found.score = parseExpression(reader)
  } else if (word.image === 'order') {
    again(found.order === null)
    found.order = reader.text('`"ascending"` or `"descending"`')
  } else {
    again(found.ties.length === 0)
    reader.expect('[', 'after `tie_break:`')
    while (!reader.is(']')) {
      found.ties.push(parseExpression(reader))
      if (!reader.take(',') && !reader.is(']')) reader.unexpected('`,` or `]`')
    }
    reader.next()
  }
  reader.expect(';', `\`${word.image}\``)
}

function policy(reader: Reader): A.PolicyDecl {
  const start = reader.next()
  const name = reader.name('a policy')
  const { resource, scope } = parseToken(reader)
  const { lost, consts, inputs, rules, ons } = members(reader, start, IN_POLICY, 'policy')
  return { is: 'policy', from: 'policy', name, resource, scope, consts, inputs, lost, rules, ons }
}

function selection(reader: Reader): A.SelectionDecl {
  const start = reader.next()
  const name = reader.is('{')
    ? { text: 'selection', range: rangeOf(start) }
    : reader.name('a selection')
  const found = members(reader, start, IN_SELECTION, 'selection')
  const { lost, consts, inputs, requires, score, order, ties } = found
  return { is: 'selection', name, consts, inputs, lost, requires, score, order, ties }
}

/** `rule r: deny when … unless … because "…" cite "…";` */
function rule(reader: Reader): A.RuleDecl {
  reader.next()
  const name = reader.name('a rule')
  reader.expect(':', `after \`rule ${shown(name.text)}\``)
  const effect = reader.is('allow') ? 'allow' : reader.is('deny') ? 'deny' : null
  if (effect === null) return reader.unexpected('`allow` or `deny`')
  reader.next()
  const when = reader.take('when') ? parseExpression(reader) : null
  const unless = reader.take('unless') ? parseExpression(reader) : null
  const because = reader.take('because') ? reader.text('the reason') : null
  const cite = reader.take('cite') ? reader.text('what is cited') : null
  if (reader.is('when') || reader.is('unless') || reader.is('because')) {
    return reader.unexpected('`when … unless … because … cite …` in this order, or `;`')
  }
  reader.expect(';', `rule \`${shown(name.text)}\``)
  return { is: 'rule', name, effect, when, unless, because, cite }
}

/** `for token("compute", scope: "coop:farm")`, if it is there. */
export function parseToken(reader: Reader): { resource: Name | null; scope: Name | null } {
  if (!reader.take('for')) return { resource: null, scope: null }
  reader.expect('token', 'after `for`')
  reader.expect('(', 'after `token`')
  const resource = reader.text('a type of resource')
  let scope: Name | null = null
  if (reader.take(',')) {
    reader.expect('scope', 'after the type of resource')
    reader.expect(':', 'after `scope`')
    scope = reader.text('a scope')
  }
  reader.expect(')', 'after the token')
  return { resource, scope }
}

/** `on allow { log(message: "…"); }` */
export function parseOn(reader: Reader, words: readonly string[]): A.OnDecl {
  reader.next()
  if (!words.some((word) => reader.is(word))) {
    return reader.unexpected(`${listWords(words, 'or')} after \`on\``)
  }
  const word = reader.next()
  const before = reader.givenUp
  const body = parseBody(reader)
  const effect: Name = { text: word.image, range: rangeOf(word) }
  return { is: 'on', effect, body, lost: reader.givenUp > before }
}

/** `require trusted: bid.reputation >= 80 because "…";` */
function requirement(reader: Reader): A.RequireDecl {
  reader.next()
  const name = reader.name('a requirement')
  reader.expect(':', `after \`require ${shown(name.text)}\``)
  const condition = parseExpression(reader)
  const because = reader.take('because') ? reader.text('the reason') : null
  reader.expect(';', `requirement \`${shown(name.text)}\``)
  return { is: 'require', name, condition, because }
}
